import Graphs
import IR
import Passes
import Tensors
import TestSupport
import Testing

struct E2GANTests {
  private let small: [(name: String, extent: Int)] = [
    ("size", 16), ("width", 4), ("tokens", 3), ("context_width", 5),
  ]

  private func build(
    _ variant: String, _ dimensions: [(name: String, extent: Int)] = []
  ) throws -> Graph {
    try findGraph("e2gan", variant: variant).variant.build(dimensions)
  }

  private var inputs: [Tensor] {
    [Tensor(random: .f32, [1, 3, 16, 16], seed: 1), Tensor(random: .f32, [1, 3, 5], seed: 2)]
  }

  private func parameters(_ graph: Graph, in prefixes: [String]) -> Int {
    graph.weights.reduce(0) { sum, value in
      let name = graph.weight(value)?.name ?? ""
      return sum + (prefixes.contains { name.hasPrefix("\($0).") } ? graph.shape(of: value).elementCount : 0)
    }
  }

  @Test(arguments: [
    (["down"], 378_496), (["res.0"], 1_180_160), (["res.1"], 1_180_160), (["ds"], 590_080),
    (["tb"], 1_577_216), (["us"], 590_080), (["res.2"], 1_180_160), (["up"], 378_243),
  ])
  func parametersOfEachPart(_ prefixes: [String], _ count: Int) throws {
    #expect(parameters(try build("base"), in: prefixes) == count)
  }

  /// 0.056, 0.092 and 0.164 million in both forms; the residual blocks have none.
  @Test(arguments: [(1, 55_634, 0.056), (2, 91_736, 0.092), (4, 163_940, 0.164)])
  func adaptersHaveThePublishedSizes(_ multiplier: Int, _ count: Int, _ millions: Double) throws {
    #expect(abs(Double(count) / 1e6 - millions) <= 0.0005)
    for form in ["branch", "merged"] {
      let graph = try build("\(form)_\(multiplier)x")
      let adapters = graph.weights.compactMap { value -> (name: String, count: Int)? in
        guard let name = graph.weight(value)?.name, name.contains(".lora_") else { return nil }
        return (name, graph.shape(of: value).elementCount)
      }
      #expect(adapters.reduce(0) { $0 + $1.count } == count)
      #expect(adapters.allSatisfy { !$0.name.hasPrefix("res.") })
      #expect(adapters.count == 36)
    }
  }

  @Test func ranksAreDimensions() throws {
    let graph = try build("branch_2x", [("rank.up.2", 0), ("rank.tb.attn2.to_k", 8)])
    #expect(graph.findWeight("up.2.lora_A") == nil)
    let key = try #require(graph.findWeight("tb.attn2.to_k.lora_A"))
    #expect(graph.shape(of: key) == [8, 768])
  }

  @Test func formsGiveOneImage() throws {
    var branch = try build("branch_2x", small)
    let weights = randomWeights(branch, seed: 1)
    try branch.bind(weights, file: "weights")
    let expected = try evaluate(branch, inputs)[0]
    #expect(expected.shape == [1, 3, 16, 16])

    var merged = try build("merged_2x", small)
    try merged.bind(weights, file: "weights")
    #expect(TensorDifference(try evaluate(merged, inputs)[0], reference: expected).relative < 1e-4)

    var swapped = try build("swapped_2x", small)
    try swapped.bind(weights.filter { !$0.name.contains(".lora_") }, file: "weights")
    let adapters = swapped.inputs.dropFirst(2).compactMap { port in
      weights.first { $0.name == port.name }?.tensor
    }
    #expect(try evaluate(swapped, inputs + adapters)[0].isIdentical(to: expected))

    var base = try build("base", small)
    try base.bind(weights.filter { !$0.name.contains(".lora_") }, file: "weights")
    let without = try evaluate(base, inputs)[0]
    #expect(TensorDifference(expected, reference: without).relative > 0.01)

    try run(standardPipeline, on: &branch, verifying: true)
    #expect(TensorDifference(try evaluate(branch, inputs)[0], reference: expected).relative < 1e-4)
    try run(standardPipeline, on: &merged, verifying: true)
    #expect(TensorDifference(try evaluate(merged, inputs)[0], reference: expected).relative < 1e-4)
    try run(standardPipeline, on: &base)
    #expect(structure(merged) == structure(base))
  }

  /// At full size too, where weights take more than a megabyte.
  @Test func mergedIsThePlainGeneratorAtFullSize() throws {
    var (merged, base) = (try build("merged_2x"), try build("base"))
    merged.bindRandomWeights(seed: 1)
    base.bindRandomWeights(seed: 1)
    try run(standardPipeline, on: &merged)
    try run(standardPipeline, on: &base)
    #expect(structure(merged) == structure(base))
    #expect(Statistics(merged) == Statistics(base))
  }
}
