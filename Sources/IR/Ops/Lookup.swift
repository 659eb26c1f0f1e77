package import Tensors

/// A function of one integer, read from a table.
///
/// Operands: x and a table; optionally multiplier, i32, and shift, i8, both [] or one for each index of the axis, and the zero
/// point of y, [], of a ``Rescaling``. v is
/// - of x i8 or u8: the entry of a table [256] of i8, u8, i16 or i32 at x less the lowest number of x's type;
/// - of x i16: between two entries of a table i16 [513], which stand for −32768, −32640, … 32768, as TOSA's TABLE has it: with
///   i = (x + 32768) >> 7 and f = (x + 32768) & 127, v = table[i] × 128 + (table[i + 1] − table[i]) × f, which has 7 bits of
///   fraction.
///
/// y is v rescaled, of the zero point's element type; or without a rescaling the entry itself, of x i16 (v + 64) >> 7, i16.
package struct Lookup: OpDefinition {
  package var rescaling = Rescaling()
  package var axis = 1

  package init(_ rescaling: Rescaling = Rescaling(), axis: Int = 1) {
    self.rescaling = rescaling
    self.axis = axis
  }

  package var name: String { "lookup" }
  package var `default`: Lookup { Lookup() }
  package var attributes: [Attribute<Lookup>] {
    Rescaling.attributes(\.rescaling) + [.int("axis", \.axis)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    guard operands.count == 2 || operands.count == 5 else {
      throw OpError(
        "has \(operands.count) operands, expected x and table, then multiplier, shift and zero point if any")
    }
    let (x, table) = (operands[0], operands[1])
    switch (x.element, table.element) {
    case (.i8, .i8), (.i8, .u8), (.i8, .i16), (.i8, .i32), (.u8, .i8), (.u8, .u8), (.u8, .i16), (.u8, .i32):
      guard table.shape == [256] else { throw OpError("table is \(table), expected 256 entries") }
    case (.i16, .i16):
      guard table.shape == [513] else { throw OpError("table is \(table), expected 513 entries") }
    default:
      throw OpError(
        "x is \(x) and the table \(table), expected x i8 or u8 and a table of i8, u8, i16 or i32, or both i16"
      )
    }
    guard operands.count == 5 else {
      guard self == Lookup() else {
        throw OpError("has attributes of a rescaling but not its operands multiplier, shift and zero point")
      }
      return [x.with(table.element)]
    }
    let count = operands[2].rank == 0 ? nil : x.shape[try resolve(axis: axis, in: x.shape)]
    try rescaling.check(operands[2...], count: count)
    return [x.with(operands[4].element)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, table) = (operands[0], operands[1].integers)
    let isFine = x.element == .i16
    let lowest = x.element.integerRange?.lowerBound ?? 0
    let values = x.integers.map { x in
      let place = Int(x - lowest)
      return isFine ? Self.between(table, place) : table[place]
    }
    guard operands.count == 5 else {
      let whole = isFine ? values.map { ($0 + 64) >> 7 } : values
      return [Tensor(whole, shape: x.shape, element: results[0].element)]
    }
    return [rescaling.apply(to: values, along: axis, operands[2...], results[0])]
  }

  /// 128 times the value at a place, of which 128 lie between two entries.
  static func between(_ table: [Int64], _ place: Int) -> Int64 {
    let (index, fraction) = (place >> 7, Int64(place & 127))
    return table[index] * 128 + (table[index + 1] - table[index]) * fraction
  }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let table = Region(all: operands[1].shape)
    guard operands.count == 5 else { return Tile(.lookup(self), reads: [region, table]) }
    let granularity = Granularity(axis: axis)
    guard let part = granularity.region(region, of: operands[0].shape, parameters: operands[2].shape) else {
      return nil
    }
    return Tile(.lookup(self), reads: [region, table, part, part, Region([])])
  }
}
