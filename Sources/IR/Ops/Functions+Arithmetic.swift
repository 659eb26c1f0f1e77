import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The arithmetic of the elementwise functions, in fp32 and in int64. The choice of function stands outside
/// the loops.

/// A parameter as functions on integers see it: truncated toward zero, saturated, 0 for NaN.
package func integerParameter(_ value: Double) -> Int64 {
  if value.isNaN { return 0 }
  if value >= 0x1p63 { return .max }
  if value < -0x1p63 { return .min }
  return Int64(value)
}

extension Float {
  static func apply(_ function: UnaryFunction, _ p0: Double, _ p1: Double, to x: Elements<Float>) -> Elements<
    Float
  > {
    let (p0, p1) = (Float(p0), Float(p1))
    switch function {
    case .identity, .bitNot: return x
    case .neg: return x.map { -$0 }
    case .abs: return x.map { $0.magnitude }
    case .sign: return x.map { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 + 0 }
    case .not: return x.map { $0 == 0 ? 1 : 0 }
    case .relu: return x.map { $0 < 0 ? 0 : $0 }
    case .clip: return x.map { clip($0, p0, p1) }
    case .exp: return x.map { exp($0) }
    case .log: return x.map { log($0) }
    case .sqrt: return x.map { $0.squareRoot() }
    case .rsqrt: return x.map { 1 / $0.squareRoot() }
    case .reciprocal: return x.map { 1 / $0 }
    case .floor: return x.map { $0.rounded(.down) }
    case .ceil: return x.map { $0.rounded(.up) }
    case .round: return x.map { $0.rounded(.toNearestOrEven) }
    case .trunc: return x.map { $0.rounded(.towardZero) }
    case .sin: return x.map { sin($0) }
    case .cos: return x.map { cos($0) }
    case .tan: return x.map { tan($0) }
    case .asin: return x.map { asin($0) }
    case .acos: return x.map { acos($0) }
    case .atan: return x.map { atan($0) }
    case .sinh: return x.map { sinh($0) }
    case .cosh: return x.map { cosh($0) }
    case .tanh: return x.map { tanh($0) }
    case .asinh: return x.map { asinh($0) }
    case .acosh: return x.map { acosh($0) }
    case .atanh: return x.map { atanh($0) }
    case .erf: return x.map { erf($0) }
    case .sigmoid: return x.map { sigmoid($0) }
    case .silu: return x.map { $0 * sigmoid(p0 * $0) }
    case .gelu: return x.map { 0.5 * $0 * (1 + erf($0 * 0.70710678)) }
    case .geluTanh:
      return x.map { 0.5 * $0 * (1 + tanh(0.79788456 * ($0 + 0.044715 * ($0 * $0 * $0)))) }
    case .hardSigmoid: return x.map { clip(p0 * $0 + p1, 0, 1) }
    case .hardSwish: return x.map { $0 * clip($0 / 6 + 0.5, 0, 1) }
    case .leakyRelu: return x.map { $0 < 0 ? p0 * $0 : $0 }
    case .elu: return x.map { $0 < 0 ? p0 * expm1($0) : $0 }
    case .selu: return x.map { p1 * ($0 < 0 ? p0 * expm1($0) : $0) }
    case .celu: return x.map { clip($0, 0, .infinity) + clip(p0 * expm1($0 / p0), -.infinity, 0) }
    case .softplus: return x.map { softplus($0) }
    case .softsign: return x.map { $0 / (1 + $0.magnitude) }
    case .mish: return x.map { $0 * tanh(softplus($0)) }
    case .thresholdedRelu: return x.map { $0 > p0 || $0.isNaN ? $0 : 0 }
    case .shrink: return x.map { $0 < -p0 ? $0 + p1 : $0 > p0 ? $0 - p1 : $0.isNaN ? $0 : 0 }
    case .isNaN: return x.map { $0.isNaN ? 1 : 0 }
    case .isInf:
      return x.map { ($0 == -.infinity && p0 != 0) || ($0 == .infinity && p1 != 0) ? 1 : 0 }
    case .affine: return x.map { p0 * $0 + p1 }
    }
  }

  static func apply(_ function: BinaryFunction, to a: Elements<Float>, _ b: Elements<Float>) -> Elements<
    Float
  > {
    switch function {
    case .add: a.map(b) { $0 + $1 }
    case .sub: a.map(b) { $0 - $1 }
    case .mul: a.map(b) { $0 * $1 }
    case .div: a.map(b) { $0 / $1 }
    case .pow: a.map(b) { pow($0, $1) }
    case .max: a.map(b) { $0 > $1 || $0.isNaN ? $0 : $1 }
    case .min: a.map(b) { $0 < $1 || $0.isNaN ? $0 : $1 }
    case .mod: a.map(b) { flooredRemainder($0, $1) }
    case .fmod: a.map(b) { fmod($0, $1) }
    case .prelu: a.map(b) { $0 < 0 ? $0 * $1 : $0 }
    case .equal: a.map(b) { $0 == $1 ? 1 : 0 }
    case .notEqual: a.map(b) { $0 != $1 ? 1 : 0 }
    case .less: a.map(b) { $0 < $1 ? 1 : 0 }
    case .lessEqual: a.map(b) { $0 <= $1 ? 1 : 0 }
    case .greater: a.map(b) { $0 > $1 ? 1 : 0 }
    case .greaterEqual: a.map(b) { $0 >= $1 ? 1 : 0 }
    case .and: a.map(b) { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: a.map(b) { $0 != 0 || $1 != 0 ? 1 : 0 }
    case .xor: a.map(b) { ($0 != 0) != ($1 != 0) ? 1 : 0 }
    case .atan2: a.map(b) { atan2($0, $1) }
    case .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight: a
    }
  }
}

extension Int64 {
  static func apply(_ function: UnaryFunction, _ p0: Double, _ p1: Double, to x: Elements<Int64>) -> Elements<
    Int64
  > {
    let (p0, p1) = (integerParameter(p0), integerParameter(p1))
    switch function {
    case .neg: return x.map { 0 &- $0 }
    case .abs: return x.map { $0 < 0 ? 0 &- $0 : $0 }
    case .sign: return x.map { $0.signum() }
    case .not: return x.map { $0 == 0 ? 1 : 0 }
    case .bitNot: return x.map { ~$0 }
    case .relu: return x.map { Swift.max($0, 0) }
    case .clip: return x.map { Swift.min(Swift.max($0, p0), p1) }
    case .shrink: return x.map { $0 < 0 &- p0 ? $0 &+ p1 : $0 > p0 ? $0 &- p1 : 0 }
    case .affine: return x.map { p0 &* $0 &+ p1 }
    default: return x
    }
  }

  static func apply(_ function: BinaryFunction, to a: Elements<Int64>, _ b: Elements<Int64>) -> Elements<
    Int64
  > {
    switch function {
    case .add: a.map(b) { $0 &+ $1 }
    case .sub: a.map(b) { $0 &- $1 }
    case .mul: a.map(b) { $0 &* $1 }
    case .div: a.map(b) { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }
    case .pow: a.map(b) { power($0, $1) }
    case .max: a.map(b) { Swift.max($0, $1) }
    case .min: a.map(b) { Swift.min($0, $1) }
    case .mod: a.map(b) { flooredRemainder($0, $1) }
    case .fmod: a.map(b) { truncatedRemainder($0, $1) }
    case .equal: a.map(b) { $0 == $1 ? 1 : 0 }
    case .notEqual: a.map(b) { $0 != $1 ? 1 : 0 }
    case .less: a.map(b) { $0 < $1 ? 1 : 0 }
    case .lessEqual: a.map(b) { $0 <= $1 ? 1 : 0 }
    case .greater: a.map(b) { $0 > $1 ? 1 : 0 }
    case .greaterEqual: a.map(b) { $0 >= $1 ? 1 : 0 }
    case .and: a.map(b) { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: a.map(b) { $0 != 0 || $1 != 0 ? 1 : 0 }
    case .xor: a.map(b) { ($0 != 0) != ($1 != 0) ? 1 : 0 }
    case .bitAnd: a.map(b) { $0 & $1 }
    case .bitOr: a.map(b) { $0 | $1 }
    case .bitXor: a.map(b) { $0 ^ $1 }
    case .shiftLeft: a.map(b) { (0..<64).contains($1) ? $0 &<< $1 : 0 }
    case .shiftRight:
      a.map(b) { (0..<64).contains($1) ? Int64(bitPattern: UInt64(bitPattern: $0) &>> UInt64($1)) : 0 }
    case .prelu, .atan2: a
    }
  }
}

/// min(max(x, low), high), but NaN stays.
@inline(__always)
private func clip(_ x: Float, _ low: Float, _ high: Float) -> Float {
  let raised = x < low ? low : x
  return raised > high ? high : raised
}

/// 1 ÷ (1 + exp(−x)) without overflow for either sign.
@inline(__always)
private func sigmoid(_ x: Float) -> Float {
  let decayed = exp(-x.magnitude)
  return x < 0 ? decayed / (1 + decayed) : 1 / (1 + decayed)
}

/// log(1 + exp(x)) without overflow.
@inline(__always)
private func softplus(_ x: Float) -> Float { (x < 0 ? 0 : x) + log1p(exp(-x.magnitude)) }

/// Has the divisor's sign.
@inline(__always)
private func flooredRemainder(_ a: Float, _ b: Float) -> Float {
  let remainder = fmod(a, b)
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
}

/// Has the divisor's sign; 0 for a zero divisor.
@inline(__always)
private func flooredRemainder(_ a: Int64, _ b: Int64) -> Int64 {
  let remainder = truncatedRemainder(a, b)
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder &+ b : remainder
}

/// Has the dividend's sign; 0 for a zero divisor.
@inline(__always)
private func truncatedRemainder(_ a: Int64, _ b: Int64) -> Int64 { b == 0 || b == -1 ? 0 : a % b }

/// Wraps; 1 ÷ a^−b, truncated, for a negative exponent, and 0 for 0 to a negative power.
private func power(_ base: Int64, _ exponent: Int64) -> Int64 {
  if exponent < 0 {
    guard base.magnitude == 1 else { return 0 }
    return base == 1 || exponent & 1 == 0 ? 1 : -1
  }
  var result: Int64 = 1
  var square = base
  var rest = exponent
  while rest > 0 {
    if rest & 1 == 1 { result = result &* square }
    square = square &* square
    rest >>= 1
  }
  return result
}
