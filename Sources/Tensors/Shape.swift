/// Extents of a tensor, outermost first. A scalar has rank 0.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, RandomAccessCollection,
  CustomStringConvertible
{
  package var extents: [Int]

  package init(_ extents: [Int]) { self.extents = extents }
  package init(arrayLiteral elements: Int...) { extents = elements }

  package var rank: Int { extents.count }
  package var startIndex: Int { 0 }
  package var endIndex: Int { extents.count }
  package subscript(index: Int) -> Int {
    get { extents[index] }
    set { extents[index] = newValue }
  }

  /// Number of elements: 1 for a scalar. Wraps on overflow; readers check with ``checkedCount`` first.
  package var elementCount: Int { extents.reduce(1, &*) }

  /// Number of elements, or nil if an extent is negative or the product overflows.
  package var checkedCount: Int? {
    var count = 1
    for extent in extents {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }

  /// Row-major strides in elements.
  package var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] &* extents[axis + 1]
    }
    return strides
  }

  /// NumPy broadcasting of two shapes; nil if they do not fit.
  package func broadcast(with other: Shape) -> Shape? {
    let rank = Swift.max(self.rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let mine = axis - (rank - self.rank) >= 0 ? extents[axis - (rank - self.rank)] : 1
      let theirs = axis - (rank - other.rank) >= 0 ? other.extents[axis - (rank - other.rank)] : 1
      if mine == theirs || theirs == 1 {
        result[axis] = mine
      } else if mine == 1 {
        result[axis] = theirs
      } else {
        return nil
      }
    }
    return Shape(result)
  }

  /// Strides with which a tensor of this shape is read when broadcast to `target`: 0 along repeated axes.
  package func broadcastStrides(to target: Shape) -> [Int] {
    let own = strides
    let offset = target.rank - rank
    return (0..<target.rank).map { axis in
      axis < offset || extents[axis - offset] == 1 ? 0 : own[axis - offset]
    }
  }

  /// The axis as a non-negative index, counting negative ones from the end; nil if out of range.
  package func normalized(axis: Int) -> Int? {
    let index = axis < 0 ? axis + rank : axis
    return (0..<rank).contains(index) ? index : nil
  }

  package var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }
}
