import IR
import Tensors

let integerProductCases: [OpCase] = {
  var cases: [OpCase] = []
  let elements: [(ElementType, ElementType)] = [(.u8, .i8), (.i8, .i8), (.u8, .u8), (.i8, .u8)]
  for (left, right) in elements {
    for (a, b) in [
      ([1, 1], [1, 1]), ([3, 5], [5, 4]), ([9, 300], [300, 270]), ([2, 3, 4], [4, 5]),
      ([2, 1, 3, 4], [3, 4, 2]),
      ([3, 0], [0, 4]), ([0, 3], [3, 4]),
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
    ] as [(Shape, Shape, ConvInteger)] {
      for vectors in [false, true] {
        cases.append(
          opCase(
            "\(left)\(x) with \(right)\(w)\(vectors ? ", zero points of channels" : "")", .convInteger(op),
            [small(left, x), small(right, w), small(left, []), small(right, vectors ? [w[0]] : [])]))
      }
    }
  }
  return cases + epilogueCases
}()

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

/// A matrix product and a convolution with six channels of results.
private func productCases(_ name: String, _ rescaling: Rescaling, _ epilogue: [OpCase.Operand]) -> [OpCase] {
  [
    opCase(
      name, .matmulInteger(MatMulInteger(rescaling)),
      [small(.u8, [3, 40]), small(.i8, [40, 6]), small(.u8, []), small(.i8, [])] + epilogue),
    opCase(
      name, .convInteger(ConvInteger(Window(pads: [1, 0, 1, 2]), group: 2, rescaling)),
      [small(.i8, [2, 4, 5, 9]), small(.i8, [6, 2, 3, 3]), small(.i8, []), small(.i8, [6])] + epilogue),
  ]
}

/// The whole range of an 8-bit type.
private func small(_ element: ElementType, _ shape: Shape) -> OpCase.Operand {
  operand(TensorType(element, shape), element == .i8 ? .uniform(-128, 127) : .uniform(0, 255))
}
