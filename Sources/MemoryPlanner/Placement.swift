/// Which gap a buffer takes.
enum Fit: CaseIterable {
  /// The lowest gap that holds it.
  case first
  /// The smallest gap that holds it.
  case best
}

/// Places the buffers one after the other, each where it collides with none before it. Gives up, with a peak
/// of at least `limit`, once that peak is reached.
func place(_ problem: Problem, in order: [Int], fit: Fit, abandonAt limit: Int = .max) -> Plan {
  let isInStepOrder = zip(order, order.dropFirst()).allSatisfy { earlier, later in
    problem.buffers[earlier].firstStep <= problem.buffers[later].firstStep
  }
  if isInStepOrder, problem.buffers.allSatisfy({ $0.fixedOffset == nil }) {
    return placeInStepOrder(problem, order, fit, abandonAt: limit)
  }
  var plan = Plan(offsets: [Int](repeating: 0, count: problem.buffers.count), peak: 0)
  // In order of offset, so that one walk sees the gaps from the bottom up.
  var placed: [Placed] = []
  placed.reserveCapacity(order.count)
  for index in order {
    let buffer = problem.buffers[index]
    let footprint = problem.footprints[index]
    let offset = buffer.fixedOffset ?? placed.offset(for: buffer, footprint: footprint, fit: fit)
    plan.offsets[index] = offset
    plan.peak = max(plan.peak, offset + footprint)
    if plan.peak >= limit { return plan }
    if footprint > 0 {
      placed.insert(
        Placed(
          offset: offset, end: offset + footprint, firstStep: buffer.firstStep, lastStep: buffer.lastStep),
        at: placed.firstIndex(above: offset))
    }
  }
  return plan
}

private struct Placed {
  var offset: Int
  var end: Int
  var firstStep: Int
  var lastStep: Int
}

extension [Placed] {
  fileprivate func offset(for buffer: Buffer, footprint: Int, fit: Fit) -> Int {
    if footprint == 0 { return 0 }
    var floor = 0
    var best: (offset: Int, gap: Int)?
    for other in self where other.firstStep <= buffer.lastStep && buffer.firstStep <= other.lastStep {
      if other.offset - floor >= footprint {
        let gap = other.offset - floor
        if gap < best?.gap ?? .max {
          best = (floor, gap)
          if fit == .first || gap == footprint { return floor }
        }
      }
      if other.end > floor { floor = other.end.rounded(upTo: buffer.alignment) }
    }
    return best?.offset ?? floor
  }

  fileprivate func firstIndex(above offset: Int) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].offset > offset { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension Int {
  func rounded(upTo alignment: Int) -> Int {
    let remainder = self % alignment
    return remainder == 0 ? self : self + (alignment - remainder)
  }
}
