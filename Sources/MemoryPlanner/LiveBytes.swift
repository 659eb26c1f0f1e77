/// How many bytes are live at each step where a buffer starts; between two such steps the sum only falls.
struct LiveBytes {
  /// Steps at which at least one buffer starts, ascending.
  private let steps: [Int]
  /// A binary tree of maxima over the bytes live at `steps`; the leaves are its second half.
  private let maxima: [Int]

  init(_ problem: Problem) {
    var steps: [Int] = []
    for step in problem.buffers.map(\.firstStep).sorted() where steps.last != step { steps.append(step) }
    self.steps = steps

    var changes = [Int](repeating: 0, count: steps.count + 1)
    for (buffer, footprint) in zip(problem.buffers, problem.footprints) {
      changes[steps.firstIndex(notBefore: buffer.firstStep)] += footprint
      changes[steps.firstIndex(after: buffer.lastStep)] -= footprint
    }
    var maxima = [Int](repeating: 0, count: 2 * steps.count)
    var live = 0
    for index in steps.indices {
      live += changes[index]
      maxima[steps.count + index] = live
    }
    for node in stride(from: steps.count - 1, to: 0, by: -1) {
      maxima[node] = max(maxima[2 * node], maxima[2 * node + 1])
    }
    self.maxima = maxima
  }

  /// The largest sum at any step.
  var maximum: Int { maxima.count > 1 ? maxima[1] : 0 }

  /// The largest sum at any step of the buffer's life.
  func maximum(during buffer: Buffer) -> Int {
    var low = steps.firstIndex(notBefore: buffer.firstStep) + steps.count
    var high = steps.firstIndex(after: buffer.lastStep) + steps.count
    var result = 0
    while low < high {
      if low % 2 == 1 {
        result = max(result, maxima[low])
        low += 1
      }
      if high % 2 == 1 {
        high -= 1
        result = max(result, maxima[high])
      }
      low /= 2
      high /= 2
    }
    return result
  }
}

extension Problem {
  /// The largest sum of live footprints at any step. No plan has a smaller peak, except that a buffer fixed
  /// above it can force a larger one.
  package var lowerBound: Int { LiveBytes(self).maximum }
}

extension [Int] {
  fileprivate func firstIndex(notBefore value: Int) -> Int { partition { $0 >= value } }
  fileprivate func firstIndex(after value: Int) -> Int { partition { $0 > value } }

  private func partition(where isInSecondPart: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
