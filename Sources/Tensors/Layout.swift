/// The order in which a tensor's elements lie in memory. Shapes and meaning stay logical (NCHW) whatever it is.
///
/// Axes lie in `order`, the first outermost. One may be cut into blocks: its number of the block stands at its place in
/// the order, and the elements of a block lie innermost. The last block holds what is left, so that every layout has as
/// many bytes as row-major order:
///
///     [0, 2, 3, 1]                   channels last
///     [0, 1, 2, 3], axis 1 by 16     channels in blocks of 16
///     [1, 0], axis 1 by 32           panels of 32 columns of a matrix, row by row
package struct Layout: Hashable, Sendable {
  package struct Block: Hashable, Sendable {
    package var axis: Int
    package var extent: Int
    package init(axis: Int, extent: Int) {
      self.axis = axis
      self.extent = extent
    }
  }

  package var order: [Int]
  package var block: Block?

  package init(_ order: [Int], block: Block? = nil) {
    self.order = order
    self.block = block
  }

  package static func rowMajor(rank: Int) -> Layout { Layout(Array(0..<rank)) }

  package var isRowMajor: Bool { block == nil && order == Array(order.indices) }

  /// Whether it is one of tensors of this rank.
  package func fits(rank: Int) -> Bool {
    order.sorted() == Array(0..<rank) && block.map { order.contains($0.axis) && $0.extent >= 1 } ?? true
  }

  /// What of a tensor lies evenly: a block, or all if there are none.
  struct Piece {
    /// Where its first element lies, row-major and in the layout.
    var source: Int
    var target: Int
    /// From the outermost axis in the layout to the innermost, in elements.
    var extents: [Int]
    var sourceStrides: [Int]
    var targetStrides: [Int]
  }

  func pieces(of shape: Shape) -> [Piece] {
    let rows = shape.strides
    let extents = order.map { shape[$0] }
    let strides = Shape(extents).strides
    guard let block, let place = order.firstIndex(of: block.axis) else {
      return [
        Piece(
          source: 0, target: 0, extents: extents, sourceStrides: order.map { rows[$0] },
          targetStrides: strides)
      ]
    }
    return stride(from: 0, to: shape[block.axis], by: block.extent).map { first in
      let width = min(block.extent, shape[block.axis] - first)
      var piece = Piece(
        source: first * rows[block.axis], target: first * strides[place], extents: [], sourceStrides: [],
        targetStrides: [])
      for (position, axis) in order.enumerated() where position != place {
        piece.extents.append(shape[axis])
        piece.sourceStrides.append(rows[axis])
        piece.targetStrides.append(position < place ? strides[position] : strides[position] * width)
      }
      piece.extents.append(width)
      piece.sourceStrides.append(rows[block.axis])
      piece.targetStrides.append(1)
      return piece
    }
  }
}

extension Layout: CustomStringConvertible {
  /// `[0, 2, 3, 1]`, or `[1, 0; 1 by 32]` with axis 1 in blocks of 32.
  package var description: String {
    let axes = order.map(String.init).joined(separator: ", ")
    return block.map { "[\(axes); \($0.axis) by \($0.extent)]" } ?? "[\(axes)]"
  }
}

extension Tensor {
  /// Writes the elements, which lie in row-major order, in that of a layout of this rank. `target` has their bytes.
  package func write(in layout: Layout, to target: UnsafeMutableRawBufferPointer) {
    precondition(layout.fits(rank: shape.rank) && target.count == byteCount, "layout \(layout) of \(shape)")
    guard let y = target.baseAddress, byteCount > 0 else { return }
    withBytes { source in
      guard let x = source.baseAddress else { return }
      if layout.isRowMajor { return target.copyMemory(from: source) }
      for piece in layout.pieces(of: shape) {
        switch element.byteCount {
        case 1: move(UInt8.self, piece, from: x, to: y)
        case 2: move(UInt16.self, piece, from: x, to: y)
        case 4: move(UInt32.self, piece, from: x, to: y)
        default: move(UInt64.self, piece, from: x, to: y)
        }
      }
    }
  }

  /// The same elements as if the order of a layout were row-major: what ``write(in:to:)`` writes, under the same shape.
  package func laidOut(_ layout: Layout) -> Tensor {
    Tensor(element: element, shape: shape) { write(in: layout, to: $0) }
  }
}

/// Copies a piece element by element, the two innermost axes in loops of their own.
private func move<Element>(
  _: Element.Type, _ piece: Layout.Piece, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer
) {
  let x = source.assumingMemoryBound(to: Element.self)
  let y = target.assumingMemoryBound(to: Element.self)
  let rank = piece.extents.count
  let (rows, columns) = (rank >= 2 ? piece.extents[rank - 2] : 1, piece.extents.last ?? 1)
  let (xRow, yRow) = rank >= 2 ? (piece.sourceStrides[rank - 2], piece.targetStrides[rank - 2]) : (0, 0)
  let (xColumn, yColumn) = (piece.sourceStrides.last ?? 0, piece.targetStrides.last ?? 0)
  let outer = Shape(Array(piece.extents.dropLast(2)))
  for index in 0..<outer.elementCount {
    var (rest, from, to) = (index, piece.source, piece.target)
    for axis in outer.indices.reversed() {
      from += rest % outer[axis] * piece.sourceStrides[axis]
      to += rest % outer[axis] * piece.targetStrides[axis]
      rest /= outer[axis]
    }
    for row in 0..<rows {
      var (a, b) = (from + row * xRow, to + row * yRow)
      for _ in 0..<columns {
        y[b] = x[a]
        a += xColumn
        b += yColumn
      }
    }
  }
}
