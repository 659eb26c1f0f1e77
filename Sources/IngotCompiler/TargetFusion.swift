package import Machine
package import Passes

extension FusionRules {
  /// What a target has as one op.
  package init(_ target: Target) {
    self.init(
      prefers: { made, given in target.prefers(made.node, in: made.graph, to: given.node, in: given.graph) },
      allows: { candidate, graph in
        target.allowsFusing(
          candidate.guests, into: candidate.host, as: candidate.op, candidate.operands, in: graph)
      })
  }
}
