/// An order in which tasks run, and what it needs.
package struct TaskOrder: Sendable, Equatable {
  package var order: [Int]
  /// The most bytes live while a task runs.
  package var peak: Int
  /// Whether no order has a smaller peak.
  package var isProven: Bool

  package init(order: [Int], peak: Int, isProven: Bool) {
    (self.order, self.peak, self.isProven) = (order, peak, isProven)
  }
}

/// Chooses the order of tasks for a small peak of live bytes: never a larger one than that of the given order, which stays
/// where none is found to be better.
///
/// The graph falls into pieces at tasks that everything before leads to and everything after comes from. In each a beam
/// goes from set to set of tasks that have run, one task at a time. If it finds no order that needs as little as the largest
/// task, all sets are looked at by ascending peak, as long as they are few: the first to be complete is the best.
/// `states` limits the sets that are looked at in a piece, and with them time.
package func chooseOrder(_ graph: TaskGraph, width: Int = 24, states: Int = 4_000) -> TaskOrder {
  let given = Array(graph.tasks.indices)
  let givenPeaks = graph.liveBytes(in: given)
  let peak = givenPeaks.max() ?? 0
  // What one task needs by itself, no order undercuts, so that nothing is gained by less elsewhere.
  var floor = graph.largestTask
  guard floor < peak else { return TaskOrder(order: given, peak: peak, isProven: true) }
  var order: [Int] = []
  var isProven = true
  var search = PieceSearch(graph)
  for piece in graph.pieces {
    let before = max(floor, givenPeaks[piece].max() ?? 0)
    var best = (order: Array(piece), peak: before)
    if best.peak > floor, let found = search.beam(piece, width: width, from: floor, below: before) {
      best = found
    }
    if best.peak > floor {
      switch search.exhaust(piece, states: states, from: floor, below: best.peak) {
      case .found(let order, let peak): best = (order, peak)
      case .none: break
      case .tooMany: isProven = false
      }
    }
    search.finish(piece)
    order += best.order
    floor = max(floor, best.peak)
  }
  return floor < peak
    ? TaskOrder(order: order, peak: floor, isProven: isProven)
    : TaskOrder(order: given, peak: peak, isProven: isProven)
}
