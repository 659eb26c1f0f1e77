import Bundle
import IR
import Ingot
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// Work is counted of a graph, of the program that it becomes, and by the interpreter that loads it.
@Suite struct WorkTests {
  @Test(arguments: opCases)
  func ofEveryCaseIsOneNumber(_ test: OpCase) throws { try check(try test.graph(), test.name) }

  @Test(arguments: OpFamily.allCases)
  func ofGeneratedOpsIsOneNumber(_ family: OpFamily) throws {
    for seed in UInt64(0)..<40 {
      var draw = Draw(seed: seed)
      let generated = family.generate(&draw)
      var graph = Graph(name: "main")
      let inputs = generated.operands.enumerated().map { graph.addInput("x\($0.offset)", $0.element) }
      for (index, result) in try graph.add(generated.op, inputs).enumerated() {
        graph.addOutput("y\(index)", result)
      }
      try check(graph, "\(family) seed \(seed): \(generated)")
    }
  }

  /// Every op that multiplies and adds counts some, so that equal numbers are not all zero.
  @Test func whatMultipliesIsCounted() throws {
    var counted: Set<String> = []
    for test in opCases where Statistics(try test.graph()).macs > 0 { counted.insert(test.op.name) }
    #expect(
      counted.sorted() == [
        "conv", "conv_integer", "conv_transpose", "conv_transpose_integer", "matmul", "matmul_integer",
        "recurrent", "recurrent_integer",
      ])
  }

  private func check(_ graph: Graph, _ name: String) throws {
    var options = CompileOptions(target: cpu)
    options.optimizes = false
    let compiled = try compile(Module([graph]), options)
    let work = Statistics(graph).macs
    #expect(compiled.programs[0].multiplyAdds == work, "program of \(name)")
    #expect(try Model(bytes: compiled.bytes).multiplyAdds() == work, "interpreter, \(name)")
  }
}
