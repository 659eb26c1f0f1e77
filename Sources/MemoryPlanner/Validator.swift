/// One way in which a plan does not solve its problem.
package enum Violation: Equatable, Sendable, CustomStringConvertible {
  case wrongCount(found: Int, expected: Int)
  case outOfRange(Int, offset: Int)
  case misaligned(Int, offset: Int, alignment: Int)
  case movedFixed(Int, offset: Int, expected: Int)
  /// Two buffers share bytes at `step`, the first at which both are live.
  case overlap(Int, Int, step: Int)
  case wrongPeak(found: Int, expected: Int)

  package var description: String {
    switch self {
    case .wrongCount(let found, let expected):
      "the plan has \(found) offsets for \(expected) buffers"
    case .outOfRange(let id, let offset):
      "buffer \(id) lies at offset \(offset), outside any arena"
    case .misaligned(let id, let offset, let alignment):
      "buffer \(id) lies at offset \(offset), not a multiple of its alignment, \(alignment)"
    case .movedFixed(let id, let offset, let expected):
      "buffer \(id) lies at offset \(offset) but is fixed at \(expected)"
    case .overlap(let first, let second, let step):
      "buffers \(first) and \(second) share bytes at step \(step)"
    case .wrongPeak(let found, let expected):
      "the plan states a peak of \(found) bytes, its offsets reach \(expected)"
    }
  }
}

/// What is wrong with the plan; empty when it is valid. Of the overlaps of one buffer with those that started
/// before it, only the first is reported.
package func validate(_ problem: Problem, _ plan: Plan) -> [Violation] {
  let buffers = problem.buffers
  guard plan.offsets.count == buffers.count else {
    return [.wrongCount(found: plan.offsets.count, expected: buffers.count)]
  }
  var violations: [Violation] = []
  var reach = 0
  var spans: [Span] = []
  for (buffer, offset) in zip(buffers, plan.offsets) {
    // Rounded here again rather than taken from the problem: the validator trusts nothing it can compute.
    let excess = buffer.size % buffer.alignment
    let occupied = excess == 0 ? buffer.size : buffer.size + buffer.alignment - excess
    let (end, overflow) = offset.addingReportingOverflow(occupied)
    guard offset >= 0, !overflow else {
      violations.append(.outOfRange(buffer.id, offset: offset))
      continue
    }
    if offset % buffer.alignment != 0 {
      violations.append(.misaligned(buffer.id, offset: offset, alignment: buffer.alignment))
    }
    if let expected = buffer.fixedOffset, expected != offset {
      violations.append(.movedFixed(buffer.id, offset: offset, expected: expected))
    }
    reach = max(reach, end)
    if occupied > 0 { spans.append(Span(buffer: buffer, start: offset, end: end)) }
  }
  violations += overlaps(spans)
  if violations.isEmpty, plan.peak != reach {
    violations.append(.wrongPeak(found: plan.peak, expected: reach))
  }
  return violations
}

private struct Span {
  var buffer: Buffer
  var start: Int
  var end: Int
}

/// Walks the spans as they start and compares each with those still live.
private func overlaps(_ spans: [Span]) -> [Violation] {
  if areDisjoint(spans) { return [] }
  var found: [Violation] = []
  var live: [Span] = []
  let byStep = spans.indices.sorted {
    (spans[$0].buffer.firstStep, $0) < (spans[$1].buffer.firstStep, $1)
  }
  for index in byStep {
    let span = spans[index]
    let step = span.buffer.firstStep
    live.removeAll { $0.buffer.lastStep < step }
    for other in live where other.start < span.end && span.start < other.end {
      found.append(.overlap(other.buffer.id, span.buffer.id, step: step))
      break
    }
    live.append(span)
  }
  return found
}

/// Whether no two spans that are live at one step share bytes. As long as that holds, those that are live stand in one
/// order, in which a new one can only meet its neighbours.
private func areDisjoint(_ spans: [Span]) -> Bool {
  enum Event { case end, start }
  var events: [(step: Int, event: Event, span: Int)] = []
  for (index, span) in spans.enumerated() {
    events.append((span.buffer.firstStep, .start, index))
    events.append((span.buffer.lastStep, .end, index))
  }
  // Spans live until their last step has passed.
  events.sort { ($0.step, $0.event == .end ? 1 : 0, $0.span) < ($1.step, $1.event == .end ? 1 : 0, $1.span) }
  var live: [Int] = []
  for (_, event, index) in events {
    var (low, high) = (0, live.count)
    while low < high {
      let middle = (low + high) / 2
      if spans[live[middle]].start >= spans[index].start { high = middle } else { low = middle + 1 }
    }
    if event == .end {
      live.remove(at: low)
      continue
    }
    if low > 0, spans[live[low - 1]].end > spans[index].start { return false }
    if low < live.count, spans[live[low]].start < spans[index].end { return false }
    live.insert(index, at: low)
  }
  return true
}
