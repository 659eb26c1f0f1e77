import Foundation
import IR
import Ingot
import IngotCompiler
import Passes
import Tensors
import TestSupport
import Testing

/// Reference against interpreter on ops drawn at random. A failure names family and seed, which draw the same
/// op again. INGOT_SEEDS=N in the environment draws N ops of each family instead of 60.
@Suite struct GeneratedTests {
  static let seeds: Range<UInt64> = {
    let count = ProcessInfo.processInfo.environment["INGOT_SEEDS"].flatMap { UInt64($0) }
    return 0..<(count ?? 60)
  }()

  @Test func everyOpIsDrawn() {
    var drawn: Set<String> = []
    for family in OpFamily.allCases {
      for seed in Self.seeds {
        var draw = Draw(seed: seed)
        let op = family.generate(&draw).op
        #expect(op.family == family, "\(family) seed \(seed) draws \(op.name)")
        drawn.insert(op.name)
      }
    }
    let single = Op.prototypes.filter { $0.value.callee == nil }
    #expect(Set(single.keys).subtracting(drawn) == [])
  }

  @Test(arguments: OpFamily.allCases)
  func singleOps(_ family: OpFamily) throws {
    for seed in Self.seeds {
      var draw = Draw(seed: seed)
      let generated = family.generate(&draw)
      var graph = Graph(name: "main")
      let inputs = generated.operands.enumerated().map { graph.addInput("x\($0.offset)", $0.element) }
      let results = try graph.add(generated.op, inputs, name: "node")
      for (index, result) in results.enumerated() { graph.addOutput("y\(index)", result) }
      try compare(graph, generated.tensors(seed: seed), generated, "\(family) seed \(seed): \(generated)") {
        try interpret($0, $1, threads: 2)
      }
    }
  }

  /// Operands and results that share memory with other values, with the standard passes and without any.
  @Test(arguments: OpFamily.allCases)
  func aliases(_ family: OpFamily) throws {
    // Other ops than those above.
    for seed in Self.seeds.map({ $0 + 1_000_000 }) {
      var draw = Draw(seed: seed)
      let generated = family.generate(&draw)
      let aliased = try AliasedOp(generated, draw, seed: seed)
      let label = "\(family) seed \(seed): \(generated)\n\(aliased.graph.text)"
      let optimizes = seed % 2 == 0
      try compare(aliased.graph, aliased.inputs, generated, label, moved: false) {
        try interpret($0, $1, optimizes: optimizes)
      }
    }
  }

  /// Chains that change between all element types, fused, by the interpreter.
  @Test func fusedChains() throws {
    for seed in Self.seeds {
      let chain = try GeneratedChain(seed: seed)
      var fused = chain.graph
      try run(removeDeadCode, on: &fused)
      try run(fuseElementwise, on: &fused)
      let results = try interpret(fused, chain.inputs, optimizes: false)
      for (result, wanted) in zip(results, try evaluate(chain.graph, chain.inputs)) {
        let difference = TensorDifference(result, reference: wanted)
        let isEqual =
          wanted.element.isFloat
          ? !difference.hasMismatchedNonFinite && difference.maximum == 0 : result.isIdentical(to: wanted)
        if !isEqual {
          Issue.record("seed \(seed):\n\(chain.graph.text)\n\(fused.text)")
        }
      }
    }
  }

  private func compare(
    _ graph: Graph, _ inputs: [Tensor], _ generated: GeneratedOp, _ label: String, moved: Bool = true,
    by run: (Graph, [Tensor]) throws -> [Tensor]
  ) throws {
    let expected: [Tensor]
    let results: [Tensor]
    do {
      expected = try evaluate(graph, inputs)
      results = try run(graph, inputs)
    } catch {
      Issue.record("\(label): \(error)")
      return
    }
    for (index, (result, reference)) in zip(results, expected).enumerated() {
      if let problem = generated.disagreement(result, reference, moved: moved) {
        Issue.record("\(label): result \(index) \(problem)")
      }
    }
  }
}
