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

/// A valid plan of small peak, found with an amount of work that doesn't depend on the machine: the same problem always
/// gives the same plan. Takes some 50 ms at most for thousands of buffers, and a few of them where greedy placements are
/// as small as a plan can be.
package func plan(_ problem: Problem) -> Plan {
  let search = OffsetSearch(problem)
  search.improve(work: compileWork)
  return search.plan
}

/// Steps of the planner that a compile spends on a memory beyond greedy placements.
private let compileWork = 20_000_000
