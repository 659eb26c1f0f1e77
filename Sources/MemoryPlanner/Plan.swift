/// Where each buffer of a problem lies.
package struct Plan: Sendable, Equatable {
  /// Byte offset of each buffer, parallel to the problem's buffers.
  package var offsets: [Int]
  /// Bytes the arena needs: the largest offset plus footprint.
  package var peak: Int

  package init(offsets: [Int], peak: Int) {
    self.offsets = offsets
    self.peak = peak
  }
}

/// A valid plan of small peak: the best of several greedy ones. The same problem always gives the same plan.
///
/// Each greedy run costs up to the square of the number of buffers, so that large problems get fewer runs;
/// past that only the run by first step, which costs buffers × buffers live at once.
package func plan(_ problem: Problem) -> Plan {
  let liveBytes = LiveBytes(problem)
  let bound = liveBytes.maximum
  var best = place(problem, in: PlacementOrder.firstStep.indices(of: problem, liveBytes), fit: .first)
  var work = 0.0
  let workPerRun = Double(problem.buffers.count) * Double(problem.buffers.count)
  for order in PlacementOrder.allCases {
    let indices = order.indices(of: problem, liveBytes)
    for fit in Fit.allCases {
      work += workPerRun
      if best.peak <= bound || work > largestWork { return best }
      let candidate = place(problem, in: indices, fit: fit, abandonAt: best.peak)
      if candidate.peak < best.peak { best = candidate }
    }
  }
  return best
}

/// Pairs of buffers compared before the planner settles for what it has.
private let largestWork = 5e9
