/// What ``place(_:in:fit:abandonAt:)`` gives for an order of first steps without fixed buffers. All buffers that have not
/// ended then meet the next one, so the gaps between them are all there is to look at, and they are few.
func placeInStepOrder(_ problem: Problem, _ order: [Int], _ fit: Fit, abandonAt limit: Int) -> Plan {
  var plan = Plan(offsets: [Int](repeating: 0, count: problem.buffers.count), peak: 0)
  var gaps = Gaps()
  // Those that have been placed or will be, by the step after which their place is free.
  let byEnd = order.filter { problem.footprints[$0] > 0 }
    .sorted { (problem.buffers[$0].lastStep, $0) < (problem.buffers[$1].lastStep, $1) }
  var ended = byEnd[...]
  for index in order {
    let buffer = problem.buffers[index]
    let footprint = problem.footprints[index]
    while let first = ended.first, problem.buffers[first].lastStep < buffer.firstStep {
      gaps.free(plan.offsets[first], problem.footprints[first])
      ended.removeFirst()
    }
    guard footprint > 0 else { continue }
    let offset = gaps.take(footprint, alignment: buffer.alignment, fit: fit)
    plan.offsets[index] = offset
    plan.peak = max(plan.peak, offset + footprint)
    if plan.peak >= limit { return plan }
  }
  return plan
}

/// The bytes of an arena that no live buffer occupies.
private struct Gaps {
  /// In order, apart from each other; the last has no end.
  private var gaps = [0..<Int.max]

  /// Takes bytes out of the lowest gap that holds them, or out of the smallest.
  mutating func take(_ bytes: Int, alignment: Int, fit: Fit) -> Int {
    var best: (index: Int, start: Int, room: Int)?
    for (index, gap) in gaps.enumerated() {
      let start = gap.lowerBound.rounded(upTo: alignment)
      let room = gap.upperBound - start
      // The last one is taken for want of another.
      guard room >= bytes, index < gaps.count - 1 || best == nil, room < best?.room ?? .max || best == nil
      else { continue }
      best = (index, start, room)
      if fit == .first || room == bytes { break }
    }
    guard let (index, start, _) = best else { preconditionFailure("the last gap holds every buffer") }
    let gap = gaps[index]
    let rest = [gap.lowerBound..<start, (start + bytes)..<gap.upperBound].filter { !$0.isEmpty }
    gaps.replaceSubrange(index...index, with: rest)
    return start
  }

  mutating func free(_ offset: Int, _ bytes: Int) {
    var (low, high) = (0, gaps.count)
    while low < high {
      let middle = (low + high) / 2
      if gaps[middle].upperBound >= offset { high = middle } else { low = middle + 1 }
    }
    var (end, merged) = (low, offset..<(offset + bytes))
    while gaps[end].lowerBound <= merged.upperBound {
      merged = min(merged.lowerBound, gaps[end].lowerBound)..<max(merged.upperBound, gaps[end].upperBound)
      end += 1
      if end == gaps.count { break }
    }
    gaps.replaceSubrange(low..<end, with: CollectionOfOne(merged))
  }
}
