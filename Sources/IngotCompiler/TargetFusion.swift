package import Machine
package import Passes

extension FusionRules {
  /// What a target has as one op.
  package init(_ target: Target) {
    self.init { candidate, graph in
      target.allowsFusing(
        candidate.guests, into: candidate.host, as: candidate.op, candidate.operands, in: graph)
    }
  }
}
