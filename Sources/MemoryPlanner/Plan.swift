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

/// A valid plan of small peak: the best of several greedy ones, then improved by small changes to its order.
/// The same problem always gives the same plan.
///
/// Time grows with the square of the number of buffers up to a fixed limit, where fewer orders are tried;
/// past that there is only the run by first step, which costs buffers × buffers live at once.
package func plan(_ problem: Problem) -> Plan {
  let liveBytes = LiveBytes(problem)
  let bound = liveBytes.maximum
  var order = PlacementOrder.firstStep.indices(of: problem, liveBytes)
  var fit = Fit.first
  var best = place(problem, in: order, fit: fit)
  let workPerRun = Double(problem.buffers.count) * Double(problem.buffers.count)
  var work = 0.0
  for candidateOrder in PlacementOrder.allCases.map({ $0.indices(of: problem, liveBytes) }) {
    for candidateFit in Fit.allCases {
      work += workPerRun
      if best.peak <= bound || work > largestWork { break }
      let candidate = place(problem, in: candidateOrder, fit: candidateFit, abandonAt: best.peak)
      if candidate.peak < best.peak { (best, order, fit) = (candidate, candidateOrder, candidateFit) }
    }
  }
  if best.peak <= bound { return best }
  return improve(problem, order: order, fit: fit, bound: bound, work: largestImprovementWork)
}

/// Pairs of buffers compared before the planner settles for the greedy plans it has.
private let largestWork = 5e9
/// Pairs of buffers compared in improving the best of them.
private let largestImprovementWork = 2e7
