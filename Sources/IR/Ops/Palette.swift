package import Tensors

/// Numbers of few bits that stand for entries of palettes: y = palette[x].
///
/// Operands: x, u8, of rank 1 or more, and the palettes, floating point. The axes of x before `axis` count rows. In the bytes
/// of a row lie the numbers of a row of y, `bits` each, one behind the other, the first in the lowest bits of the first byte;
/// what is left of the bytes means nothing. So y, f32, has x's shape but `extent` at the axis, where x has
/// ⌈`extent` · `bits` / 8⌉. All rows share a palette of shape [2^`bits`], or, where `block` is not 0, that many rows do, and the
/// palettes have the shape [⌈rows / block⌉, 2^`bits`]. `bits` is 2, 3, 4, 6 or 8.
package struct Palette: OpDefinition {
  /// Counted from the end where negative.
  package var axis = -1
  package var bits = 4
  package var block = 0
  package var extent = 0

  /// What `bits` may be.
  package static let widths = [2, 3, 4, 6, 8]

  package init(axis: Int = -1, bits: Int = 4, block: Int = 0, extent: Int = 0) {
    self.axis = axis
    self.bits = bits
    self.block = block
    self.extent = extent
  }

  package var name: String { "palette" }
  package var `default`: Palette { Palette() }
  package var attributes: [Attribute<Palette>] {
    [.int("axis", \.axis), .int("bits", \.bits), .int("block", \.block), .int("extent", \.extent)]
  }

  /// Numbers of a palette.
  package var entries: Int { 1 << bits }
  /// What `count` numbers take.
  private func bytes(_ count: Int) -> Int { count / 8 * bits + (count % 8 * bits + 7) / 8 }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(2...2)
    let (x, palettes) = (operands[0], operands[1])
    guard Self.widths.contains(bits) else { throw OpError("bits is \(bits), expected 2, 3, 4, 6 or 8") }
    guard block >= 0, extent >= 0 else {
      throw OpError("block is \(block) and extent \(extent), expected 0 or more")
    }
    guard x.element == .u8 else { throw OpError("x is \(x), expected u8") }
    try [palettes].expectFloat()
    let axis = try resolve(axis: axis, in: x.shape)
    guard x.shape[axis] == bytes(extent) else {
      throw OpError(
        "x is \(x), expected \(bytes(extent)) bytes at axis \(axis), which \(extent) numbers of \(bits) bits take"
      )
    }
    let rows = x.shape[..<axis].reduce(1, *)
    let expected: Shape =
      block == 0 ? [entries] : [rows / block + (rows % block == 0 ? 0 : 1), entries]
    guard palettes.shape == expected else {
      throw OpError("the palettes are \(palettes), expected \(expected) for \(rows) rows of \(bits) bits")
    }
    var extents = x.shape.extents
    extents[axis] = extent
    return [TensorType(.f32, Shape(extents))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, palettes) = (operands[0], operands[1].floats)
    let axis = try resolve(axis: axis, in: x.shape)
    let (rows, rowBytes) = (x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *))
    let count = results[0].shape[axis...].reduce(1, *)
    var values = [Float](repeating: 0, count: rows * count)
    x.withBytes { source in
      for row in 0..<rows {
        let bytes = UnsafeRawBufferPointer(rebasing: source[(row * rowBytes)..<((row + 1) * rowBytes)])
        let first = block == 0 ? 0 : row / block * entries
        for index in 0..<count {
          values[row * count + index] = palettes[first + number(index, in: bytes)]
        }
      }
    }
    return [Tensor(values, shape: results[0].shape)]
  }

  private func number(_ index: Int, in bytes: UnsafeRawBufferPointer) -> Int {
    let (place, shift) = (index * bits / 8, index * bits % 8)
    let high = shift + bits > 8 ? Int(bytes[place + 1]) << 8 : 0
    return (Int(bytes[place]) | high) >> shift & (entries - 1)
  }

  /// The op's first operand for numbers, as many as a tensor of `shape` has elements, its axis of extent `extent`. They must be
  /// less than 2^`bits`.
  package func pack(_ numbers: [UInt8], shape: Shape) -> Tensor {
    guard let axis = shape.normalized(axis: axis) else { preconditionFailure("no axis \(axis) of \(shape)") }
    var extents = shape.extents
    extents[axis] = bytes(extent)
    let (count, rowBytes) = (shape[axis...].reduce(1, *), extents[axis...].reduce(1, *))
    return Tensor(element: .u8, shape: Shape(extents)) { target in
      for row in 0..<(count == 0 ? 0 : numbers.count / count) {
        for index in 0..<count {
          let (place, shift) = (row * rowBytes + index * bits / 8, index * bits % 8)
          let word = Int(numbers[row * count + index]) << shift
          target[place] |= UInt8(truncatingIfNeeded: word)
          if shift + bits > 8 { target[place + 1] |= UInt8(truncatingIfNeeded: word >> 8) }
        }
      }
    }
  }

  /// Whole rows, and of several palettes all of them.
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let x = operands[0].shape
    guard let axis = x.normalized(axis: axis),
      x.indices.allSatisfy({
        (block == 0 && $0 < axis) || region[$0] == 0..<results[0].shape[$0]
      })
    else { return nil }
    var read = region
    read[axis] = 0..<x[axis]
    return Tile(.palette(self), reads: [read, Region(all: operands[1].shape)])
  }
}
