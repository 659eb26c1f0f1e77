package import IR

/// What may be fused, and what had better be written otherwise: asked by passes, answered by whoever knows the target.
package struct FusionRules: Sendable {
  /// A node that is to compute what others do too.
  package struct Candidate {
    /// The node that takes the others in.
    package var host: NodeID
    /// What it takes in.
    package var guests: [NodeID]
    /// The op that computes all of them, and what it reads.
    package var op: Op
    package var operands: [ValueID]
  }

  /// A node and the graph that it is in.
  package typealias Place = (node: NodeID, graph: Graph)

  package var allows: @Sendable (Candidate, Graph) -> Bool
  /// Whether the target runs a node that was made in place of another as it should, and not the other one.
  private var prefers: @Sendable (_ made: Place, _ given: Place) -> Bool

  package init(
    prefers: @escaping @Sendable (_ made: Place, _ given: Place) -> Bool = { _, _ in false },
    allows: @escaping @Sendable (Candidate, Graph) -> Bool
  ) {
    self.allows = allows
    self.prefers = prefers
  }

  func improves(_ given: NodeID, _ before: Graph, _ made: NodeID, _ after: Graph) -> Bool {
    prefers((made, after), (given, before))
  }

  /// All that the interpreter can compute at once.
  package static let everything = FusionRules { _, _ in true }
}
