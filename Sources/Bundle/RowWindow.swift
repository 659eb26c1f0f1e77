import Tensors

/// Which rows of an image a tensor is. An image has the extents of the tensor but along the axis before the last, that of
/// rows, along which it has as many as are kept: all of them, or those that a ring holds, in which row `imageRows` lies
/// where row 0 does.
package struct RowWindow: Sendable, Hashable {
  /// Rows of the image that are kept; the tensor has no more.
  package var imageRows: Int
  /// Where the tensor's first row lies among them.
  package var firstRow: Int

  package init(imageRows: Int, firstRow: Int) {
    self.imageRows = imageRows
    self.firstRow = firstRow
  }

  /// Where `count` rows lie: one range, or two where they go round.
  package func places(of count: Int) -> [Range<Int>] {
    let end = firstRow &+ count
    guard end > imageRows else { return [firstRow..<end] }
    return [firstRow..<imageRows, 0..<(end &- imageRows)]
  }
}

extension Program.View {
  /// Of its elements, wherever they lie.
  package var byteCount: Int { shape.elementCount &* element.byteCount }
  /// The bytes of its buffer between which its elements lie: its own, or those of its image.
  package var byteRange: Range<Int> { offset..<(offset &+ spanBytes) }
  /// Bytes of ``byteRange``.
  package var spanBytes: Int {
    guard let window, rowCount > 0 else { return byteCount }
    return byteCount / rowCount &* window.imageRows
  }

  /// Along the axis before the last.
  package var rowCount: Int { shape.rank >= 2 ? shape[shape.rank - 2] : 1 }

  /// The bytes of its buffer in which its elements lie, as ranges in order.
  package var byteRanges: [Range<Int>] {
    guard let window, byteCount > 0 else { return [byteRange] }
    let row = shape[shape.rank - 1] &* element.byteCount
    let planes = byteCount / row / rowCount
    let places = window.places(of: rowCount).sorted { $0.lowerBound < $1.lowerBound }
    return (0..<planes).flatMap { plane in
      places.map { rows in
        let start = offset &+ plane &* window.imageRows &* row
        return (start &+ rows.lowerBound &* row)..<(start &+ rows.upperBound &* row)
      }
    }
  }

  /// Whether both have bytes in common, if they lie in one buffer.
  package func overlaps(_ other: Program.View) -> Bool {
    guard byteCount > 0, other.byteCount > 0, byteRange.overlaps(other.byteRange) else { return false }
    guard let window, let otherWindow = other.window, isOfSameImage(as: other) else { return true }
    return window.places(of: rowCount).contains { rows in
      otherWindow.places(of: other.rowCount).contains { $0.overlaps(rows) }
    }
  }

  private func isOfSameImage(as other: Program.View) -> Bool {
    let (axis, otherAxis) = (shape.rank - 2, other.shape.rank - 2)
    return offset == other.offset && window?.imageRows == other.window?.imageRows
      && element.byteCount == other.element.byteCount
      && shape.extents.last == other.shape.extents.last
      && shape.extents[..<axis].reduce(1, *) == other.shape.extents[..<otherAxis].reduce(1, *)
  }
}
