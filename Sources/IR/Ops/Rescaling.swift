package import Tensors

/// Integers of one scale as integers of another: y = clamp(zero point + round(v × multiplier / 2^shift)).
///
/// v is an i32; the multiplier an i32, from 0 where it stands for a scale, the shift an i8, limited to 0 … 62. The product
/// is exact, the sum too; the result is clamped to the element type and to `min` … `max`, which is how a clipping
/// activation fuses.
package struct Rescaling: Hashable, Sendable {
  package enum Rounding: String, CaseIterable, Hashable, Sendable {
    /// Once, ties upwards: TOSA's RESCALE with single rounding.
    case halfUp = "half_up"
    /// Once, ties to the even number.
    case halfEven = "half_even"
    /// First v × multiplier / 2^31, ties upwards, then by the rest of the shift, ties away from zero: TFLite's, and
    /// TOSA's RESCALE with double rounding. With shifts up to 31 it is `half_up`.
    case twoRoundings = "two_roundings"
  }

  package var rounding = Rounding.halfUp
  package var min = Int(Int32.min)
  package var max = Int(Int32.max)

  package init(_ rounding: Rounding = .halfUp, min: Int = Int(Int32.min), max: Int = Int(Int32.max)) {
    self.rounding = rounding
    self.min = min
    self.max = max
  }

  /// The attributes of an op that rescales.
  static func attributes<Owner: OpDefinition>(_ path: WritableKeyPath<Owner, Rescaling>) -> [Attribute<Owner>]
  {
    [
      .word("rounding", path.appending(path: \.rounding)), .int("min", path.appending(path: \.min)),
      .int("max", path.appending(path: \.max)),
    ]
  }

  /// Checks `min` and `max` and the operands multiplier, shift and zero point of the result. The first two have one
  /// shape: [], or one for each of `count`.
  func check(_ operands: ArraySlice<TensorType>, count: Int?) throws(OpError) {
    let (multiplier, shift, zero) = (
      operands[operands.startIndex], operands[operands.startIndex + 1], operands[operands.startIndex + 2]
    )
    let shapes = [Shape([])] + (count.map { [Shape([$0])] } ?? [])
    guard multiplier.element == .i32, shapes.contains(multiplier.shape) else {
      let expected = shapes.map { TensorType(.i32, $0).description }.joined(separator: " or ")
      throw OpError("multiplier is \(multiplier), expected \(expected)")
    }
    guard shift == multiplier.with(.i8) else {
      throw OpError("shift is \(shift), expected \(multiplier.with(.i8)), as the multiplier is \(multiplier)")
    }
    try check(zero: zero)
  }

  /// Checks `min` and `max` and the operand zero point of the result.
  func check(zero: TensorType) throws(OpError) {
    guard zero.element.isQuantized, zero.shape == [] else {
      throw OpError("zero point of the result is \(zero), expected a scalar of i8, u8, i16 or i32")
    }
    let range = bounds(zero.element)
    guard min <= max, range.lower <= range.upper else {
      throw OpError("clamps to \(min) … \(max), expected some \(zero.element.rawValue) between them")
    }
  }

  /// What results are clamped to.
  package func bounds(_ element: ElementType) -> (lower: Int64, upper: Int64) {
    let range = element.integerRange ?? 0...0
    return (Swift.max(Int64(min), range.lowerBound), Swift.min(Int64(max), range.upperBound))
  }

  /// v × multiplier / 2^shift, rounded.
  func scaled(_ value: Int32, _ multiplier: Int64, _ shift: Int64) -> Int64 {
    rounded(Int64(value) * multiplier, shift, isNegative: value < 0)
  }

  /// A product / 2^shift, rounded; `isNegative`: the factor that was scaled.
  func rounded(_ product: Int64, _ shift: Int64, isNegative: Bool) -> Int64 {
    let shift = Swift.min(Swift.max(shift, 0), 62)
    let half: Int64 = shift == 0 ? 0 : 1 << (shift - 1)
    switch rounding {
    case .halfUp: return (product + half) >> shift
    case .halfEven:
      let rounded = (product + half) >> shift
      let isTie = shift > 0 && (product + half) & ((1 << shift) - 1) == 0
      return isTie ? rounded & ~1 : rounded
    case .twoRoundings:
      let first: Int64 = shift > 31 ? (isNegative ? -1 << 30 : 1 << 30) : 0
      return (product + half + first) >> shift
    }
  }

  /// Values of the result's shape, flat, with the operands multiplier, shift and zero point of the result, the first two for
  /// all or for each index of an axis.
  func apply(to values: [Int64], along axis: Int, _ operands: ArraySlice<Tensor>, _ type: TensorType)
    -> Tensor
  {
    let first = type.shape.normalized(axis: axis).map { $0 + 1 } ?? type.rank
    let inner = type.shape[first...].reduce(1, *)
    return apply(to: values, inner: Swift.max(inner, 1), operands, type)
  }

  /// Values of shape [outer, channels, inner], flat, with the operands multiplier, shift and zero point of the result.
  func apply(to values: [Int64], inner: Int, _ operands: ArraySlice<Tensor>, _ type: TensorType) -> Tensor {
    let (multipliers, shifts, zero) = (
      operands[operands.startIndex].integers, operands[operands.startIndex + 1].integers,
      operands[operands.startIndex + 2].integers[0]
    )
    let (lower, upper) = bounds(type.element)
    let results = values.indices.map { index in
      let channel = multipliers.count == 1 ? 0 : index / inner % multipliers.count
      let value = scaled(Int32(truncatingIfNeeded: values[index]), multipliers[channel], shifts[channel])
      return Swift.min(Swift.max(value + zero, lower), upper)
    }
    return Tensor(results, shape: type.shape, element: type.element)
  }

  /// Multiplier and shift that stand for a factor, as close as 31 bits come: multiplier / 2^shift. Nil for factors that
  /// they can't express: not from 2^-62 to less than 2^31.
  package static func fixed(_ factor: Double) -> (multiplier: Int32, shift: Int8)? {
    guard factor.isFinite, factor >= 0x1p-62 else { return nil }
    var shift = 30 - Int(factor.exponent)
    var multiplier = (factor.significand * 0x1p30).rounded()
    if multiplier == 0x1p31 { (multiplier, shift) = (0x1p30, shift - 1) }
    if shift > 62 { (multiplier, shift) = ((multiplier / Double(1 << (shift - 62))).rounded(), 62) }
    guard shift >= 0 else { return nil }
    return (Int32(multiplier), Int8(shift))
  }
}

/// Integers of one scale as integers of another, exactly as ``Rescaling`` says.
///
/// Operands: x, i8, u8, i16 or i32 of any shape; its zero point of x's element type, []; multiplier, i32, and shift, i8,
/// both [] or one for each index of the axis; the zero point of the result, [], whose element type, i8, u8, i16 or i32, the
/// result has. v = x − zero point, wrapping in i32.
package struct Rescale: OpDefinition {
  package var rescaling = Rescaling()
  package var axis = 1

  package init(_ rescaling: Rescaling = Rescaling(), axis: Int = 1) {
    self.rescaling = rescaling
    self.axis = axis
  }

  package var name: String { "rescale" }
  package var `default`: Rescale { Rescale() }
  package var attributes: [Attribute<Rescale>] { Rescaling.attributes(\.rescaling) + [.int("axis", \.axis)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(5...5)
    let x = operands[0]
    guard x.element.isQuantized else { throw OpError("x is \(x), expected i8, u8, i16 or i32") }
    guard operands[1] == TensorType(x.element, []) else {
      throw OpError("zero point of x is \(operands[1]), expected \(x.element.rawValue)[]")
    }
    let count = operands[2].rank == 0 ? nil : x.shape[try resolve(axis: axis, in: x.shape)]
    try rescaling.check(operands[2...], count: count)
    return [x.with(operands[4].element)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let zero = operands[1].integers[0]
    let values = operands[0].integers.map { $0 - zero }
    return [rescaling.apply(to: values, along: axis, operands[2...], results[0])]
  }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let granularity = Granularity(axis: axis)
    guard
      let part = granularity.region(region, of: operands[0].shape, parameters: operands[2].shape)
    else { return nil }
    return Tile(.rescale(self), reads: [region, Region([]), part, part, Region([])])
  }
}
