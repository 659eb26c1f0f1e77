import Bundle
import CBundleFormat

/// How many bytes of one memory are live at each moment of a program, and what changes of it do.
///
/// There is a moment for each instruction, one before the first, and one between any two, so that it can be told what a
/// new instruction there would find.
struct LiveProfile {
  /// A binary tree over moments. A node's bytes are added to all moments below it; its maximum is that of the sums
  /// there, without what nodes above it add.
  private var added: [Int]
  private var maxima: [Int]
  private let size: Int

  /// The moment of an instruction; -1 stands for what comes before the first.
  static func moment(of instruction: Int) -> Int { 2 * instruction + 2 }
  static func moment(after instruction: Int) -> Int { 2 * instruction + 3 }
  /// What a buffer occupies of its memory.
  static func footprint(_ buffer: Program.Buffer) -> Int {
    let alignment = Int(INGOT_TENSOR_ALIGNMENT)
    return (buffer.bytes + alignment - 1) / alignment * alignment
  }

  init(moments: Int) {
    var size = 1
    while size < moments { size *= 2 }
    self.size = size
    added = [Int](repeating: 0, count: 2 * size)
    maxima = added
  }

  /// Adds bytes to all moments of a range, or takes them off.
  mutating func add(_ bytes: Int, to moments: Range<Int>) {
    guard !moments.isEmpty else { return }
    var (left, right) = (moments.lowerBound + size, moments.upperBound + size)
    while left < right {
      if left % 2 == 1 {
        addAll(bytes, left)
        left += 1
      }
      if right % 2 == 1 {
        right -= 1
        addAll(bytes, right)
      }
      left /= 2
      right /= 2
    }
    renew(above: moments.lowerBound + size)
    renew(above: moments.upperBound - 1 + size)
  }

  /// The most bytes at any moment of a range.
  func maximum(in moments: Range<Int>) -> Int {
    var result = 0
    var (left, right) = (moments.lowerBound + size, moments.upperBound + size)
    while left < right {
      if left % 2 == 1 {
        result = max(result, maxima[left] + addedAbove(left))
        left += 1
      }
      if right % 2 == 1 {
        right -= 1
        result = max(result, maxima[right] + addedAbove(right))
      }
      left /= 2
      right /= 2
    }
    return result
  }

  private mutating func addAll(_ bytes: Int, _ node: Int) {
    added[node] += bytes
    maxima[node] += bytes
  }

  private mutating func renew(above node: Int) {
    var node = node / 2
    while node > 0 {
      maxima[node] = max(maxima[2 * node], maxima[2 * node + 1]) + added[node]
      node /= 2
    }
  }

  private func addedAbove(_ node: Int) -> Int {
    var (node, sum) = (node / 2, 0)
    while node > 0 {
      sum += added[node]
      node /= 2
    }
    return sum
  }
}
