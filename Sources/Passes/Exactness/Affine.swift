import IR
import Tensors

/// scale · x + offset as kernels and reference compute it: rounded to fp32 after the product and after the sum.
///
/// A product alone has the offset −0, as z + −0 = z for every z; z + 0 makes −0 to 0.
struct Affine {
  var scale: Float
  var offset: Float

  init(_ scale: Float, _ offset: Float) { (self.scale, self.offset) = (scale, offset) }

  /// What `affine` and `neg` compute.
  init?(_ op: Unary) {
    switch op.function {
    case .affine: self.init(Float(op.p0), Float(op.p1))
    case .neg: self.init(-1, -0.0)
    default: return nil
    }
  }

  var op: Unary { Unary(.affine, Double(scale), Double(offset)) }
  var isProduct: Bool { offset == 0 && offset.sign == .minus }

  /// One function in place of this one and then `outer`, on elements of a type, with what a reader could tell
  /// from its result; nil where it would not be as good.
  ///
  /// In fp32:
  /// - ±x and a product by ±1 are exact, so that a scale of ±1 merges with any other, to the same bits.
  /// - z + 0 is exact but for −0, which a sum behind it does not tell from 0; and a sum before it is never −0.
  /// - −(s·x + o) is −s·x − o, but where that is zero: −(1 − 1) = −0.
  /// - s·x·t rounds twice, s·t·x rounds s·t and once more: 1.5 units in the last place against 1. Both scales must
  ///   be at least 1, or both at most 1: else the first product can overflow (· 10³⁰ · 10⁻³⁰) or lose digits as a
  ///   subnormal (· 10⁻³⁰ · 10³⁰) where s·t·x does not. s·t must be a normal number: · 10⁻³⁰ · 10⁻³⁰ is 0, but
  ///   not one product. Then wherever s·t·x overflows or is subnormal, so is what the original gives.
  /// - (x + o) + p stays: near x = −o its first sum is exact, where x + (o + p) has lost the digits of p; and far
  ///   from there the first sum may be there to round x to the digits of o.
  /// - (s·x + o) · t stays: near the zero of the sum it is exact, and s·t·x + o·t is not.
  ///
  /// fp16 and bf16 round after each function, so that only ±x is exact.
  func then(_ outer: Affine, on element: ElementType) -> (merged: Affine, changes: Sensitivity)? {
    if outer.scale == 1, outer.isProduct { return (self, []) }
    let product = outer.scale * scale
    guard product.isFinite else { return nil }
    let isUnit = abs(outer.scale) == 1
    if isProduct {
      let merged = Affine(product, outer.offset)
      if abs(scale) == 1 { return (merged, []) }
      if isUnit { return (merged, element == .f32 || outer.isProduct ? [] : .digits) }
      let (s, t) = (abs(scale), abs(outer.scale))
      guard max(s, t) <= 1 || min(s, t) >= 1, element.normalRange.contains(abs(product)) else { return nil }
      return (merged, .digits)
    }
    if outer.scale == 1, outer.offset == 0 { return (self, []) }
    guard isUnit else { return nil }
    if outer.isProduct { return (Affine(product, outer.scale * offset), .signOfZero) }
    return offset == 0 ? (Affine(product, outer.offset), element == .f32 ? [] : .digits) : nil
  }
}

extension ElementType {
  /// Magnitudes of numbers that have all digits.
  var normalRange: ClosedRange<Float> {
    self == .f16 ? 0x1p-14...65504 : Float.leastNormalMagnitude...Float.greatestFiniteMagnitude
  }
}
