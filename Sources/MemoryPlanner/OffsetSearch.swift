import CMemoryPlanner

/// Finds offsets for a problem: greedy ones at once, better ones as long as there is work or time left.
///
/// Buffers that no chain of lifetimes connects are placed apart. Each such component is placed in several greedy orders;
/// then a search that places from the bottom up, with restarts, and a repair that takes out what is too high and puts it
/// back in place of less, take turns in lowering the highest component. The search is exhaustive for a given peak, so that
/// it may show that there is no smaller one.
package final class OffsetSearch {
  private let planner: OpaquePointer
  private let count: Int

  package init(_ problem: Problem) {
    let buffers = zip(problem.buffers, problem.footprints).map { buffer, footprint in
      ingot_planner_buffer(
        size: Int64(footprint), alignment: Int64(buffer.alignment), first: Int64(buffer.firstStep),
        last: Int64(buffer.lastStep), fixed: buffer.fixedOffset.map { Int64($0) } ?? Int64(INGOT_PLANNER_FREE)
      )
    }
    count = buffers.count
    guard let planner = ingot_planner_create(buffers, Int32(count)) else {
      fatalError("there is not enough memory to plan \(buffers.count) buffers")
    }
    self.planner = planner
  }

  deinit { ingot_planner_destroy(planner) }

  /// The best plan so far.
  package var plan: Plan {
    let offsets = UnsafeBufferPointer(start: ingot_planner_offsets(planner), count: count)
    return Plan(offsets: offsets.map { Int($0) }, peak: Int(ingot_planner_peak(planner)))
  }

  package var peak: Int { Int(ingot_planner_peak(planner)) }

  /// What no plan can be smaller than. The most bytes that are live at a step, unless the search shows that more are
  /// needed.
  package var lowerBound: Int { Int(ingot_planner_bound(planner)) }

  /// Whether no plan is smaller than the best one.
  package var isProven: Bool { peak == lowerBound }

  /// Lowers the peak until it is at most `goal`, or proven, or about `work` steps of a nanosecond or two are done. What it
  /// finds depends on nothing but the problem and the calls so far.
  package func improve(goal: Int = 0, work: Int) {
    _ = ingot_planner_improve(planner, Int64(goal), Int64(work), nil, nil)
  }

  /// Lowers the peak until it is at most `goal`, or proven, or the clock says so.
  package func improve(goal: Int = 0, until deadline: ContinuousClock.Instant) {
    withUnsafePointer(to: deadline) { deadline in
      _ = ingot_planner_improve(
        planner, Int64(goal), Int64.max,
        { context in
          guard let deadline = context?.assumingMemoryBound(to: ContinuousClock.Instant.self) else {
            return true
          }
          return ContinuousClock.now >= deadline.pointee
        }, UnsafeMutableRawPointer(mutating: deadline))
    }
  }
}
