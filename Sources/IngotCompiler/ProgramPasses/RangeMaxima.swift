/// The largest value among those of ranges that have something in common with a range; ranges are given once.
///
/// Making it takes n log n steps for n ranges, a question log n.
struct RangeMaxima {
  /// Where ranges begin and end, ascending, each once. Piece i lies between bound i and i + 1.
  private var bounds: [Int] = []
  /// A binary tree over the pieces. `covering` of a node is the largest value of a range that holds all of it and was
  /// split no further, `touching` that of a range which holds any of it.
  private var covering: [Int] = []
  private var touching: [Int] = []

  /// Empty ranges have nothing in common with any.
  init(_ entries: [(range: Range<Int>, value: Int)]) {
    let entries = entries.filter { !$0.range.isEmpty }
    for bound in entries.flatMap({ [$0.range.lowerBound, $0.range.upperBound] }).sorted()
    where bounds.last != bound { bounds.append(bound) }
    covering = [Int](repeating: .min, count: 2 * bounds.count)
    touching = covering
    for entry in entries {
      insert(entry.value, first(notBefore: entry.range.lowerBound), first(notBefore: entry.range.upperBound))
    }
  }

  /// Nil if no range has anything in common with this one.
  func maximum(in range: Range<Int>) -> Int? {
    guard let last = bounds.last, bounds[0] < last, !range.isEmpty else { return nil }
    // Pieces from the one that holds the range's start to the one that holds its last element.
    let low = max(0, first(notBefore: range.lowerBound + 1) - 1)
    let high = min(bounds.count - 1, first(notBefore: range.upperBound))
    guard low < high else { return nil }
    var result = Int.min
    var (left, right) = (low + bounds.count, high + bounds.count)
    while left < right {
      if left % 2 == 1 {
        result = max(result, touching[left], coveringAbove(left))
        left += 1
      }
      if right % 2 == 1 {
        right -= 1
        result = max(result, touching[right], coveringAbove(right))
      }
      left /= 2
      right /= 2
    }
    return result == .min ? nil : result
  }

  private mutating func insert(_ value: Int, _ low: Int, _ high: Int) {
    var (left, right) = (low + bounds.count, high + bounds.count)
    while left < right {
      if left % 2 == 1 {
        cover(left, value)
        left += 1
      }
      if right % 2 == 1 {
        right -= 1
        cover(right, value)
      }
      left /= 2
      right /= 2
    }
  }

  private mutating func cover(_ node: Int, _ value: Int) {
    covering[node] = max(covering[node], value)
    var node = node
    while node > 0 {
      touching[node] = max(touching[node], value)
      node /= 2
    }
  }

  private func coveringAbove(_ node: Int) -> Int {
    var (node, result) = (node / 2, Int.min)
    while node > 0 {
      result = max(result, covering[node])
      node /= 2
    }
    return result
  }

  /// Index of the first bound that is not before a place; their number if there is none.
  private func first(notBefore place: Int) -> Int {
    var (low, high) = (0, bounds.count)
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] >= place { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
