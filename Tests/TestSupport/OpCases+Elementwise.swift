import IR
import Tensors

/// Where functions of floats change course.
private let specialFloats: [Double] = [
  0, -0.0, 1, -1, 0.5, -0.5, .infinity, -.infinity, .nan, 1e-30, -1e-30, 1e30, -1e30, 88, -88, 100, -100,
  3.25,
  -2.75, 3.4e38,
]
/// Where arithmetic on int64 wraps.
let specialIntegers: [Int64] = [
  0, 1, -1, 2, -2, 3, 7, -7, 31, 63, 64, 65, 1 << 31, -(1 << 31), 1 << 62, .max, .min, .min + 1,
]
let floatTypes: [ElementType] = [.f32, .f16, .bf16]
private let integerTypes: [ElementType] = [.i8, .u8, .i16, .i32, .i64]

let unaryCases: [OpCase] = {
  var cases: [OpCase] = []
  for function in UnaryFunction.allCases where function != .bitNot {
    let op = Op.unary(Unary(function))
    for element in floatTypes {
      cases.append(opCase("\(element)", op, [TensorType(element, [3, 37])], values(for: function)))
    }
    cases.append(opCase("special values", op, [f32(specialFloats.count)], .cycle(specialFloats)))
    if !function.parameters.isEmpty {
      cases.append(
        opCase("other parameters", .unary(Unary(function, 0.75, 1.5)), [f32(5, 9)], values(for: function)))
    }
  }
  for function in UnaryFunction.allCases where function.acceptsIntegers {
    for element in integerTypes {
      cases.append(opCase("\(element)", .unary(Unary(function, -2, 5)), [TensorType(element, [29])]))
    }
    cases.append(
      opCase(
        "special i64", .unary(Unary(function, 3, 11)), [TensorType(.i64, [specialIntegers.count])],
        .integers(specialIntegers)))
    if function != .bitNot {
      cases.append(opCase("bool", .unary(Unary(function)), [TensorType(.bool, [2, 5])]))
    }
  }
  for shape in [[], [0], [1], [2, 0, 3], [1, 1, 1], [2, 3, 1, 2, 1, 3], [1031]] as [Shape] {
    cases.append(opCase("shape \(shape)", .unary(Unary(.tanh)), [TensorType(.f32, shape)]))
  }
  // Where a tile of fp32 as far into the result would lie, beyond its half as many bytes, the scratch begins.
  for element in [.f16, .bf16] as [ElementType] {
    cases.append(opCase("\(element), many tiles", .unary(Unary(.tanh)), [TensorType(element, [7140])]))
  }
  cases.append(opCase("minimum above maximum", .unary(Unary(.clip, 2, -2)), [f32(7)], .uniform(-3, 3)))
  cases.append(opCase("relu6", .unary(Unary(.clip, 0, 6)), [f32(4, 5)], .uniform(-9, 9)))
  return cases
}()

/// A range on which the function is defined and well conditioned.
private func values(for function: UnaryFunction) -> RandomValues {
  switch function {
  case .log, .sqrt, .rsqrt, .reciprocal: .uniform(0.25, 4)
  case .asin, .acos, .atanh: .uniform(-0.9, 0.9)
  case .acosh: .uniform(1.25, 5)
  case .tan: .uniform(-1.2, 1.2)
  case .floor, .ceil, .round, .trunc, .sign, .not, .isNaN, .isInf: .grid(step: 0.25, -6, 6)
  default: .uniform(-4, 4)
  }
}

/// Shapes that broadcast: equal, scalars, rows, columns, both sides, empty, up to rank 6.
private let broadcasts: [(Shape, Shape)] = [
  ([], []), ([5], [5]), ([5], []), ([], [2, 3]), ([1], [7]), ([2, 3, 4], [4]), ([4], [2, 3, 4]),
  ([2, 3, 4], [3, 1]), ([2, 3, 4], [2, 1, 4]), ([1, 3, 1], [2, 1, 4]), ([2, 3, 1, 5], [3, 4, 1]),
  ([2, 1, 3, 1, 2], [1, 2, 3, 4, 1]), ([2, 1, 2, 1, 2, 1], [1, 2, 1, 2, 1, 3]), ([0, 3], [3]),
  ([2, 0, 1], [1, 1, 5]), ([1, 0], [4, 1]), ([17, 33], [17, 1]), ([1, 8, 5, 5], [1, 8, 1, 1]),
]

let binaryCases: [OpCase] = {
  var cases: [OpCase] = []
  let specials = specialFloats.count
  for function in BinaryFunction.allCases where function.acceptsFloats {
    let op = Op.binary(Binary(function))
    for element in floatTypes {
      let shape = TensorType(element, [3, 37])
      cases.append(
        opCase("\(element)", op, [operand(shape, left(function)), operand(shape, right(function))]))
    }
    cases.append(
      opCase("special values", op, [f32(specials, 1), f32(1, specials)], .cycle(specialFloats)))
  }
  for function in BinaryFunction.allCases where function.acceptsIntegers {
    let op = Op.binary(Binary(function))
    let count = specialIntegers.count
    cases.append(
      opCase(
        "special i64", op, [TensorType(.i64, [count, 1]), TensorType(.i64, [1, count])],
        .integers(specialIntegers)))
    for element in integerTypes {
      let type = TensorType(element, [41])
      cases.append(opCase("\(element)", op, [type, type]))
    }
    cases.append(opCase("bool", op, [TensorType(.bool, [4, 1]), TensorType(.bool, [1, 6])]))
  }
  for (a, b) in broadcasts {
    cases.append(opCase("\(a) with \(b)", .binary(Binary(.sub)), [TensorType(.f32, a), TensorType(.f32, b)]))
    cases.append(
      opCase("i32, \(a) with \(b)", .binary(Binary(.sub)), [TensorType(.i32, a), TensorType(.i32, b)]))
  }
  return cases
}()

private func left(_ function: BinaryFunction) -> RandomValues {
  switch function {
  case .pow: .uniform(0.25, 3)
  case _ where function.isPredicate: .grid(step: 0.5, -2, 2)
  default: .uniform(-4, 4)
  }
}

private func right(_ function: BinaryFunction) -> RandomValues {
  switch function {
  case .div: .uniform(0.5, 4)
  // Powers of two keep quotients exact, so that remainders do not jump.
  case .mod, .fmod: .cycle([0.5, -0.5, 2, -2, 1, -4])
  case _ where function.isPredicate: .grid(step: 0.5, -2, 2)
  default: .uniform(-2, 2)
  }
}

let selectCases: [OpCase] = {
  var cases: [OpCase] = []
  for element in ElementType.allCases {
    let type = TensorType(element, [3, 7])
    cases.append(
      opCase("\(element)", .select(Select()), [TensorType(.bool, [3, 1]), type, type], exact: true))
  }
  for (condition, a, b) in [
    ([], [], []), ([4], [], []), ([2, 3], [3], [2, 1]), ([1, 3, 1], [2, 1, 1], [4]), ([], [2, 2], [1, 2]),
    ([0], [1], [1]), ([2, 1, 2, 1], [1, 3, 1, 1], [3, 1, 4]),
  ] as [(Shape, Shape, Shape)] {
    cases.append(
      opCase(
        "\(condition), \(a), \(b)", .select(Select()),
        [TensorType(.bool, condition), TensorType(.f32, a), TensorType(.f32, b)], exact: true))
  }
  return cases
}()

let castCases: [OpCase] = {
  let fractions: [Double] = [
    0, -0.0, 0.49, 0.5, -0.5, 1.5, -1.5, 2.99, -2.99, 127, 128, -128, -129, 255, 256, 32767, 32768, 65504,
    -70000,
    2147483648, -2147483904, 9.3e18, -9.3e18, .infinity, -.infinity, .nan,
  ]
  let integers: [Int64] = [
    0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, 65535, 65536, 16777217, -16777219, 2147483647,
    2147483648, -2147483649, .max, .min,
  ]
  var cases: [OpCase] = []
  for source in ElementType.allCases {
    for target in ElementType.allCases {
      let values = source.isFloat ? RandomValues.cycle(fractions) : .integers(integers)
      cases.append(
        opCase("\(source) to \(target)", .cast(Cast(target)), [TensorType(source, [27])], values, exact: true)
      )
    }
  }
  cases.append(opCase("scalar", .cast(Cast(.i32)), [f32()], exact: true))
  cases.append(opCase("empty", .cast(Cast(.f16)), [f32(3, 0)], exact: true))
  return cases
}()
