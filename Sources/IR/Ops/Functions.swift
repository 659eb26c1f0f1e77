/// Elementwise functions of one operand. Each takes up to two parameters, named in ``parameters``.
package enum UnaryFunction: String, CaseIterable, Hashable, Sendable {
  case identity, neg, abs, sign, not
  case bitNot = "bit_not"
  case relu, clip, exp, log, sqrt, rsqrt, reciprocal, floor, ceil, round, trunc
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
  case erf, sigmoid, silu, gelu
  case geluTanh = "gelu_tanh"
  case hardSigmoid = "hard_sigmoid"
  case hardSwish = "hard_swish"
  case leakyRelu = "leaky_relu"
  case elu, selu, celu, softplus, softsign, mish
  case thresholdedRelu = "thresholded_relu"
  case shrink
  case isNaN = "is_nan"
  case isInf = "is_inf"
  /// p0 × x + p1, rounded after the product and after the sum. The default offset is −0, which adds nothing:
  /// a sum with 0 would make −0 to 0.
  case affine

  /// Names and defaults of the parameters.
  package var parameters: [(name: String, value: Double)] {
    switch self {
    case .clip: [("min", -.infinity), ("max", .infinity)]
    case .silu: [("beta", 1)]
    case .hardSigmoid: [("alpha", 0.2), ("beta", 0.5)]
    case .leakyRelu: [("alpha", 0.01)]
    case .elu: [("alpha", 1)]
    case .selu: [("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875)]
    case .celu: [("alpha", 1)]
    case .thresholdedRelu: [("alpha", 1)]
    case .shrink: [("lambda", 0.5), ("bias", 0)]
    case .isInf: [("negative", 1), ("positive", 1)]
    case .affine: [("scale", 1), ("offset", -0.0)]
    default: []
    }
  }

  /// Whether the function is defined on integers (computed in int64).
  package var acceptsIntegers: Bool {
    switch self {
    case .identity, .neg, .abs, .sign, .not, .bitNot, .relu, .clip, .shrink, .affine: true
    default: false
    }
  }

  /// Whether the result is bool whatever the operand.
  package var isPredicate: Bool {
    switch self {
    case .not, .isNaN, .isInf: true
    default: false
    }
  }
}

/// Elementwise functions of two operands.
package enum BinaryFunction: String, CaseIterable, Hashable, Sendable {
  case add, sub, mul, div, pow, max, min
  /// Remainder with the divisor's sign.
  case mod
  /// Remainder with the dividend's sign.
  case fmod
  case prelu
  case equal
  case notEqual = "not_equal"
  case less
  case lessEqual = "less_equal"
  case greater
  case greaterEqual = "greater_equal"
  case and, or, xor
  case bitAnd = "bit_and"
  case bitOr = "bit_or"
  case bitXor = "bit_xor"
  case shiftLeft = "shift_left"
  case shiftRight = "shift_right"
  case atan2

  /// Whether the result is bool whatever the operands.
  package var isPredicate: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual, .and, .or, .xor: true
    default: false
    }
  }

  package var acceptsIntegers: Bool { self != .prelu && self != .atan2 }
  package var acceptsFloats: Bool {
    switch self {
    case .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight: false
    default: true
    }
  }

  /// Whether operands may be exchanged.
  package var isCommutative: Bool {
    switch self {
    case .add, .mul, .max, .min, .equal, .notEqual, .and, .or, .xor, .bitAnd, .bitOr, .bitXor: true
    default: false
    }
  }
}
