package import IR

/// What may be fused: asked by passes that make one op of several, answered by whoever knows the target.
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

  package var allows: @Sendable (Candidate, Graph) -> Bool

  package init(allows: @escaping @Sendable (Candidate, Graph) -> Bool) { self.allows = allows }

  /// All that the interpreter can compute at once.
  package static let everything = FusionRules { _, _ in true }
}
