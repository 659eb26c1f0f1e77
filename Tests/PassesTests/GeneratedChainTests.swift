import IR
import Passes
import Tensors
import TestSupport
import Testing

/// Fusion keeps every bit of chains that change between all element types.
@Suite struct GeneratedChainTests {
  @Test(arguments: 0..<20)
  func fusionKeepsEveryBit(_ block: Int) throws {
    for seed in UInt64(block * 40)..<UInt64(block * 40 + 40) {
      let chain = try GeneratedChain(seed: seed)
      let expected = try evaluate(chain.graph, chain.inputs)
      var fused = chain.graph
      try run(removeDeadCode, on: &fused)
      try run(fuseElementwise, on: &fused, verifying: true)
      for (result, wanted) in zip(try evaluate(fused, chain.inputs), expected)
      where !result.isIdentical(to: wanted) {
        Issue.record("seed \(seed):\n\(chain.graph.text)\n\(fused.text)")
      }
    }
  }

  /// The chains are worth drawing: many become one op, in one domain or in both.
  @Test func chainsFuseInEitherDomainAndInBoth() throws {
    var found: [Set<Elementwise.Domain>: Int] = [:]
    for seed in 0..<200 as Range<UInt64> {
      var graph = try GeneratedChain(seed: seed).graph
      try run(removeDeadCode, on: &graph)
      try run(fuseElementwise, on: &graph)
      for node in graph.order {
        guard case .elementwise(let op) = graph[node].op else { continue }
        found[Set(op.steps.flatMap { [$0.domain, $0.result] }), default: 0] += 1
      }
    }
    for domains in [[.f32], [.i64], [.f32, .i64]] as [Set<Elementwise.Domain>] {
      #expect(found[domains, default: 0] >= 20, "\(domains) in \(found)")
    }
  }
}
