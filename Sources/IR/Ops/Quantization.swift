package import Tensors

/// Numbers to integers: y = saturate(round(x / scale) + zero point).
///
/// `rounding` is `half_even`, as of ONNX's QuantizeLinear, or `half_up`, the largest integer not above x / scale + 1/2; ops on
/// integers that compute the result take it over, so that one model rounds one way.
/// Operands: x of any shape, f32, f16 or bf16; the scale, floating point, and the zero point, i8, u8, i16 or i32, which
/// have one shape, that of the op's granularity (``Granularity``). y: x's shape and the zero point's element type. The
/// quotient, its rounding and the sum are those of fp32; NaN gives 0.
package struct Quantize: OpDefinition {
  package var granularity = Granularity()
  package var rounding = Rescaling.Rounding.halfEven

  package init(_ granularity: Granularity = Granularity(), rounding: Rescaling.Rounding = .halfEven) {
    self.granularity = granularity
    self.rounding = rounding
  }

  package var name: String { "quantize" }
  package var `default`: Quantize { Quantize() }
  package var attributes: [Attribute<Quantize>] {
    [
      .int("axis", \.granularity.axis), .int("block", \.granularity.block),
      .word("rounding", \.rounding),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(3...3)
    guard rounding != .twoRoundings else {
      throw OpError("rounding is \(rounding.rawValue), expected half_even or half_up")
    }
    try Array(operands.prefix(2)).expectFloat()
    try checkParameters(granularity, operands)
    return [operands[0].with(operands[2].element)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [compute(steps, try fitted(granularity, operands), results[0])]
  }

  /// Of x, and of scale and zero point in shapes that broadcast to it.
  private var steps: [Elementwise.Step] {
    let quotient = Elementwise.Step(.binary(.div), in: .f32, [0, 1])
    let rounded = roundingSteps.enumerated().map {
      Elementwise.Step(.unary($1.function), in: .f32, [3 + $0], p0: $1.p0, p1: $1.p1)
    }
    return [quotient] + rounded + [Elementwise.Step(.binary(.add), in: .f32, [3 + rounded.count, 2])]
  }

  /// The functions that round a quotient, one after the other.
  package var roundingSteps: [Unary] {
    switch rounding {
    case .halfEven, .twoRoundings: [Unary(.round)]
    case .halfUp: [Unary(.affine, 1, 0.5), Unary(.floor)]
    }
  }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    parts(granularity, region, operands).map { Tile(.quantize(self), reads: $0) }
  }
}

/// Integers to the numbers that they stand for: y = (x − zero point) × scale, as ONNX's DequantizeLinear.
///
/// Operands: x of any shape, i8, u8, i16 or i32; the scale, floating point, and the zero point of x's element type,
/// which have one shape, that of the op's granularity (``Granularity``). y: x's shape, of the element type `to`, a float.
/// Both operands of the difference, the difference and the product are rounded to fp32.
package struct Dequantize: OpDefinition {
  package var granularity = Granularity()
  package var element = ElementType.f32

  package init(_ granularity: Granularity = Granularity(), to element: ElementType = .f32) {
    self.granularity = granularity
    self.element = element
  }

  package var name: String { "dequantize" }
  package var `default`: Dequantize { Dequantize() }
  package var attributes: [Attribute<Dequantize>] {
    [.int("axis", \.granularity.axis), .int("block", \.granularity.block), .word("to", \.element)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(3...3)
    try [operands[1]].expectFloat()
    try checkParameters(granularity, operands)
    guard operands[0].element == operands[2].element else {
      throw OpError("x is \(operands[0]), its zero point \(operands[2]), expected one element type")
    }
    guard element.isFloat else { throw OpError("'to' is \(element.rawValue), expected f32, f16 or bf16") }
    return [operands[0].with(element)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [compute(Self.steps, try fitted(granularity, operands), results[0])]
  }

  /// Of x, and of scale and zero point in shapes that broadcast to it.
  package static let steps = [
    Elementwise.Step(.binary(.sub), in: .f32, [0, 2]), Elementwise.Step(.binary(.mul), in: .f32, [3, 1]),
  ]

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    parts(granularity, region, operands).map { Tile(.dequantize(self), reads: $0) }
  }
}

extension ElementType {
  /// Whether quantized tensors can hold it.
  package var isQuantized: Bool { [.i8, .u8, .i16, .i32].contains(self) }
}

/// Checks scale and zero point against x and each other.
private func checkParameters(_ granularity: Granularity, _ operands: [TensorType]) throws(OpError) {
  let (x, scale, zero) = (operands[0].shape, operands[1], operands[2])
  guard zero.element.isQuantized else {
    throw OpError("zero point is \(zero), expected i8, u8, i16 or i32")
  }
  guard scale.shape == zero.shape else {
    throw OpError("scale is \(scale) and zero point \(zero), expected one shape")
  }
  try granularity.check(scale.shape, of: x, "scale")
}

private func fitted(_ granularity: Granularity, _ operands: [Tensor]) throws(OpError) -> [Tensor] {
  let x = operands[0].shape
  return [
    operands[0], try granularity.fit(operands[1], to: x), try granularity.fit(operands[2], to: x),
  ]
}

/// The parts of x, scale and zero point for a region of the result.
private func parts(_ granularity: Granularity, _ region: Region, _ operands: [TensorType]) -> [Region]? {
  granularity.region(region, of: operands[0].shape, parameters: operands[1].shape).map { [region, $0, $0] }
}
