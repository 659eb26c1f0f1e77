import Graphs
import IR
import Tensors
import Testing

/// Stable Diffusion 1.5 and SnapFusion's versions of its networks.
struct SnapFusionTests {
  // MARK: Blocks

  /// The paper's table: transformers and residual blocks of each row.
  @Test func stagesHaveThePublishedBlocks() {
    let (original, efficient) = (SnapFusion.stableDiffusion(), SnapFusion.efficient())
    func row(_ parts: UNet.Part...) -> [[Int]] {
      [original, efficient].map { unet in
        let blocks = parts.flatMap { unet.blocks(of: $0) }
        return [blocks.count { $0 == .transformer }, blocks.count { $0 == .resNet }]
      }
    }
    #expect(row(.down(0)) == [[2, 2], [0, 2]])
    #expect(row(.down(1)) == [[2, 2], [2, 2]])
    #expect(row(.down(2)) == [[2, 2], [2, 1]])
    // The paper counts all of the coarsest grid as one row.
    #expect(row(.down(3), .middle, .up(0)) == [[1, 7], [1, 4]])
    #expect(row(.up(1)) == [[3, 3], [6, 2]])
    #expect(row(.up(2)) == [[3, 3], [3, 3]])
    #expect(row(.up(3)) == [[3, 3], [0, 3]])
  }

  @Test func wayUpHasOnePositionMore() {
    for unet in [SnapFusion.stableDiffusion(), SnapFusion.efficient()] {
      for (stage, positions) in unet.up.enumerated() {
        #expect(positions.count == unet.down[unet.down.count - 1 - stage].count + 1)
      }
    }
  }

  /// What blocks cost, in millions of parameters, as counted in diffusers' network.
  @Test(arguments: [
    ("down_blocks.0.resnets.0", 2.255), ("down_blocks.0.attentions.0", 2.546),
    ("down_blocks.1.resnets.0", 6.56), ("down_blocks.1.resnets.1", 8.20),
    ("down_blocks.2.resnets.0", 24.58), ("down_blocks.2.attentions.0", 34.76),
    ("down_blocks.3.resnets.1", 31.14), ("up_blocks.0.resnets.0", 49.16),
    ("up_blocks.1.resnets.2", 40.97), ("up_blocks.2.resnets.0", 16.8),
    ("up_blocks.2.attentions.2", 9.19), ("up_blocks.3.resnets.0", 4.41),
  ])
  func blocksCost(_ block: String, millions: Double) throws {
    let graph = try findGraph("snapfusion_sd15_unet").variant.build()
    let own = graph.weights.filter { graph.weight($0)?.name.hasPrefix("\(block).") ?? false }
    let parameters = own.reduce(0) { $0 + graph.shape(of: $1).elementCount }
    #expect(abs(Double(parameters) / 1e6 - millions) < 0.05)
  }

  /// Blocks are numbered as they come, whatever was removed before them.
  @Test func removedBlocksHaveNoParameters() throws {
    let graph = try findGraph("snapfusion_unet").variant.build([("width", 32), ("size", 8)])
    let names = Set(graph.weights.compactMap { graph.weight($0)?.name })
    #expect(names.contains("up_blocks.1.attentions.5.proj_out.weight"))
    #expect(!names.contains { $0.hasPrefix("up_blocks.1.resnets.2") })
    #expect(!names.contains { $0.hasPrefix("down_blocks.3.") })
    #expect(!names.contains { $0.hasPrefix("down_blocks.0.attentions") })
  }

  @Test func attentionIsASixthOfTheOriginal() throws {
    let statistics = Statistics(try findGraph("snapfusion_sd15_unet").variant.build())
    // 63.0 of 401.6 G; a counter that misses fused attention reports 338.6 G.
    #expect(statistics.attentionMACs == 63_026_135_040)
    #expect(statistics.macs - statistics.attentionMACs == 338_610_585_600)
  }

  // MARK: Names

  @Test(arguments: publicNames)
  func namesAreThoseOfPublicCheckpoints(_ name: String, _ expected: [String: Shape]) throws {
    let graph = try findGraph("snapfusion", variant: name).variant.build()
    for (parameter, shape) in expected.sorted(by: { $0.key < $1.key }) {
      #expect(graph.findWeight(parameter).map { graph.shape(of: $0) } == shape, "\(parameter)")
    }
  }

  /// As diffusers wrote decoders before: other names in the attention, whose layers were convolutions, and
  /// the encoder beside it.
  @Test func olderDecodersLoad() throws {
    let (definition, variant) = try findGraph("snapfusion_decoder")
    let declared = try variant.build([("width", 32)])
    let weights = randomWeights(declared, seed: 1)
    let old = ["to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"]
    var entries = weights.map { name, tensor in
      guard let layer = old.first(where: { name.contains(".\($0.key).") }) else {
        return (name: name, tensor: tensor)
      }
      let isMatrix = tensor.shape.rank == 2
      return (
        name: name.replacing(".\(layer.key).", with: ".\(layer.value)."),
        tensor: isMatrix ? tensor.reshaped(Shape(tensor.shape.extents + [1, 1])) : tensor
      )
    }
    entries.append(("encoder.mid_block.resnets.0.conv1.bias", Tensor(zeros: .f32, [128])))
    entries.append(("quant_conv.weight", Tensor(zeros: .f32, [8, 8, 1, 1])))
    var bound = declared
    let binding = try bound.bind(
      entries, namings: definition.namings, ignoring: definition.ignoredEntries, file: "vae.safetensors")
    #expect(binding.naming == "diffusers' older versions")
    #expect(binding.ignored == ["encoder.mid_block.resnets.0.conv1.bias", "quant_conv.weight"])
    try expectBound(bound, weights)
  }

  @Test(arguments: ["", "text_model.", "module.", "module.text_model."])
  func textEncodersLoadUnderAnyPrefix(_ prefix: String) throws {
    let (definition, variant) = try findGraph("snapfusion_text_encoder")
    let declared = try variant.build([("width", 24), ("layers", 2), ("vocabulary", 10)])
    let weights = randomWeights(declared, seed: 1)
    var entries = weights.map { (name: prefix + $0.name, tensor: $0.tensor) }
    let positions = "\(prefix)embeddings.position_ids"
    entries.append((positions, Tensor(zeros: .i64, [1, 77])))
    var bound = declared
    let binding = try bound.bind(
      entries, namings: definition.namings, ignoring: definition.ignoredEntries, file: "text.safetensors")
    #expect(binding == Binding(naming: "diffusers", prefix: prefix, ignored: [positions]))
    try expectBound(bound, weights)
  }

  private func expectBound(_ graph: Graph, _ weights: [(name: String, tensor: Tensor)]) throws {
    for (name, tensor) in weights {
      let value = try #require(graph.findWeight(name))
      #expect(graph.constant(value)?.isIdentical(to: tensor) == true, "\(name)")
    }
  }

  // MARK: Values

  /// What follows a token does not change its states.
  @Test func textIsReadFromLeftToRight() throws {
    var graph = try findGraph("snapfusion_text_encoder").variant.build([
      ("width", 24), ("layers", 2), ("vocabulary", 10), ("tokens", 5),
    ])
    graph.bindRandomWeights(seed: 1)
    let states = try [[1, 2, 3, 4, 5], [1, 2, 3, 9, 8]].map { tokens in
      try evaluate(graph, [Tensor(tokens.map(Int64.init), shape: [1, 5])])[0].floats
    }
    #expect(states[0][..<72] == states[1][..<72])
    #expect(states[0][72...] != states[1][72...])
  }

  /// One of each kind.
  static let publicNames: [(String, [String: Shape])] = [
    (
      "sd15_unet",
      [
        "time_embedding.linear_1.weight": [1280, 320],
        "down_blocks.0.resnets.0.time_emb_proj.weight": [320, 1280],
        "down_blocks.1.resnets.0.conv_shortcut.weight": [640, 320, 1, 1],
        "down_blocks.2.attentions.1.transformer_blocks.0.attn2.to_k.weight": [1280, 768],
        "down_blocks.2.downsamplers.0.conv.bias": [1280],
        "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj.weight": [10240, 1280],
        "mid_block.resnets.1.norm2.weight": [1280],
        "up_blocks.1.resnets.2.conv1.weight": [1280, 1920, 3, 3],
        "up_blocks.3.attentions.2.transformer_blocks.0.attn1.to_out.0.bias": [320],
        "up_blocks.2.upsamplers.0.conv.weight": [640, 640, 3, 3],
        "conv_norm_out.weight": [320], "conv_out.weight": [4, 320, 3, 3],
      ]
    ),
    (
      "sd15_decoder",
      [
        "post_quant_conv.weight": [4, 4, 1, 1], "decoder.conv_in.weight": [512, 4, 3, 3],
        "decoder.mid_block.attentions.0.group_norm.weight": [512],
        "decoder.mid_block.attentions.0.to_out.0.weight": [512, 512],
        "decoder.up_blocks.2.resnets.0.conv_shortcut.weight": [256, 512, 1, 1],
        "decoder.up_blocks.2.upsamplers.0.conv.bias": [256], "decoder.conv_out.bias": [3],
      ]
    ),
    (
      "text_encoder",
      [
        "embeddings.token_embedding.weight": [49408, 768],
        "embeddings.position_embedding.weight": [77, 768],
        "encoder.layers.11.self_attn.out_proj.bias": [768],
        "encoder.layers.0.mlp.fc1.weight": [3072, 768], "final_layer_norm.bias": [768],
      ]
    ),
  ]
}
