package import Tensors

/// Numbers of fewer bits than 8, as many of them in a byte as fit along an axis, the first in the lowest bits.
///
/// Operand: x, u8, of rank 1 or more. y: u8, numbers from 0 on, 8 / `bits` times as many along the axis. `bits` is 1, 2 or 4.
package struct Unpack: OpDefinition {
  /// Counted from the end where negative.
  package var axis = -1
  package var bits = 4

  package init(axis: Int = -1, bits: Int = 4) {
    self.axis = axis
    self.bits = bits
  }

  package var name: String { "unpack" }
  package var `default`: Unpack { Unpack() }
  package var attributes: [Attribute<Unpack>] { [.int("axis", \.axis), .int("bits", \.bits)] }

  /// Numbers in a byte.
  package var count: Int { 8 / bits }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    guard [1, 2, 4].contains(bits) else { throw OpError("bits is \(bits), expected 1, 2 or 4") }
    guard operands[0].element == .u8 else { throw OpError("x is \(operands[0]), expected u8") }
    var extents = operands[0].shape.extents
    let axis = try resolve(axis: axis, in: operands[0].shape)
    let (extent, overflow) = extents[axis].multipliedReportingOverflow(by: count)
    guard !overflow else { throw OpError("x is \(operands[0]), which unpacks to more than a shape can hold") }
    extents[axis] = extent
    return [operands[0].with(Shape(extents))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let inner = x.shape[(try resolve(axis: axis, in: x.shape) + 1)...].reduce(1, *)
    let mask = UInt8(1 << bits - 1)
    return [
      Tensor(element: .u8, shape: results[0].shape) { target in
        x.withBytes { source in
          for index in target.indices {
            let (row, column) = (index / inner, index % inner)
            let byte = source[row / count * inner + column]
            target[index] = byte >> UInt8(row % count * bits) & mask
          }
        }
      }
    ]
  }

  /// The op's operand for a result of numbers that fit; nil where they don't, or don't fill bytes.
  package func pack(_ numbers: Tensor) -> Tensor? {
    guard numbers.element == .u8, let axis = numbers.shape.normalized(axis: axis),
      numbers.shape[axis] % count == 0
    else { return nil }
    var extents = numbers.shape.extents
    extents[axis] /= count
    let inner = numbers.shape[(axis + 1)...].reduce(1, *)
    var fits = true
    let packed = Tensor(element: .u8, shape: Shape(extents)) { target in
      numbers.withBytes { source in
        for index in target.indices {
          let (row, column) = (index / inner, index % inner)
          for place in 0..<count {
            let number = source[(row * count + place) * inner + column]
            fits = fits && number < 1 << bits
            target[index] |= number << UInt8(place * bits)
          }
        }
      }
    }
    return fits ? packed : nil
  }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let axis = operands[0].shape.normalized(axis: axis) else { return nil }
    let range = region[axis]
    guard range.lowerBound % count == 0, range.upperBound % count == 0 else { return nil }
    var read = region
    read[axis] = (range.lowerBound / count)..<(range.upperBound / count)
    return Tile(.unpack(self), reads: [read])
  }
}
