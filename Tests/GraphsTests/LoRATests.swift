import Graphs
import IR
import Passes
import Tensors
import TestSupport
import Testing

struct LoRATests {
  /// A convolution, a transposed one and a linear layer, each of other extents on every side.
  private func plain() throws -> Graph {
    var b = GraphBuilder("plain")
    let x = try b.input("x", [2, 3, 7, 5])
    var y = try b.conv2d("first", x, channels: 6, kernel: 3, stride: 2, padding: 1)
    y = try b.relu(y)
    y = try b.convTranspose2d(
      "second", y, channels: 4, kernel: 3, stride: 2, padding: 1, outputPadding: 1)
    y = try b.linear("third", b.relu(y), features: 5, bias: false)
    try b.output("y", y)
    return try b.finish()
  }

  private let adapters = LoRA(
    [LoRA.Layer("first", rank: 2), LoRA.Layer("second", rank: 3), LoRA.Layer("third", rank: 1)], scale: 0.5)
  private let x = Tensor(random: .f32, [2, 3, 7, 5], seed: 1)

  private func adapted(_ form: LoRA.Form, weights: [(name: String, tensor: Tensor)]? = nil) throws -> Graph {
    var graph = try plain()
    try graph.add(adapters, as: form)
    try graph.bind(weights ?? self.weights(), file: "weights")
    return graph
  }

  private func weights() throws -> [(name: String, tensor: Tensor)] {
    var graph = try plain()
    try graph.add(adapters, as: .branch)
    return randomWeights(graph, seed: 1)
  }

  @Test(arguments: [LoRA.Form.branch, .merged]) func declaresTwoParametersALayer(_ form: LoRA.Form) throws {
    let graph = try adapted(form)
    let expected: [(String, Shape)] = [
      ("first.lora_A", [2, 3, 3, 3]), ("first.lora_B", [6, 2, 1, 1]), ("second.lora_A", [6, 3, 3, 3]),
      ("second.lora_B", [4, 3, 1, 1]), ("third.lora_A", [1, 6]), ("third.lora_B", [5, 1]),
    ]
    for (name, shape) in expected {
      #expect(graph.shape(of: try #require(graph.findWeight(name))) == shape, "\(name)")
    }
    try verify(graph)
  }

  @Test func bothFormsComputeTheSame() throws {
    let branch = try evaluate(adapted(.branch), [x])[0]
    let merged = try evaluate(adapted(.merged), [x])[0]
    #expect(TensorDifference(merged, reference: branch).relative < 1e-5)
    // The adapters do something, and nothing where they are 0.
    var base = try plain()
    base.bindRandomWeights(seed: 1)
    let without = try evaluate(base, [x])[0]
    #expect(TensorDifference(branch, reference: without).relative > 0.01)
    let zeros = try weights().map { name, tensor in
      (name: name, tensor: name.hasSuffix("lora_B") ? Tensor(zeros: .f32, tensor.shape) : tensor)
    }
    let bound = try weights().filter { !$0.name.contains("lora") }
    var same = try plain()
    try same.bind(bound, file: "weights")
    let expected = try evaluate(same, [x])[0]
    for form in [LoRA.Form.branch, .merged] {
      let found = try evaluate(adapted(form, weights: zeros), [x])[0]
      #expect(TensorDifference(found, reference: expected).relative == 0)
    }
  }

  /// Once base weights and adapters are known nothing of the adapters is left but other numbers.
  @Test func mergedBecomesThePlainGraph() throws {
    var (merged, base) = (try adapted(.merged), try plain())
    base.bindRandomWeights(seed: 1)
    let before = try evaluate(merged, [x])[0]
    try run(standardPipeline, on: &merged, verifying: true)
    try run(standardPipeline, on: &base)
    #expect(structure(merged) == structure(base))
    #expect(TensorDifference(try evaluate(merged, [x])[0], reference: before).relative < 1e-5)
  }

  @Test func inputsInPlaceOfParameters() throws {
    var graph = try plain()
    try graph.add(adapters, as: .branch, of: .inputs)
    #expect(
      graph.inputs.map(\.name) == [
        "x", "first.lora_A", "first.lora_B", "second.lora_A", "second.lora_B", "third.lora_A",
        "third.lora_B",
      ])
    let weights = try weights()
    try graph.bind(weights.filter { !$0.name.contains("lora") }, file: "weights")
    let inputs = graph.inputs.dropFirst().compactMap { port in
      weights.first { $0.name == port.name }?.tensor
    }
    let found = try evaluate(graph, [x] + inputs)[0]
    #expect(found.isIdentical(to: try evaluate(adapted(.branch), [x])[0]))
  }

  @Test func wrongLayersAreNamed() throws {
    var graph = try plain()
    let unknown = #expect(throws: Diagnostic.self) {
      try graph.add(LoRA([LoRA.Layer("fourth", rank: 1)]), as: .branch)
    }
    #expect(unknown?.message == "graph 'plain' has no layer with the weight 'fourth.weight'")
    let rank = #expect(throws: Diagnostic.self) {
      try graph.add(LoRA([LoRA.Layer("first", rank: 0)]), as: .merged)
    }
    #expect(rank?.message == "layer 'first' has an adapter of rank 0, expected 1 or more")

    var b = GraphBuilder("grouped")
    let x = try b.input("x", [1, 4, 3, 3])
    try b.output("y", b.conv2d("depthwise", x, channels: 4, groups: 4))
    var grouped = try b.finish()
    let group = #expect(throws: Diagnostic.self) {
      try grouped.add(LoRA([LoRA.Layer("depthwise", rank: 1)]), as: .branch)
    }
    #expect(
      group?.message
        == "layer 'depthwise' can't have an adapter, expected a linear layer or a convolution of one group")
  }
}

/// The nodes as text, without names and contents of weights.
func structure(_ graph: Graph) -> [String] {
  graph.order.map { id in
    let node = graph[id]
    let operands = node.operands.map { value in
      let kind = graph.weight(value) == nil ? "%\(graph[value].name)" : "weight"
      return "\(kind): \(graph.type(of: value))"
    }
    return "\(node.op) \(operands)"
  }
}
