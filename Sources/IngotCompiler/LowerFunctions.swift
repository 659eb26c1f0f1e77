import CBundleFormat
import IR
import Tensors

extension UnaryFunction {
  /// The function's number in programs.
  var code: ingot_function {
    switch self {
    case .identity: INGOT_FN_IDENTITY
    case .neg: INGOT_FN_NEG
    case .abs: INGOT_FN_ABS
    case .sign: INGOT_FN_SIGN
    case .not: INGOT_FN_NOT
    case .bitNot: INGOT_FN_BIT_NOT
    case .relu: INGOT_FN_RELU
    case .clip: INGOT_FN_CLIP
    case .exp: INGOT_FN_EXP
    case .log: INGOT_FN_LOG
    case .sqrt: INGOT_FN_SQRT
    case .rsqrt: INGOT_FN_RSQRT
    case .reciprocal: INGOT_FN_RECIPROCAL
    case .floor: INGOT_FN_FLOOR
    case .ceil: INGOT_FN_CEIL
    case .round: INGOT_FN_ROUND
    case .trunc: INGOT_FN_TRUNC
    case .sin: INGOT_FN_SIN
    case .cos: INGOT_FN_COS
    case .tan: INGOT_FN_TAN
    case .asin: INGOT_FN_ASIN
    case .acos: INGOT_FN_ACOS
    case .atan: INGOT_FN_ATAN
    case .sinh: INGOT_FN_SINH
    case .cosh: INGOT_FN_COSH
    case .tanh: INGOT_FN_TANH
    case .asinh: INGOT_FN_ASINH
    case .acosh: INGOT_FN_ACOSH
    case .atanh: INGOT_FN_ATANH
    case .erf: INGOT_FN_ERF
    case .sigmoid: INGOT_FN_SIGMOID
    case .silu: INGOT_FN_SILU
    case .gelu: INGOT_FN_GELU
    case .geluTanh: INGOT_FN_GELU_TANH
    case .hardSigmoid: INGOT_FN_HARD_SIGMOID
    case .hardSwish: INGOT_FN_HARD_SWISH
    case .leakyRelu: INGOT_FN_LEAKY_RELU
    case .elu: INGOT_FN_ELU
    case .selu: INGOT_FN_SELU
    case .celu: INGOT_FN_CELU
    case .softplus: INGOT_FN_SOFTPLUS
    case .softsign: INGOT_FN_SOFTSIGN
    case .mish: INGOT_FN_MISH
    case .thresholdedRelu: INGOT_FN_THRESHOLDED_RELU
    case .shrink: INGOT_FN_SHRINK
    case .isNaN: INGOT_FN_IS_NAN
    case .isInf: INGOT_FN_IS_INF
    case .affine: INGOT_FN_AFFINE
    }
  }
}

extension BinaryFunction {
  /// The function's number in programs.
  var code: ingot_function {
    switch self {
    case .add: INGOT_FN_ADD
    case .sub: INGOT_FN_SUB
    case .mul: INGOT_FN_MUL
    case .div: INGOT_FN_DIV
    case .pow: INGOT_FN_POW
    case .max: INGOT_FN_MAX
    case .min: INGOT_FN_MIN
    case .mod: INGOT_FN_MOD
    case .fmod: INGOT_FN_FMOD
    case .prelu: INGOT_FN_PRELU
    case .equal: INGOT_FN_EQUAL
    case .notEqual: INGOT_FN_NOT_EQUAL
    case .less: INGOT_FN_LESS
    case .lessEqual: INGOT_FN_LESS_EQUAL
    case .greater: INGOT_FN_GREATER
    case .greaterEqual: INGOT_FN_GREATER_EQUAL
    case .and: INGOT_FN_AND
    case .or: INGOT_FN_OR
    case .xor: INGOT_FN_XOR
    case .bitAnd: INGOT_FN_BIT_AND
    case .bitOr: INGOT_FN_BIT_OR
    case .bitXor: INGOT_FN_BIT_XOR
    case .shiftLeft: INGOT_FN_SHIFT_LEFT
    case .shiftRight: INGOT_FN_SHIFT_RIGHT
    case .atan2: INGOT_FN_ATAN2
    }
  }
}

extension Elementwise.Function {
  /// The function's number in programs.
  var code: ingot_function {
    switch self {
    case .unary(let function): function.code
    case .binary(let function): function.code
    case .select: INGOT_FN_SELECT
    case .convert(let element): element.conversionCode
    }
  }
}

extension ElementType {
  /// The number in programs of the function that converts to this type. Registers hold no narrower floats than f32.
  fileprivate var conversionCode: ingot_function {
    switch self {
    case .f32, .f16, .bf16: INGOT_FN_TO_F32
    case .i8: INGOT_FN_TO_I8
    case .u8: INGOT_FN_TO_U8
    case .i16: INGOT_FN_TO_I16
    case .i32: INGOT_FN_TO_I32
    case .i64: INGOT_FN_TO_I64
    case .bool: INGOT_FN_TO_BOOL
    }
  }
}

extension Elementwise.Domain {
  /// The domain's number in programs: that of the element which its registers hold.
  var code: ingot_element {
    switch self {
    case .f32: INGOT_F32
    case .i64: INGOT_I64
    }
  }
}
