import Graphs
import IR
import Tensors
import Testing

struct SnapVideoTests {
  /// Learned matrices and tables alone have the sizes that the reconstruction was found with, to its digits;
  /// biases, layer norms and, in the upsampler, what reads the low-resolution video come on top.
  @Test(arguments: [("fit_500m", 489.4, 348), ("fit_3.9b", 3932, 3220), ("upsampler", 4080, 14_254)])
  func matricesHaveTheSizesOfTheReconstruction(_ name: String, _ millions: Double, _ billions: Int) throws {
    let variant = try findGraph("snapvideo", variant: name).variant
    let graph = try variant.build()
    var matrices = 0
    for value in graph.weights where graph.constant(value) == nil && graph.shape(of: value).rank > 1 {
      matrices += graph.shape(of: value).elementCount
    }
    var macs = Statistics(graph).macs
    if name == "upsampler" {
      // Three of the six channels that each of the patches' 4 × 4 pixels has.
      let lowResolution = 3 * 4 * 4 * 1024
      matrices -= lowResolution
      macs -= lowResolution * 147_456
    }
    let digits = millions < 1000 ? 10.0 : 1
    #expect((Double(matrices) / 1e6 * digits).rounded() / digits == millions)
    #expect(Int((Double(macs) / 1e9).rounded()) == billions)
    // All that is left out of it is below 0.1 %.
    #expect(Double(variant.facts.parameters - matrices) < 1e-3 * Double(matrices))
    if let published = variant.facts.publishedParameters {
      #expect(abs(Double(matrices) / 1e6 / published - 1) < 0.05)
    }
  }

  /// Patches, groups and latents of the published table.
  @Test(arguments: [("fit_500m", 8, 320, 64), ("fit_3.9b", 8, 320, 96), ("upsampler", 32, 4608, 24)])
  func videoFallsIntoThePublishedGroups(_ name: String, _ groups: Int, _ patches: Int, _ latents: Int) throws
  {
    let graph = try findGraph("snapvideo", variant: name).variant.build([("blocks", 1)])
    let scores = graph.order.filter { graph[$0].op == .softmax(Softmax(axis: -1)) }
      .map { graph.shape(of: graph[$0].results[0]) }
    // From conditioning tokens, from patches, four among latents, and back.
    #expect(scores.count == 7)
    #expect(scores[0].extents.suffix(2) == [groups * latents, 80])
    #expect([scores[1][0], scores[1][2], scores[1][3]] == [groups, latents, patches])
    #expect(scores[2].extents.suffix(2) == [groups * latents, groups * latents])
    #expect([scores[6][0], scores[6][2], scores[6][3]] == [groups, patches, latents])
    let positions = try #require(graph.findWeight("pos_embed"))
    #expect(graph.shape(of: positions)[0] == groups * patches)
  }

  @Test func parametersAreNamedAsProposed() throws {
    let graph = try findGraph("snapvideo_fit_500m").variant.build([("blocks", 1)])
    let names = Set(graph.weights.compactMap { graph.weight($0)?.name })
    for layer in ["cond_read", "read", "write", "global.0", "global.3"] {
      for part in ["norm_q", "q", "k", "v", "out", "ff.0", "ff.2"] {
        #expect(names.contains("blocks.0.\(layer).\(part).weight"), "\(layer).\(part)")
      }
      #expect(names.contains("blocks.0.\(layer).norm_kv.weight") == !layer.hasPrefix("global"))
    }
    #expect(names.isSuperset(of: ["latents", "pos_embed", "patch_embed.weight", "head.weight"]))
  }

  @Test func videosThatDoNotFallIntoGroupsAreErrors() throws {
    let variant = try findGraph("snapvideo_fit_500m").variant
    let latents = #expect(throws: Diagnostic.self) { try variant.build([("latents", 12)]) }
    #expect(
      latents?.description
        == "12 latents do not divide into the 8 groups of a video of 36 by 64 pixels; take a multiple of 8")
    #expect(throws: Diagnostic.self) { try variant.build([("width", 24)]) }
  }

  /// What one step returns can be given to the next.
  @Test func outputsHaveTheShapesOfTheInputs() throws {
    for name in ["fit_500m", "upsampler"] {
      let graph = try findGraph("snapvideo", variant: name).variant.build()
      let input = { (port: String) in
        try #require(graph.inputs.first { $0.name == port }).value
      }
      #expect(graph.type(of: graph.outputs[0].value) == graph.type(of: try input("x_sigma")))
      #expect(graph.type(of: graph.outputs[1].value) == graph.type(of: try input("previous_latents")))
    }
  }

  @Test func groupsOneByOneGiveWhatTheyGiveTogether() throws {
    let extents = [
      (name: "frames", extent: 2), (name: "height", extent: 72), (name: "width", extent: 128),
      (name: "blocks", extent: 2), (name: "patch_width", extent: 64), (name: "latent_width", extent: 128),
      (name: "latents", extent: 8), (name: "tokens", extent: 3), (name: "text_width", extent: 8),
    ]
    let modules = try ["upsampler", "upsampler_group_by_group"].map { name in
      var module = try findGraph("snapvideo", variant: name).variant.module(extents)
      module.bindRandomWeights(seed: 3)
      return module
    }
    let (together, oneByOne) = (modules[0], modules[1])
    // Reading and writing of each of two blocks.
    #expect(together.functions.count == 1 && oneByOne.functions.count == 5)
    #expect(Statistics(together).macs == Statistics(oneByOne).macs)
    #expect(Statistics(together).weightBytes == Statistics(oneByOne).weightBytes)
    let graph = together.functions[0]
    let inputs = graph.inputs.map { input in
      let shape = graph.shape(of: input.value)
      let values = (0..<shape.elementCount).map { Float($0 &* 7919 % 1000) / 500 - 1 }
      return input.name == "sigma" ? Tensor([0.5], shape: [1]) : Tensor(values, shape: shape)
    }
    for (a, b) in zip(try evaluate(together, inputs), try evaluate(oneByOne, inputs)) {
      #expect(a.floats.contains { $0 != a.floats[0] })
      #expect(TensorDifference(b, reference: a).relative < 1e-6)
    }
  }

  /// Latents without the text, then with it, are what one step hands to the next.
  @Test(arguments: [("fit_500m_euler", 3, 0), ("fit_500m_heun", 5, 1)])
  func samplersCarryTheLatentsOfBothCalls(_ name: String, _ evaluations: Int, _ memories: Int) throws {
    let module = try findGraph("snapvideo", variant: name).variant.module([("steps", 3), ("blocks", 1)])
    let main = module.functions[0]
    let loops = main.order.compactMap { id -> Loop? in
      if case .loop(let loop) = main[id].op { return loop }
      return nil
    }
    let loop = try #require(loops.first)
    #expect(loop.count == evaluations && loop.carried == 1 + memories + 2)
    #expect(loop.results[loop.carried - 1].shape == [1, 512, 1024])
    let step = try #require(module.functions.first { $0.name == loop.function })
    let calls = step.order.map { step[$0] }.filter { $0.op.callee == "denoiser" }
    #expect(calls.count == 2)
    let ports = Dictionary(uniqueKeysWithValues: step.inputs.map { ($0.name, $0.value) })
    #expect(calls.map { $0.operands.last } == [ports["state.0"], ports["state.1"]])
    #expect(calls.map { $0.operands[4] } == [ports["constant.0"], ports["constant.1"]])
    let outputs = Dictionary(uniqueKeysWithValues: step.outputs.map { ($0.name, $0.value) })
    #expect(calls.map { $0.results[1] } == [outputs["next_state.0"], outputs["next_state.1"]])
  }

  /// The upsampler runs on weights of its own, on the first stage's video, which is an output too.
  @Test func bothStagesRunOnTheirOwnWeights() throws {
    let module = try findGraph("snapvideo", variant: "text_to_video_euler").variant.module([
      ("steps", 3), ("blocks", 1), ("upsampler_steps", 2), ("upsampler_blocks", 1),
    ])
    let main = module.functions[0]
    let outputs = main.outputs.map { ($0.name, main.shape(of: $0.value)) }
    #expect(outputs.map(\.0) == ["video", "low_resolution"])
    #expect(outputs.map(\.1) == [[1, 16, 3, 288, 512], [1, 16, 3, 36, 64]])
    let names = Set(module.functions.flatMap { graph in graph.weights.compactMap { graph.weight($0)?.name } })
    #expect(names.isSuperset(of: ["patch_embed.weight", "upsampler/patch_embed.weight"]))
    let loops = main.order.compactMap { id -> (count: Int, step: String)? in
      if case .loop(let loop) = main[id].op { return (loop.count, loop.function) }
      return nil
    }
    #expect(loops.map(\.count) == [3, 2])
    let second = try #require(module.functions.first { $0.name == loops[1].step })
    let callees = Set(second.order.compactMap { second[$0].op.callee })
    #expect(callees == ["denoiser@upsampler"])
  }
}
