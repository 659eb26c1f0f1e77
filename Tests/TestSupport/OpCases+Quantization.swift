import IR
import Tensors

let quantizationCases = quantizeCases + dequantizeCases + rescaleCases

/// Shapes of x and of scale and zero point, which belong to all of x, an axis or blocks of one.
private let granularities: [(x: Shape, parameters: Shape, granularity: Granularity)] = [
  ([], [], Granularity()), ([7], [], Granularity(axis: 3)), ([2, 3, 40], [], Granularity()),
  ([0, 3], [3], Granularity()), ([5], [5], Granularity(axis: 0)), ([2, 3, 4, 5], [3], Granularity()),
  ([2, 3, 33], [33], Granularity(axis: -1)), ([6, 4], [2, 4], Granularity(axis: 0, block: 3)),
  ([3, 70], [3, 3], Granularity(axis: 1, block: 32)),
  ([2, 5, 3], [2, 1, 3], Granularity(axis: 1, block: 9)),
  ([2, 0, 3], [2, 0, 3], Granularity(axis: 1, block: 4)), ([4, 6], [], Granularity(axis: 1, block: 2)),
]

private let quantizeCases: [OpCase] =
  granularities.flatMap { x, parameters, granularity in
    ([.i8, .u8, .i16, .i32] as [ElementType]).flatMap { element in
      ([.f32, .f16, .bf16] as [ElementType]).map { float in
        opCase(
          "\(float)\(x) to \(element) by \(parameters), axis \(granularity.axis), block \(granularity.block)",
          .quantize(Quantize(granularity)),
          [
            // Quotients of a scale that is a power of two meet ties.
            operand(TensorType(float, x), .grid(step: 0.125, -40, 40)),
            operand(TensorType(float == .f16 ? .f16 : .f32, parameters), .cycle([0.25, 0.1, 2])),
            operand(TensorType(element, parameters), .uniform(0, 100)),
          ])
      }
    }
  }
  + ([.i8, .u8, .i16] as [ElementType]).map { element in
    opCase(
      "ties upwards to \(element)", .quantize(Quantize(rounding: .halfUp)),
      [
        operand(f32(64), .grid(step: 0.125, -40, 40)), operand(f32(), .cycle([0.25])),
        operand(TensorType(element, []), .uniform(0, 100)),
      ], exact: true)
  } + [
    opCase(
      "what no integer holds", .quantize(Quantize()),
      [
        operand(
          TensorType(.f32, [3, 8]), .cycle([.nan, .infinity, -.infinity, 1e30, -1e30, -0.0, 0.5, 1.5])),
        operand(f32(8), .cycle([1, 0, -1, 1e-40, .nan])), operand(TensorType(.i8, [8])),
      ])
  ]

private let dequantizeCases: [OpCase] = granularities.flatMap { x, parameters, granularity in
  ([.i8, .u8, .i16, .i32] as [ElementType]).flatMap { element in
    ([.f32, .f16, .bf16] as [ElementType]).map { float in
      opCase(
        "\(element)\(x) to \(float) by \(parameters), axis \(granularity.axis), block \(granularity.block)",
        .dequantize(Dequantize(granularity, to: float)),
        [
          operand(TensorType(element, x), .uniform(0, 127)),
          operand(TensorType(float == .bf16 ? .f32 : float, parameters), .uniform(0.01, 0.1)),
          operand(TensorType(element, parameters), .uniform(0, 127)),
        ], exact: true)
    }
  }
}

private let rescaleCases: [OpCase] = Rescaling.Rounding.allCases.flatMap { rounding in
  let pairs: [(ElementType, ElementType)] = [
    (.i32, .i8), (.i32, .u8), (.i32, .i16), (.i32, .i32), (.i8, .i8), (.u8, .i8), (.i16, .u8), (.i8, .i32),
  ]
  return pairs.flatMap { from, to in
    [
      rescaleCase(
        "ties", from, to, Rescale(Rescaling(rounding)), [3, 50], .cycle([1]), .cycle([1, 2, 3]), []),
      rescaleCase(
        "channels", from, to, Rescale(Rescaling(rounding)), [2, 5, 7], .uniform(0x1p30, 0x1p31 - 1),
        .uniform(31, 45), [5]),
      rescaleCase(
        "the last axis, any shift", from, to, Rescale(Rescaling(rounding), axis: -1), [3, 90],
        .uniform(-0x1p31, 0x1p31 - 1), .uniform(-128, 127), [90]),
      rescaleCase(
        "clamped", from, to, Rescale(Rescaling(rounding, min: 3, max: 90)), [40], .cycle([0x1p30]),
        .cycle([33]), []),
    ]
  }
}

/// A rescaling of the whole range of an element type, and of small numbers where multipliers are.
private func rescaleCase(
  _ name: String, _ from: ElementType, _ to: ElementType, _ op: Rescale, _ x: Shape,
  _ multipliers: RandomValues,
  _ shifts: RandomValues, _ parameters: Shape
) -> OpCase {
  opCase(
    "\(from) to \(to), \(op.rescaling.rounding.rawValue), \(name)", .rescale(op),
    [
      operand(TensorType(from, x), name == "ties" ? .uniform(-20, 20) : wholeRange(from)),
      operand(TensorType(from, []), wholeRange(from)), operand(TensorType(.i32, parameters), multipliers),
      operand(TensorType(.i8, parameters), shifts), operand(TensorType(to, []), .uniform(0, 9)),
    ])
}

/// Every number that an integer type holds.
func wholeRange(_ element: ElementType) -> RandomValues {
  let range = element.integerRange ?? 0...1
  return .uniform(Double(range.lowerBound), Double(range.upperBound))
}
