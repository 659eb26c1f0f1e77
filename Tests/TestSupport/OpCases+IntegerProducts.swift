import IR
import Tensors

let integerProductCases: [OpCase] = {
  var cases: [OpCase] = []
  let elements: [(ElementType, ElementType)] = [(.u8, .i8), (.i8, .i8), (.u8, .u8), (.i8, .u8), (.i16, .i8)]
  for (left, right) in elements {
    for (a, b) in [
      ([1, 1], [1, 1]), ([3, 5], [5, 4]), ([9, 300], [300, 270]), ([2, 3, 4], [4, 5]),
      ([2, 1, 3, 4], [3, 4, 2]),
      ([3, 0], [0, 4]), ([0, 3], [3, 4]), ([1, 70], [70, 90]), ([5, 1100], [1100, 33]),
    ] as [(Shape, Shape)] {
      for vectors in [false, true] {
        cases.append(
          opCase(
            "\(left)\(a) by \(right)\(b)\(vectors ? ", zero points in rows and columns" : "")",
            .matmulInteger(MatMulInteger()),
            [
              small(left, a), small(right, b), small(left, vectors ? [a[a.rank - 2]] : []),
              small(right, vectors ? [b[b.rank - 1]] : []),
            ]))
      }
    }
    for (x, w, op) in [
      ([1, 1, 5], [1, 1, 3], ConvInteger()),
      (
        [2, 4, 7, 9], [6, 2, 3, 2],
        ConvInteger(Window(strides: [2, 3], dilations: [1, 2], pads: [1, 0, 2, 1]), group: 2)
      ),
      ([1, 3, 4, 5, 6], [2, 3, 2, 1, 3], ConvInteger(Window(pads: [1, 1, 1, 0, 0, 1]))),
      ([1, 2, 3, 600], [3, 2, 3, 3], ConvInteger(Window(pads: [1, 1, 1, 1]))),
      ([0, 2, 4], [3, 2, 2], ConvInteger()),
      ([1, 67, 9, 15], [50, 67, 1, 1], ConvInteger()),
      ([1, 40, 6, 7], [14, 40, 3, 3], ConvInteger(Window(strides: [2, 2], pads: [1, 1, 1, 1]))),
      (
        [2, 6, 12, 19], [6, 1, 3, 3],
        ConvInteger(Window(strides: [2, 1], pads: [1, 1, 1, 1]), group: 6)
      ),
      ([1, 3, 9, 8], [6, 1, 5, 5], ConvInteger(Window(strides: [1, 2], pads: [2, 2, 2, 2]), group: 3)),
    ] as [(Shape, Shape, ConvInteger)] {
      for vectors in [false, true] {
        cases.append(
          opCase(
            "\(left)\(x) with \(right)\(w)\(vectors ? ", zero points of channels" : "")", .convInteger(op),
            [small(left, x), small(right, w), small(left, []), small(right, vectors ? [w[0]] : [])]))
      }
    }
    for (x, w, op) in [
      ([1, 2, 5], [2, 3, 3], ConvTransposeInteger()),
      ([1, 20, 5, 7], [20, 18, 2, 2], ConvTransposeInteger(Window(strides: [2, 2]))),
      (
        [2, 6, 4, 5], [6, 2, 3, 2],
        ConvTransposeInteger(
          Window(strides: [2, 3], dilations: [2, 1], pads: [1, 0, 2, 1]), group: 3, outputPadding: [1, 2])
      ),
      ([1, 2, 3, 4, 2], [2, 3, 2, 3, 2], ConvTransposeInteger(Window(strides: [2, 1, 2]))),
      ([0, 2, 4], [2, 3, 2], ConvTransposeInteger()),
    ] as [(Shape, Shape, ConvTransposeInteger)] {
      for vectors in [false, true] {
        cases.append(
          opCase(
            "\(left)\(x) with \(right)\(w), transposed\(vectors ? ", zero points of channels" : "")",
            .convTransposeInteger(op),
            [
              small(left, x), small(right, w), small(left, []),
              small(right, vectors ? [w[1] * op.group] : []),
            ]))
      }
    }
  }
  return cases + epilogueCases + saturatingCases
}()

/// Sums of i16 beyond both ends of i32, where a bias takes them back or not.
private let saturatingCases: [OpCase] = [Double(Int32.min), 0, Double(Int32.max)].map { bias in
  let range = RandomValues.uniform(30000, 32767)
  return opCase(
    "i16 beyond i32, bias \(bias)", .matmulInteger(MatMulInteger()),
    [
      operand(TensorType(.i16, [3, 600]), range), operand(TensorType(.i8, [600, 20]), .uniform(120, 127)),
      operand(TensorType(.i16, []), .uniform(-9, 9)), operand(TensorType(.i8, []), .uniform(-20, 20)),
      operand(TensorType(.i32, [20]), .uniform(bias, bias)),
    ])
}

/// What may follow the sums: a bias, a rescaling, or both.
private let epilogueCases: [OpCase] = {
  let bias = operand(TensorType(.i32, [6]), .uniform(-9000, 9000))
  var cases = productCases("with bias", Rescaling(), [bias])
  for rounding in Rescaling.Rounding.allCases {
    for element in [ElementType.i8, .u8, .i16, .i32] {
      for parameters in [[], [6]] as [Shape] {
        let rescaling = Rescaling(rounding, min: -100, max: 90)
        let operands = [
          operand(TensorType(.i32, parameters), .uniform(0x1p30, 0x1p31 - 1)),
          operand(TensorType(.i8, parameters), .uniform(36, 44)),
          operand(TensorType(element, []), .uniform(0, 20)),
        ]
        let name = "to \(element) by \(parameters), \(rounding.rawValue)"
        cases += productCases(name, rescaling, operands)
        cases += productCases("\(name), with bias", rescaling, [bias] + operands)
      }
    }
  }
  return cases
}()

/// Products with six channels of results.
private func productCases(_ name: String, _ rescaling: Rescaling, _ epilogue: [OpCase.Operand]) -> [OpCase] {
  [
    opCase(
      name, .matmulInteger(MatMulInteger(rescaling)),
      [small(.u8, [3, 40]), small(.i8, [40, 6]), small(.u8, []), small(.i8, [])] + epilogue),
    opCase(
      name, .convInteger(ConvInteger(Window(pads: [1, 0, 1, 2]), group: 2, rescaling)),
      [small(.i8, [2, 4, 5, 9]), small(.i8, [6, 2, 3, 3]), small(.i8, []), small(.i8, [6])] + epilogue),
    opCase(
      name, .convTransposeInteger(ConvTransposeInteger(Window(strides: [2, 1]), group: 2, rescaling)),
      [small(.i16, [1, 4, 3, 5]), small(.i8, [4, 3, 3, 2]), small(.i16, []), small(.i8, [6])] + epilogue),
  ]
}

/// The whole range of a type.
private func small(_ element: ElementType, _ shape: Shape) -> OpCase.Operand {
  let range = element.integerRange ?? 0...0
  return operand(TensorType(element, shape), .uniform(Double(range.lowerBound), Double(range.upperBound)))
}
