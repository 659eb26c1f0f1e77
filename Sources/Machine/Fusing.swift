package import IR
import Tensors

extension Target {
  /// Whether `host` may compute what the nodes `guests` compute too, as the one op given.
  ///
  /// On a CPU it always may. Elsewhere all must run on one engine, which must have the whole without making the host
  /// slower than it is, and natively what is fused into it; the fallback engine has everything.
  package func allowsFusing(
    _ guests: [NodeID], into host: NodeID, as op: Op, _ operands: [ValueID], in graph: Graph
  ) -> Bool {
    guard family != .cpu else { return true }
    let before = judge(Site(graph[host], in: graph))
    let after = judge(
      Site(op, operands, results: graph[host].results.map { graph.type(of: $0) }, in: graph))
    guard before.engine == after.engine else { return false }
    let isFallback = before.engine == fallback.engine
    guard isFallback || after.verdict.severity <= before.verdict.severity else { return false }
    return guests.allSatisfy { guest in
      let alone = judge(Site(graph[guest], in: graph))
      return alone.engine == before.engine && (isFallback || alone.verdict == .native)
    }
  }

  /// Whether a node runs natively, or slowly, and another that computes the same does neither.
  package func prefers(_ made: NodeID, in after: Graph, to given: NodeID, in before: Graph) -> Bool {
    guard family != .cpu else { return false }
    let slow = Placement.Verdict.severityOfSlow
    return judge(Site(after[made], in: after)).verdict.severity <= slow
      && judge(Site(before[given], in: before)).verdict.severity > slow
  }
}
