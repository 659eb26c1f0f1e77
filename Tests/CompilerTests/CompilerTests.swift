import Bundle
import Graphs
import IR
import Ingot
import IngotCompiler
import Passes
import Tensors
import TestSupport
import Testing

@Suite struct CompilerTests {
  private func digits(batch: Int = 1) throws -> Graph {
    var graph = try findGraph("efficientformerv2", variant: "digits").variant.build([
      (name: "batch", extent: batch)
    ])
    graph.bindRandomWeights(seed: 7)
    return graph
  }

  private func image(_ graph: Graph, seed: UInt64 = 3) -> [Tensor] {
    graph.inputs.map { port in
      let type = graph.type(of: port.value)
      return Tensor(random: type.element, type.shape, seed: seed)
    }
  }

  @Test func sameInputsGiveTheSameBytes() throws {
    let options = CompileOptions(target: cpu, provenance: ["model": "digits"])
    let first = try compile(Module([try digits()]), options).bytes
    let second = try compile(Module([try digits()]), options).bytes
    #expect(first == second)
  }

  @Test func aNetworkRunsLikeItsDefinition() throws {
    let graph = try digits(batch: 2)
    let inputs = image(graph)
    let expected = try evaluate(graph, inputs)
    let results = try interpret(graph, inputs)
    #expect(TensorDifference(results[0], reference: expected[0]).relative < 1e-5)
  }

  @Test func everyStageKeepsTheOutputs() throws {
    let graph = try digits()
    let inputs = image(graph)
    let expected = try evaluate(graph, inputs)
    var stages = 0
    _ = try compile(
      Module([graph]), CompileOptions(target: cpu, verifies: true),
      observer: { report, _, after throws(Diagnostic) in
        guard !report.changes.isEmpty else { return }
        stages += 1
        let outputs = try evaluate(after, inputs)
        #expect(TensorDifference(outputs[0], reference: expected[0]).relative < 1e-5, "after \(report.name)")
      })
    #expect(stages > 3)
  }

  @Test func threadsDoNotChangeBits() throws {
    let graph = try digits()
    let inputs = image(graph)
    let single = try interpret(graph, inputs)
    for threads in 2...4 {
      #expect(try interpret(graph, inputs, threads: threads)[0].isIdentical(to: single[0]))
    }
  }

  @Test func halfWeightsHalveTheBundle() throws {
    let graph = try digits()
    let full = try compile(Module([graph]), CompileOptions(target: cpu))
    let half = try compile(Module([graph]), CompileOptions(target: cpu, precision: .fp16))
    #expect(Double(half.weightBytes) < 0.6 * Double(full.weightBytes))
    let inputs = image(graph)
    let expected = try evaluate(graph, inputs)
    let results = try interpret(graph, inputs, precision: .fp16)
    let difference = TensorDifference(results[0], reference: expected[0]).relative
    #expect(difference < 1e-2 && difference > 0)
  }

  @Test func halfWeightsAreRunAsTheirDefinitionSays() throws {
    let graph = try digits()
    let inputs = image(graph)
    let compiled = try compile(Module([graph]), CompileOptions(target: cpu, precision: .fp16))
    let expected = try evaluate(compiled.module.functions[0], inputs)
    let session = try Session(try Model(bytes: compiled.bytes))
    try session.setInput(0, to: inputs[0])
    try session.run()
    #expect(TensorDifference(try session.outputTensor(0), reference: expected[0]).relative < 1e-5)
  }

  @Test func functionsShareWeights() throws {
    var first = try digits()
    first.name = "first"
    var second = try digits(batch: 2)
    second.name = "second"
    let single = try compile(Module([first]), CompileOptions(target: cpu))
    let both = try compile(Module([first, second]), CompileOptions(target: cpu))
    #expect(both.weightBytes == single.weightBytes)
    let model = try Model(bytes: both.bytes)
    #expect(model.functions == ["first", "second"])
    let inputs = image(second)
    let session = try Session(model, function: 1)
    try session.setInput(0, to: inputs[0])
    try session.run()
    let expected = try evaluate(second, inputs)
    #expect(TensorDifference(try session.outputTensor(0), reference: expected[0]).relative < 1e-5)
  }

  @Test func unboundParametersAreNamed() throws {
    let graph = try findGraph("efficientformerv2", variant: "digits").variant.build()
    #expect {
      try compile(Module([graph]), CompileOptions(target: cpu))
    } throws: { error in
      "\(error)".contains("parameters have no contents") && "\(error)".contains("--checkpoint")
    }
  }

  @Test func theArenaIsCloseToItsLowerBound() throws {
    let compiled = try compile(Module([try digits()]), CompileOptions(target: cpu))
    let function = compiled.manifest.functions[0]
    #expect(function.arenaBytes >= function.arenaLowerBoundBytes)
    #expect(Double(function.arenaBytes) <= 1.1 * Double(function.arenaLowerBoundBytes))
  }
}
