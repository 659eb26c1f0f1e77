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
