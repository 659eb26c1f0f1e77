import IR
import Ingot
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// Reference against interpreter on ops drawn at random. A failure names family and seed, which draw the same
/// op again.
@Suite struct GeneratedTests {
  @Test(arguments: OpFamily.allCases)
  func singleOps(_ family: OpFamily) throws {
    for seed in 0..<UInt64(60) {
      var draw = Draw(seed: seed)
      let generated = family.generate(&draw)
      var graph = Graph(name: "main")
      let inputs = generated.operands.enumerated().map { graph.addInput("x\($0.offset)", $0.element) }
      let results = try graph.add(generated.op, inputs, name: "node")
      for (index, result) in results.enumerated() { graph.addOutput("y\(index)", result) }
      try compare(
        graph, generated.tensors(seed: seed), generated.tolerance, "\(family) seed \(seed): \(generated)")
    }
  }

  /// Ops behind and before elementwise ones with several readers, so that memory is shared and overwritten.
  @Test(arguments: OpFamily.allCases)
  func neighbours(_ family: OpFamily) throws {
    for seed in 1000..<UInt64(1030) {
      var draw = Draw(seed: seed)
      let generated = family.generate(&draw)
      var graph = Graph(name: "main")
      var operands = generated.operands.enumerated().map { graph.addInput("x\($0.offset)", $0.element) }
      let first = generated.operands[0].element
      if first.isFloat {
        operands[0] = try graph.add(.unary(Unary(.abs)), [operands[0]], name: "before")[0]
        if draw.chance(0.5) { graph.addOutput("before", operands[0]) }
      }
      var value = try graph.add(generated.op, operands, name: "node")[0]
      if graph.type(of: value).element.isFloat {
        let square = try graph.add(.unary(Unary(.neg)), [value], name: "negated")[0]
        if draw.chance(0.5) { graph.addOutput("node", value) }
        value = try graph.add(.binary(Binary(.max)), [value, square], name: "after")[0]
      }
      graph.addOutput("y", value)
      try compare(
        graph, generated.tensors(seed: seed), generated.tolerance, "\(family) seed \(seed): \(generated)")
    }
  }

  private func compare(_ graph: Graph, _ inputs: [Tensor], _ tolerance: Double, _ label: String) throws {
    let expected = try evaluate(graph, inputs)
    let results = try interpret(graph, inputs, threads: 2)
    for (result, reference) in zip(results, expected) {
      #expect(result.shape == reference.shape && result.element == reference.element, "\(label)")
      if reference.element.isFloat {
        let difference = TensorDifference(result, reference: reference).relative
        #expect(difference <= max(tolerance, 1e-5), "\(label)")
      } else {
        #expect(result.isIdentical(to: reference), "\(label)")
      }
    }
  }
}
