import IR

/// Consecutive nodes that run in turns, some rows of each at a time, so that of what they hand to each other only the rows
/// that are still needed are kept.
struct Cascade: Sendable, Equatable {
  /// Rows of the result of one node.
  struct Stripe: Sendable, Equatable {
    /// Place of the node in the execution order.
    var position: Int
    var rows: Range<Int>
  }

  /// Places of the nodes in the execution order.
  var range: Range<Int>
  /// In the order in which they run.
  var stripes: [Stripe]
  /// Rows that are kept of a result that only the cascade reads, by the place of its node.
  var rings: [Int: Int]
  /// Results that are written over a value of the same type that nobody needs any more, by the place of the node.
  var overwrites: [Int: ValueID]
}

/// How a function is cut into calls: the nodes that no cascade has run whole.
struct Tiling: Sendable, Equatable {
  /// In execution order; their ranges have no place in common.
  var cascades: [Cascade] = []
  /// Places of the nodes whose weights are moved to where values lie before they run.
  var staged: Set<Int> = []
  /// Bytes that may be live where weights are moved ahead of their use; nil for any number.
  var limit: Int?
}
