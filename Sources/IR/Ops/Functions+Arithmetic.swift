#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import Tensors

/// The arithmetic of the elementwise functions, in fp32 and in int64. The choice of function stands outside the loops.

/// A parameter as functions on integers see it: truncated toward zero, saturated, 0 for NaN.
package func integerParameter(_ value: Double) -> Int64 {
  if value.isNaN { return 0 }
  if value >= 0x1p63 { return .max }
  if value < -0x1p63 { return .min }
  return Int64(value)
}

extension Elements<Float> {
  func applying(_ function: UnaryFunction, _ p0: Double, _ p1: Double) -> Elements<Float> {
    let (p0, p1) = (Float(p0), Float(p1))
    switch function {
    case .identity, .bitNot: return self
    case .neg: return map { -$0 }
    case .abs: return map { $0.magnitude }
    case .sign: return map { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    case .not: return map { $0 == 0 ? 1 : 0 }
    case .relu: return map { $0 < 0 ? 0 : $0 }
    case .clip: return map { clip($0, p0, p1) }
    case .exp: return map { exp($0) }
    case .log: return map { log($0) }
    case .sqrt: return map { $0.squareRoot() }
    case .rsqrt: return map { 1 / $0.squareRoot() }
    case .reciprocal: return map { 1 / $0 }
    case .floor: return map { $0.rounded(.down) }
    case .ceil: return map { $0.rounded(.up) }
    case .round: return map { $0.rounded(.toNearestOrEven) }
    case .trunc: return map { $0.rounded(.towardZero) }
    case .sin: return map { sin($0) }
    case .cos: return map { cos($0) }
    case .tan: return map { tan($0) }
    case .asin: return map { asin($0) }
    case .acos: return map { acos($0) }
    case .atan: return map { atan($0) }
    case .sinh: return map { sinh($0) }
    case .cosh: return map { cosh($0) }
    case .tanh: return map { tanh($0) }
    case .asinh: return map { asinh($0) }
    case .acosh: return map { acosh($0) }
    case .atanh: return map { atanh($0) }
    case .erf: return map { erf($0) }
    case .sigmoid: return map { sigmoid($0) }
    case .silu: return map { $0 * sigmoid(p0 * $0) }
    case .gelu: return map { 0.5 * $0 * (1 + erf($0 * 0.70710678)) }
    case .geluTanh:
      return map { x in 0.5 * x * (1 + tanh(0.79788456 * (x + 0.044715 * (x * x * x)))) }
    case .hardSigmoid: return map { clip(p0 * $0 + p1, 0, 1) }
    case .hardSwish: return map { $0 * clip($0 / 6 + 0.5, 0, 1) }
    case .leakyRelu: return map { $0 < 0 ? p0 * $0 : $0 }
    case .elu: return map { $0 < 0 ? p0 * expm1($0) : $0 }
    case .selu: return map { p1 * ($0 < 0 ? p0 * expm1($0) : $0) }
    case .celu: return map { clip($0, 0, .infinity) + clip(p0 * expm1($0 / p0), -.infinity, 0) }
    case .softplus: return map { softplus($0) }
    case .softsign: return map { $0 / (1 + $0.magnitude) }
    case .mish: return map { $0 * tanh(softplus($0)) }
    case .thresholdedRelu: return map { $0 > p0 || $0.isNaN ? $0 : 0 }
    case .shrink: return map { $0 < -p0 ? $0 + p1 : $0 > p0 ? $0 - p1 : $0.isNaN ? $0 : 0 }
    case .isNaN: return map { $0.isNaN ? 1 : 0 }
    case .isInf:
      return map { ($0 == -.infinity && p0 != 0) || ($0 == .infinity && p1 != 0) ? 1 : 0 }
    case .affine: return map { p0 * $0 + p1 }
    }
  }

  func applying(_ function: BinaryFunction, _ other: Elements<Float>) -> Elements<Float> {
    switch function {
    case .add: map(other) { $0 + $1 }
    case .sub: map(other) { $0 - $1 }
    case .mul: map(other) { $0 * $1 }
    case .div: map(other) { $0 / $1 }
    case .pow: map(other) { pow($0, $1) }
    case .max: map(other) { $0 > $1 || $0.isNaN ? $0 : $1 }
    case .min: map(other) { $0 < $1 || $0.isNaN ? $0 : $1 }
    case .mod: map(other) { flooredRemainder($0, $1) }
    case .fmod: map(other) { fmod($0, $1) }
    case .prelu: map(other) { $0 < 0 ? $0 * $1 : $0 }
    case .equal: map(other) { $0 == $1 ? 1 : 0 }
    case .notEqual: map(other) { $0 != $1 ? 1 : 0 }
    case .less: map(other) { $0 < $1 ? 1 : 0 }
    case .lessEqual: map(other) { $0 <= $1 ? 1 : 0 }
    case .greater: map(other) { $0 > $1 ? 1 : 0 }
    case .greaterEqual: map(other) { $0 >= $1 ? 1 : 0 }
    case .and: map(other) { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: map(other) { $0 != 0 || $1 != 0 ? 1 : 0 }
    case .xor: map(other) { ($0 != 0) != ($1 != 0) ? 1 : 0 }
    case .atan2: map(other) { atan2($0, $1) }
    case .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight: self
    }
  }
}

extension Elements<Int64> {
  func applying(_ function: UnaryFunction, _ p0: Double, _ p1: Double) -> Elements<Int64> {
    let (p0, p1) = (integerParameter(p0), integerParameter(p1))
    switch function {
    case .neg: return map { 0 &- $0 }
    case .abs: return map { $0 < 0 ? 0 &- $0 : $0 }
    case .sign: return map { $0.signum() }
    case .not: return map { $0 == 0 ? 1 : 0 }
    case .bitNot: return map { ~$0 }
    case .relu: return map { max($0, 0) }
    case .clip: return map { min(max($0, p0), p1) }
    case .shrink: return map { $0 < 0 &- p0 ? $0 &+ p1 : $0 > p0 ? $0 &- p1 : 0 }
    case .affine: return map { p0 &* $0 &+ p1 }
    default: return self
    }
  }

  func applying(_ function: BinaryFunction, _ other: Elements<Int64>) -> Elements<Int64> {
    switch function {
    case .add: map(other) { $0 &+ $1 }
    case .sub: map(other) { $0 &- $1 }
    case .mul: map(other) { $0 &* $1 }
    case .div: map(other) { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }
    case .pow: map(other) { power($0, $1) }
    case .max: map(other) { max($0, $1) }
    case .min: map(other) { min($0, $1) }
    case .mod: map(other) { flooredRemainder($0, $1) }
    case .fmod: map(other) { truncatedRemainder($0, $1) }
    case .equal: map(other) { $0 == $1 ? 1 : 0 }
    case .notEqual: map(other) { $0 != $1 ? 1 : 0 }
    case .less: map(other) { $0 < $1 ? 1 : 0 }
    case .lessEqual: map(other) { $0 <= $1 ? 1 : 0 }
    case .greater: map(other) { $0 > $1 ? 1 : 0 }
    case .greaterEqual: map(other) { $0 >= $1 ? 1 : 0 }
    case .and: map(other) { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: map(other) { $0 != 0 || $1 != 0 ? 1 : 0 }
    case .xor: map(other) { ($0 != 0) != ($1 != 0) ? 1 : 0 }
    case .bitAnd: map(other) { $0 & $1 }
    case .bitOr: map(other) { $0 | $1 }
    case .bitXor: map(other) { $0 ^ $1 }
    case .shiftLeft: map(other) { (0..<64).contains($1) ? $0 &<< $1 : 0 }
    case .shiftRight:
      map(other) { (0..<64).contains($1) ? Int64(bitPattern: UInt64(bitPattern: $0) &>> UInt64($1)) : 0 }
    case .prelu, .atan2: self
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
