import Graphs
import IR
import Passes
import Tensors
import Testing

struct EfficientFormerV2Tests {
  static let variants = ["s0", "s1", "s2", "l", "digits"]

  @Test(arguments: variants) func countsAreThePublishedOnes(_ name: String) throws {
    let (_, variant) = try findGraph("efficientformerv2", variant: name)
    let statistics = Statistics(try variant.build())
    #expect(statistics.parameters == variant.facts.parameters)
    #expect(statistics.macs == variant.facts.macs)
    if let published = variant.facts.publishedMACs {
      #expect(abs(Double(statistics.macs) / 1e9 - published) < 0.01)
    }
  }

  @Test func macsByKind() throws {
    let statistics = Statistics(try findGraph("efficientformerv2_s0").variant.build())
    #expect(statistics.convolutionMACs == 377_100_864)
    #expect(statistics.linearMACs == 352_000)
    // Two blocks at 7×7 in stages 3 and 4 each, and one downsampling of 49 queries and 196 keys: keys, then
    // values.
    #expect(statistics.attentionMACs == 4 * 8 * 49 * 49 * (32 + 128) + 8 * 49 * 196 * (16 + 64))
  }

  @Test(arguments: variants) func textRoundTrips(_ name: String) throws {
    let graph = try findGraph("efficientformerv2", variant: name).variant.build()
    try verify(graph)
    let constants = Dictionary(
      uniqueKeysWithValues: graph.weights.compactMap { value in
        graph.constant(value).flatMap { tensor in graph.weight(value).map { ($0.name, tensor) } }
      })
    let read = try parseGraph(graph.text, file: "\(name).txt") { constants[$0] }
    #expect(read.text == graph.text)
    #expect(Statistics(read) == Statistics(graph))
  }

  /// After all passes only convolutions, classifier and relative biases are left: batch norms and layer
  /// scales are folded, the two heads are one, and the biases, tables before, are gathered.
  @Test(arguments: variants) func foldsToThePublishedSize(_ name: String) throws {
    let variant = try findGraph("efficientformerv2", variant: name).variant
    let declared = try variant.build()
    var batchNorms = 0
    var scales = 0
    var tables = 0
    var biases = 0
    for id in declared.order {
      let node = declared[id]
      let parameter = declared.shape(of: node.operands[0]).elementCount
      switch node.op {
      case .batchNorm: batchNorms += 2 * declared.shape(of: node.operands[1]).elementCount
      case .reshape where declared.weight(node.operands[0]) != nil: scales += parameter
      case .gather:
        tables += parameter
        biases += declared.shape(of: node.results[0]).elementCount
      default: break
      }
    }
    let head = try ["head_dist.weight", "head_dist.bias"].map { parameter in
      declared.shape(of: try #require(declared.findWeight(parameter))).elementCount
    }.reduce(0, +)
    let folded = try #require(variant.facts.foldedParameters)
    #expect(variant.facts.parameters - batchNorms == folded)
    if let published = variant.facts.publishedParameters {
      #expect(abs(Double(folded) / 1e6 - published) < 0.06)
    }

    var graph = declared
    graph.bindRandomWeights(seed: 1)
    try run(standardPipeline, on: &graph)
    let statistics = Statistics(graph)
    #expect(statistics.parameters == folded - head - scales - tables + biases)
    #expect(statistics.weightElements == statistics.parameters)
    let classifier = Statistics(declared).linearMACs / 2
    #expect(statistics.macs == variant.facts.macs - classifier)
  }

  @Test(arguments: ["s0", "digits"]) func passesKeepTheOutputs(_ name: String) throws {
    var graph = try findGraph("efficientformerv2", variant: name).variant.build()
    graph.bindRandomWeights(seed: 1)
    let shape = graph.shape(of: graph.inputs[0].value)
    let image = Tensor((0..<shape.elementCount).map { Float($0 &* 7919 % 1000) / 500 - 1 }, shape: shape)
    let before = try evaluate(graph, [image])
    try run(standardPipeline, on: &graph, verifying: true)
    let after = try evaluate(graph, [image])
    #expect(TensorDifference(after[0], reference: before[0]).relative < 1e-5)
  }

  @Test(arguments: [("timm", timm), ("the authors", authors)])
  func namesAreThoseOfPublicCheckpoints(_ source: String, _ expected: [String: Shape]) throws {
    let (definition, variant) = try findGraph("efficientformerv2", variant: "s0")
    let graph = try variant.build()
    let naming = try #require(definition.namings.first { $0.name == source })
    var shapes: [String: Shape] = [:]
    for value in graph.weights {
      if let weight = graph.weight(value) { shapes[naming.entryName(weight.name)] = graph.shape(of: value) }
    }
    for (name, shape) in expected.sorted(by: { $0.key < $1.key }) {
      #expect(shapes[name]?.filter { $0 != 1 } == shape.filter { $0 != 1 }, "\(name)")
    }
  }

  @Test func loadsTheAuthorsCheckpoint() throws {
    let (definition, variant) = try findGraph("efficientformerv2_s0")
    let declared = try variant.build()
    let weights = randomWeights(declared, seed: 1)
    let naming = try #require(definition.namings.first { $0.name == "the authors" })
    var entries = weights.map { name, tensor in
      let isScale = name.hasSuffix(".gamma")
      return (
        name: "model." + naming.entryName(name),
        tensor: isScale ? tensor.reshaped([tensor.shape[0], 1, 1]) : tensor
      )
    }
    entries.append(("model.network.6.3.token_mixer.attention_bias_idxs", Tensor(zeros: .i64, [49, 49])))
    entries.append(("epoch", Tensor(zeros: .i64, [])))

    var bound = declared
    let binding = try bound.bind(
      entries, namings: definition.namings, ignoring: definition.ignoredEntries, file: "eformer_s0_450.pth")
    #expect(binding.naming == "the authors")
    #expect(binding.prefix == "model.")
    #expect(binding.ignored == ["model.network.6.3.token_mixer.attention_bias_idxs", "epoch"])
    for (name, tensor) in weights {
      let value = try #require(bound.findWeight(name))
      #expect(bound.constant(value)?.isIdentical(to: tensor) == true, "\(name)")
    }
  }

  @Test func otherDimensions() throws {
    let variant = try findGraph("efficientformerv2_s0").variant
    let graph = try variant.build([("size", 256), ("batch", 4)])
    #expect(graph.type(of: graph.inputs[0].value).shape == [4, 3, 256, 256])
    #expect(graph.type(of: graph.outputs[0].value).shape == [4, 1000])
    let table = try #require(graph.findWeight("stages.3.downsample.attn.attention_biases"))
    #expect(graph.shape(of: table) == [8, 256])

    let odd = #expect(throws: Diagnostic.self) { try variant.build([("size", 100)]) }
    #expect(
      odd?.message
        == "dimension 'size' of variant 's0' can't be 100, expected a multiple of 32 from 32 to 8192")
    let unknown = #expect(throws: Diagnostic.self) { try variant.build([("width", 1)]) }
    #expect(unknown?.advice == "it has batch, size")
  }

  /// One of each kind.
  static let timm: [String: Shape] = [
    "stem.conv1.conv.weight": [16, 3, 3, 3],
    "stem.conv2.bn.running_var": [32],
    "stages.0.blocks.1.mlp.mid.conv.weight": [128, 1, 3, 3],
    "stages.2.downsample.conv.bn.bias": [96],
    "stages.2.blocks.4.token_mixer.stride_conv.conv.weight": [96, 1, 3, 3],
    "stages.2.blocks.5.token_mixer.attention_biases": [8, 49],
    "stages.3.downsample.conv.conv.weight": [176, 96, 3, 3],
    "stages.3.downsample.attn.attention_biases": [8, 196],
    "stages.3.downsample.attn.q.local.bias": [96],
    "stages.3.downsample.attn.q.proj.bn.weight": [128],
    "stages.3.blocks.2.ls1.gamma": [176],
    "stages.3.blocks.3.token_mixer.talking_head2.weight": [8, 8, 1, 1],
    "stages.3.blocks.3.token_mixer.v_local.conv.weight": [1024, 1, 3, 3],
    "norm.running_mean": [176],
    "head_dist.weight": [1000, 176],
  ]
  static let authors: [String: Shape] = [
    "patch_embed.0.weight": [16, 3, 3, 3],
    "patch_embed.4.running_var": [32],
    "network.0.1.mlp.mid.weight": [128, 1, 3, 3],
    "network.0.1.mlp.mid_norm.bias": [128],
    "network.0.1.layer_scale_2": [32, 1, 1],
    "network.3.norm.bias": [96],
    "network.4.4.token_mixer.stride_conv.0.weight": [96, 1, 3, 3],
    "network.4.5.token_mixer.attention_biases": [8, 49],
    "network.5.conv.weight": [176, 96, 3, 3],
    "network.5.bn.weight": [176],
    "network.5.attn.attention_biases": [8, 196],
    "network.5.attn.q.local.0.bias": [96],
    "network.5.attn.q.proj.1.weight": [128],
    "network.5.attn.proj.2.bias": [176],
    "network.6.2.layer_scale_1": [176, 1, 1],
    "network.6.3.token_mixer.talking_head2.weight": [8, 8, 1, 1],
    "network.6.3.token_mixer.v_local.0.weight": [1024, 1, 3, 3],
    "network.6.3.token_mixer.proj.1.weight": [176, 1024, 1, 1],
    "norm.running_mean": [176],
    "dist_head.weight": [1000, 176],
  ]
}
