/// One buffer that needs a place in the arena for a span of steps.
package struct Buffer: Sendable, Equatable {
  /// The caller's name for the buffer, unique in a problem; plans and messages refer to it.
  package var id: Int
  /// Bytes used; zero is allowed and never conflicts.
  package var size: Int
  /// The offset is a multiple of this; the bytes occupied are `size` rounded up to it.
  package var alignment: Int
  /// First step at which the buffer is live.
  package var firstStep: Int
  /// Last step at which the buffer is live, inclusive.
  package var lastStep: Int
  /// The offset the buffer must have, or nil for any.
  package var fixedOffset: Int?

  package init(
    id: Int, size: Int, alignment: Int = 1, firstStep: Int, lastStep: Int, fixedOffset: Int? = nil
  ) {
    self.id = id
    self.size = size
    self.alignment = alignment
    self.firstStep = firstStep
    self.lastStep = lastStep
    self.fixedOffset = fixedOffset
  }

  package func isLive(at step: Int) -> Bool { firstStep <= step && step <= lastStep }

  /// Whether some step has both buffers live.
  package func isLive(with other: Buffer) -> Bool {
    firstStep <= other.lastStep && other.firstStep <= lastStep
  }
}

/// Buffers to place so that no two that are live at one step share a byte. A problem is checked when made:
/// every problem has a plan, and no sum over its sizes overflows.
package struct Problem: Sendable, Equatable {
  package let buffers: [Buffer]
  /// Bytes each buffer occupies: its size rounded up to its alignment. Parallel to `buffers`.
  package let footprints: [Int]

  /// Throws when a buffer is malformed, an id repeats, fixed buffers collide, or the sizes exceed an `Int`.
  package init(_ buffers: [Buffer]) throws(ProblemError) {
    var ids = Set<Int>()
    var footprints: [Int] = []
    footprints.reserveCapacity(buffers.count)
    // No greedy placement can reach beyond every footprint, its alignment gap and the highest fixed buffer.
    var reach = 0
    var highestFixedEnd = 0
    for buffer in buffers {
      guard ids.insert(buffer.id).inserted else { throw .repeatedIdentifier(buffer.id) }
      guard buffer.size >= 0 else { throw .negativeSize(buffer.id, size: buffer.size) }
      guard buffer.alignment >= 1 else { throw .badAlignment(buffer.id, alignment: buffer.alignment) }
      guard buffer.firstStep <= buffer.lastStep else {
        throw .emptyLifetime(buffer.id, firstStep: buffer.firstStep, lastStep: buffer.lastStep)
      }
      let (padded, overflow) = buffer.size.addingReportingOverflow(buffer.alignment - 1)
      guard !overflow else { throw .tooLarge(buffer.id) }
      let footprint = padded / buffer.alignment * buffer.alignment
      footprints.append(footprint)
      for amount in [footprint, buffer.alignment] {
        let (sum, overflow) = reach.addingReportingOverflow(amount)
        guard !overflow else { throw .tooLarge(buffer.id) }
        reach = sum
      }
      if let fixed = buffer.fixedOffset {
        guard fixed >= 0, fixed % buffer.alignment == 0 else {
          throw .badFixedOffset(buffer.id, offset: fixed, alignment: buffer.alignment)
        }
        let (end, overflow) = fixed.addingReportingOverflow(footprint)
        guard !overflow else { throw .tooLarge(buffer.id) }
        highestFixedEnd = max(highestFixedEnd, end)
        guard !reach.addingReportingOverflow(highestFixedEnd).overflow else { throw .tooLarge(buffer.id) }
      }
    }
    guard !reach.addingReportingOverflow(highestFixedEnd).overflow else {
      throw .tooLarge(buffers[buffers.count - 1].id)
    }
    self.buffers = buffers
    self.footprints = footprints
    try checkFixedBuffers()
  }

  private func checkFixedBuffers() throws(ProblemError) {
    let fixed = buffers.indices.filter { buffers[$0].fixedOffset != nil && footprints[$0] > 0 }
      .sorted { (buffers[$0].firstStep, $0) < (buffers[$1].firstStep, $1) }
    var live: [Int] = []
    for index in fixed {
      let buffer = buffers[index]
      live.removeAll { buffers[$0].lastStep < buffer.firstStep }
      for other in live {
        guard let offset = buffer.fixedOffset, let otherOffset = buffers[other].fixedOffset else { continue }
        if offset < otherOffset + footprints[other], otherOffset < offset + footprints[index] {
          throw .fixedBuffersCollide(buffers[other].id, buffer.id)
        }
      }
      live.append(index)
    }
  }
}

/// Why buffers do not make a problem.
package enum ProblemError: Error, Equatable, CustomStringConvertible {
  case repeatedIdentifier(Int)
  case negativeSize(Int, size: Int)
  case badAlignment(Int, alignment: Int)
  case emptyLifetime(Int, firstStep: Int, lastStep: Int)
  case badFixedOffset(Int, offset: Int, alignment: Int)
  case fixedBuffersCollide(Int, Int)
  case tooLarge(Int)

  /// The id of the buffer at which it showed.
  package var buffer: Int {
    switch self {
    case .repeatedIdentifier(let id), .negativeSize(let id, _), .badAlignment(let id, _),
      .emptyLifetime(let id, _, _),
      .badFixedOffset(let id, _, _), .fixedBuffersCollide(_, let id), .tooLarge(let id):
      id
    }
  }

  package var description: String {
    switch self {
    case .repeatedIdentifier(let id):
      "buffer \(id) appears twice; give every buffer an id of its own"
    case .negativeSize(let id, let size):
      "buffer \(id) has size \(size); a size is zero or more bytes"
    case .badAlignment(let id, let alignment):
      "buffer \(id) has alignment \(alignment); an alignment is one or more bytes"
    case .emptyLifetime(let id, let firstStep, let lastStep):
      "buffer \(id) is live from step \(firstStep) to \(lastStep); the last step must not be before the first"
    case .badFixedOffset(let id, let offset, let alignment):
      "buffer \(id) is fixed at offset \(offset); a fixed offset is a non-negative multiple of the alignment, "
        + "here \(alignment)"
    case .fixedBuffersCollide(let first, let second):
      "buffers \(first) and \(second) are fixed at overlapping bytes and live at one step; move one of them"
    case .tooLarge(let id):
      "the sizes up to buffer \(id) sum to more than \(Int.max) bytes, which no arena can hold"
    }
  }
}
