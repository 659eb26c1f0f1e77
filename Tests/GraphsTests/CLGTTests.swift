import Graphs
import IR
import Passes
import Tensors
import TestSupport
import Testing

struct CLGTTests {
  private let small: [(name: String, extent: Int)] = [
    ("nodes", 5), ("edges", 7), ("layers", 2), ("heads", 2), ("width", 16), ("node_features", 3),
    ("edge_features", 4), ("eigenvectors", 2),
  ]

  private func build(
    _ variant: String = "d64", _ changes: [(name: String, extent: Int)] = []
  ) throws -> Graph {
    let chosen = small.filter { old in !changes.contains { $0.name == old.name } } + changes
    var graph = try findGraph("clgt", variant: variant).variant.build(chosen)
    graph.bindRandomWeights(seed: 1)
    return graph
  }

  /// Five edges and two places of padding; node 4 has no edge.
  private let source: [Int64] = [0, 1, 2, 3, 0, 0, 0]
  private let destination: [Int64] = [1, 2, 0, 0, 2, 0, 0]
  private let mask: [Float] = [1, 1, 1, 1, 1, 0, 0]

  private func inputs(
    nodes: Tensor? = nil, edgeFeatures: Tensor? = nil, order: [Int] = Array(0..<7)
  ) -> [Tensor] {
    let features = (edgeFeatures ?? Tensor(random: .f32, [7, 4], seed: 3)).floats
    return [
      nodes ?? Tensor(random: .f32, [5, 3], seed: 1), Tensor(random: .f32, [5, 2], seed: 2),
      Tensor(order.flatMap { features[(4 * $0)..<(4 * $0 + 4)] }, shape: [7, 4]),
      Tensor(order.map { source[$0] }, shape: [7]), Tensor(order.map { destination[$0] }, shape: [7]),
      Tensor(order.map { mask[$0] }, shape: [7]),
    ]
  }

  @Test(arguments: [
    ("d64", 58_368), ("d80", 90_880), ("d64_batch_norm", 58_368), ("d80_batch_norm", 90_880),
    ("d64_embeddings", 58_368),
  ])
  func parametersOfALayer(_ name: String, _ count: Int) throws {
    let variant = try findGraph("clgt", variant: name).variant
    let parameters = try [10, 11].map { Statistics(try variant.build([("layers", $0)])).parameters }
    #expect(parameters[1] - parameters[0] == count)
  }

  /// The public network for molecules has tables of kinds where others have linear layers.
  @Test(arguments: [
    "d64_embeddings", "d80_embeddings", "d64_embeddings_batch_norm", "d80_embeddings_batch_norm",
  ])
  func kindsAreLookedUp(_ name: String) throws {
    let width = name.hasPrefix("d64") ? 64 : 80
    let graph = try findGraph("clgt", variant: name).variant.build()
    let expected: [String: Shape] = [
      "embedding_h.weight": [28, width], "embedding_e.weight": [4, width],
      "embedding_lap_pos_enc.weight": [width, 8],
      "layers.0.\(name.hasSuffix("batch_norm") ? "batch" : "layer")_norm2_e.weight": [width],
    ]
    for (name, shape) in expected {
      #expect(graph.findWeight(name).map { graph.shape(of: $0) } == shape, "\(name)")
    }
    #expect(graph.findWeight("embedding_h.bias") == nil)
    #expect(graph.inputs.prefix(3).map(\.name) == ["nodes", "positions", "edge_kinds"])
  }

  @Test(arguments: [("nodes", 64), ("mean", 1), ("sum", 1), ("max", 1)])
  func readOutIsOfNodesOrTheGraph(_ readOut: String, _ rows: Int) throws {
    let variant = try findGraph("clgt", variant: "d64_embeddings").variant
    let graph = try variant.build([("outputs", 3)], [GraphSetting("read_out", readOut)])
    #expect(graph.shape(of: graph.outputs[0].value) == [rows, 3])
  }

  @Test func namesAreThoseOfThePublicLayer() throws {
    let graph = try findGraph("clgt", variant: "d80").variant.build()
    let expected: [String: Shape] = [
      "embedding_h.weight": [80, 16], "embedding_lap_pos_enc.bias": [80], "embedding_e.weight": [80, 8],
      "layers.9.attention.Q.weight": [80, 80], "layers.9.attention.proj_e.weight": [80, 80],
      "layers.0.O_h.weight": [80, 80], "layers.0.O_e.bias": [80], "layers.3.layer_norm1_h.weight": [80],
      "layers.3.layer_norm2_e.bias": [80], "layers.3.FFN_h_layer1.weight": [160, 80],
      "layers.3.FFN_e_layer2.weight": [80, 160], "MLP_layer.FC_layers.0.weight": [40, 80],
      "MLP_layer.FC_layers.2.weight": [1, 20],
    ]
    for (name, shape) in expected.sorted(by: { $0.key < $1.key }) {
      let value = try #require(graph.findWeight(name), "\(name)")
      #expect(graph.shape(of: value) == shape, "\(name)")
    }
    #expect(graph.findWeight("layers.0.attention.Q.bias") == nil)
    let normed = try findGraph("clgt", variant: "d80_batch_norm").variant.build()
    #expect(normed.findWeight("layers.3.batch_norm1_e.running_mean") != nil)
  }

  /// Weights of edges are outputs, one table a layer; padding weighs nothing and counts for nothing.
  @Test func paddingDoesNotMatter() throws {
    let graph = try build()
    #expect(graph.outputs.map(\.name) == ["predictions", "weights_0", "weights_1"])
    let results = try evaluate(graph, inputs())
    #expect(results.map(\.shape) == [[5, 1], [7, 2], [7, 2]])
    for weights in results[1...] {
      #expect(weights.floats[..<10].allSatisfy { $0 > 0 })
      #expect(weights.floats[10...].allSatisfy { $0 == 0 })
    }
    var features = Tensor(random: .f32, [7, 4], seed: 3).floats
    features.replaceSubrange(20..<28, with: [Float](repeating: 100, count: 8))
    let other = try evaluate(graph, inputs(edgeFeatures: Tensor(features, shape: [7, 4])))
    #expect(zip(results, other).allSatisfy { $0.isIdentical(to: $1) })

    let exact = try build("d64", [("edges", 5)])
    let unpadded = try evaluate(
      exact,
      inputs().enumerated().map { index, tensor in
        switch index {
        case 2: Tensor(Array(tensor.floats[..<20]), shape: [5, 4])
        case 3, 4: Tensor(Array(tensor.integers[..<5]), shape: [5])
        case 5: Tensor(Array(tensor.floats[..<5]), shape: [5])
        default: tensor
        }
      })
    #expect(unpadded[0].isIdentical(to: results[0]))
  }

  /// Only sums over edges meet, and those round in another order.
  @Test func orderOfEdgesDoesNotMatter() throws {
    let graph = try build()
    let order = [6, 3, 1, 4, 0, 5, 2]
    let (results, other) = (try evaluate(graph, inputs()), try evaluate(graph, inputs(order: order)))
    #expect(TensorDifference(other[0], reference: results[0]).relative < 1e-5)
    for (row, edge) in order.enumerated() {
      for head in 0..<2 {
        #expect(abs(other[1].floats[2 * row + head] - results[1].floats[2 * edge + head]) < 1e-4)
      }
    }
  }

  /// A score far from 0 leaves the weight at exp(±5).
  @Test func scoresAreClamped() throws {
    let graph = try build()
    let large = Tensor(Tensor(random: .f32, [5, 3], seed: 1).floats.map { 1000 * $0 }, shape: [5, 3])
    let weights = try evaluate(graph, inputs(nodes: large))[1].floats[..<10]
    #expect(weights.allSatisfy { abs($0 / 148.41316 - 1) < 1e-5 || abs($0 / 0.006737947 - 1) < 1e-5 })
  }

  /// exp of a clamped score is not a softmax and must not become one: after all passes each layer has its
  /// clamp and its exponential, and nothing subtracts a maximum.
  @Test(arguments: ["d64", "d64_batch_norm"]) func passesKeepTheClampedExponential(_ variant: String) throws {
    var graph = try build(variant)
    let before = try evaluate(graph, inputs())
    try run(standardPipeline, on: &graph, verifying: true)
    let after = try evaluate(graph, inputs())
    for (after, before) in zip(after, before) {
      #expect(TensorDifference(after, reference: before).relative < 1e-5)
    }

    let steps = graph.order.flatMap { functions(of: graph[$0].op) }
    #expect(steps.count { $0 == "softmax" || $0 == "max" } == 0)
    #expect(steps.count { $0 == "clip(-5.0, 5.0)" } == 2)
    #expect(steps.count { $0 == "exp" } == 2)
  }

  private func functions(of op: Op) -> [String] {
    switch op {
    case .unary(let op): [op.function == .clip ? "clip(\(op.p0), \(op.p1))" : op.name]
    case .elementwise(let op):
      op.steps.map { step in
        if case .unary(.clip) = step.function { return "clip(\(step.p0), \(step.p1))" }
        return step.function.name
      }
    case .softmax: ["softmax"]
    case .reduce(let op): [op.kind.rawValue]
    default: []
    }
  }

  @Test func headsDivideTheWidth() throws {
    let error = #expect(throws: Diagnostic.self) { try build("d64", [("heads", 3)]) }
    #expect(error?.message == "width 16 of variant 'd64' does not divide into 3 heads")
  }
}
