import Graphs
import IR
import Tensors
import Testing

struct SnapGenVTests {
  /// 0.6 B in all, of which the image network is about 2.5 times smaller than Stable Diffusion 1.5's.
  @Test func sizesFitThePublishedOnes() throws {
    let graph = try findGraph("snapgenv_denoiser").variant.build()
    let total = Statistics(graph).parameters
    #expect(abs(Double(total) / 0.6e9 - 1) <= 0.05)
    let overTime = graph.weights.filter { value in
      graph.weight(value)?.name.contains(".temp_") ?? false
    }.reduce(0) { $0 + graph.shape(of: $1).elementCount }
    #expect(abs(859_520_964 / Double(total - overTime) - 2.5) <= 0.05)
  }

  /// The search's finding: one dimension on the finer grids, attention in three on the coarser ones.
  @Test func everyBlockIsFollowedInTime() {
    let network = SnapGenV()
    for part in network.image.parts {
      let blocks = network.image.blocks(of: part)
      for (index, block) in blocks.enumerated() {
        let layer = network.layer(at: UNet.Place(part: part, block: index))
        if network.image.level(of: part) >= 2 {
          #expect(layer == .selfAttention3D)
        } else {
          #expect(layer == (block == .resNet ? .conv1D : .selfAttention1D))
        }
      }
      #expect(network.layer(at: UNet.Place(part: part, block: blocks.count)) == nil)
    }
  }

  @Test func namesStandBesideThoseOfTheImageNetwork() throws {
    let graph = try findGraph("snapgenv_denoiser").variant.build([("width", 32), ("size", 8), ("frames", 2)])
    let expected: [String: Shape] = [
      "down_blocks.0.temp_convs.1.conv1.2.weight": [32, 32, 3, 1, 1],
      "down_blocks.0.temp_convs.1.conv4.0.bias": [32],
      "down_blocks.1.temp_attentions.1.transformer_blocks.0.attn1.to_q.weight": [64, 64],
      "down_blocks.2.temp_attentions.3.proj_in.weight": [96, 96],
      "mid_block.temp_attentions.2.norm.weight": [96],
      "up_blocks.2.temp_convs.2.conv3.3.weight": [64, 64, 3, 1, 1],
      "up_blocks.1.temp_attentions.5.transformer_blocks.0.ff.net.2.weight": [96, 384],
    ]
    for (name, shape) in expected.sorted(by: { $0.key < $1.key }) {
      #expect(graph.findWeight(name).map { graph.shape(of: $0) } == shape, "\(name)")
    }
    #expect(graph.findWeight("up_blocks.0.temp_convs.0.conv1.2.weight") == nil)
  }

  /// Any place may hold any layer, or none, as a search needs it.
  @Test func layersAreChosenByPlace() throws {
    var network = SnapGenV(width: 32)
    network.layers = [.down(0): [nil, .conv3D], .middle: [.crossAttention3D, nil, .crossAttention1D]]
    var b = GraphBuilder("chosen")
    let latent = try b.input("latent", [2, 4, 8, 8])
    let (timestep, context) = (try b.input("timestep", [1]), try b.input("context", [1, 5, 24]))
    try b.output("y", network.predict(&b, latent: latent, timestep: timestep, context: context))
    let graph = try b.finish()
    let overTime = graph.weights.compactMap { graph.weight($0)?.name }.filter { $0.contains(".temp_") }
    let scopes = Set(overTime.map { $0.split(separator: ".").prefix(4).joined(separator: ".") })
    #expect(
      scopes.sorted() == [
        "down_blocks.0.temp_convs.0", "mid_block.temp_attentions.0.norm",
        "mid_block.temp_attentions.0.proj_in", "mid_block.temp_attentions.0.proj_out",
        "mid_block.temp_attentions.0.transformer_blocks", "mid_block.temp_attentions.1.norm",
        "mid_block.temp_attentions.1.proj_in", "mid_block.temp_attentions.1.proj_out",
        "mid_block.temp_attentions.1.transformer_blocks",
      ])
    let kernel = try #require(graph.findWeight("down_blocks.0.temp_convs.0.conv1.2.weight"))
    #expect(graph.shape(of: kernel) == [32, 32, 3, 3, 3])
  }

  /// Two channels of one norm's group change places at one position of the first frame, which the norm does
  /// not notice. Other positions notice in 3D layers only, the position itself in other frames always.
  @Test(arguments: [
    TemporalLayer.selfAttention1D, .selfAttention3D, .crossAttention1D, .crossAttention3D,
  ])
  func attentionSeesOnePositionOrAll(_ layer: TemporalLayer) throws {
    let run = try runner(layer)
    var values = run.values
    values.swapAt(0, 16)
    let (before, after) = (try run.result(run.values), try run.result(values))
    let changed = before.indices.filter { abs(before[$0] - after[$0]) > 1e-4 }
    #expect(changed.contains { $0 % 16 != 0 } == layer.isThreeDimensional)
    let laterFrames = 64 * 16..<values.count
    #expect(changed.contains { laterFrames.contains($0) && $0 % 16 == 0 })
  }

  /// When the first and the last position of all planes change places, so do the results of convolutions over
  /// frames; those that see neighbors notice that these are others.
  @Test(arguments: [TemporalLayer.conv1D, .conv3D])
  func convolutionsSeeOnePositionOrNeighbors(_ layer: TemporalLayer) throws {
    func exchanged(_ values: [Float]) -> [Float] {
      var values = values
      for plane in stride(from: 0, to: values.count, by: 16) { values.swapAt(plane, plane + 15) }
      return values
    }
    let run = try runner(layer)
    let (before, after) = (exchanged(try run.result(run.values)), try run.result(exchanged(run.values)))
    let difference = zip(before, after).map { abs($0 - $1) }.max() ?? 0
    #expect(layer.isThreeDimensional ? difference > 0.01 : difference < 1e-4, "\(difference)")
  }

  /// A layer of 64 channels on three frames of 4 × 4 with random weights, and values for its frames.
  private func runner(
    _ layer: TemporalLayer
  ) throws -> (values: [Float], result: (_ values: [Float]) throws -> [Float]) {
    let variant = try findGraph("snapgenv", variant: layer.rawValue).variant
    var graph = try variant.build([("frames", 3), ("width", 64), ("size", 4)])
    graph.bindRandomWeights(seed: 1)
    let shape = graph.shape(of: graph.inputs[0].value)
    let text = graph.inputs.dropFirst().map { input in
      let count = graph.shape(of: input.value).elementCount
      return Tensor((0..<count).map { Float($0 % 13) / 13 }, shape: graph.shape(of: input.value))
    }
    let bound = graph
    return (
      (0..<shape.elementCount).map { Float($0 &* 7919 % 1000) / 500 - 1 },
      { try evaluate(bound, [Tensor($0, shape: shape)] + text)[0].floats }
    )
  }

  @Test func temporalDecoderMakesFourFramesOfOne() throws {
    let graph = try findGraph("snapgenv_temporal_decoder").variant.build([("frames", 3), ("size", 2)])
    #expect(graph.shape(of: graph.outputs[0].value) == [12, 4, 2, 2])
    let spatial = try findGraph("snapgenv_spatial_decoder").variant.build([("frames", 12), ("size", 2)])
    #expect(spatial.shape(of: spatial.inputs[0].value) == [12, 4, 2, 2])
    #expect(spatial.shape(of: spatial.outputs[0].value) == [12, 3, 16, 16])
  }

  /// Four frames of each latent, one after the other, and no guidance: one call of the denoiser a step.
  @Test func textToVideoRunsItsPartsAsOftenAsNeeded() throws {
    let module = try findGraph("snapgenv_text_to_video").variant.module([("frames", 3), ("size", 8)])
    let main = module.functions[0]
    #expect(main.shape(of: main.outputs[0].value) == [12, 3, 64, 64])
    let loops = main.order.compactMap { id -> Loop? in
      if case .loop(let loop) = main[id].op { return loop }
      return nil
    }
    #expect(loops.map(\.function) == ["denoise_step", "decode_frame"])
    #expect(loops.map(\.count) == [4, 12])
    let callees = Dictionary(
      uniqueKeysWithValues: module.functions.map { graph in
        (graph.name, graph.order.compactMap { graph[$0].op.callee })
      })
    #expect(callees["denoise_step"] == ["denoiser"])
    #expect(callees["decode_frame"] == ["spatial_decoder"])
  }

  /// The two decoders have weights of one name, of which those over time are in a set of their own.
  @Test func decodersKeepTheirWeightsApart() throws {
    let module = try findGraph("snapgenv_text_to_video").variant.module([("frames", 3), ("size", 8)])
    let weight = { (function: String, name: String) -> Shape? in
      let graph = try #require(module.functions.first { $0.name == function })
      return graph.findWeight(name).map { graph.shape(of: $0) }
    }
    #expect(try weight("temporal_decoder@temporal", "temporal/decoder.conv_out.weight") == [4, 64, 3, 3, 3])
    #expect(try weight("spatial_decoder", "decoder.conv_out.weight") == [3, 64, 3, 3])
  }
}
