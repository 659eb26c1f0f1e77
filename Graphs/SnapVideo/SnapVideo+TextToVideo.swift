import IR
import Tensors

/// Each stage as one function, and both: states of a text and noise to a video; see ``StageSampler``.
///
/// Weight set `upsampler` holds the second stage of the function of both; everything else is without a set.
extension FIT {
  static let upsamplerSet = "upsampler"
  private static let firstSteps = 256
  private static let upsamplerSteps = 40
  private static let ours =
    "noise levels, the sampler's order, how guidance oscillates, the quantile of thresholding and that each call's "
    + "latents go to the next call with the same text are ours"

  /// One stage.
  ///
  /// Inputs: `noise`, f32[1, T, 3, H, W] of deviation 1; `text` and `empty_text`, f32[1, S, E], states of the
  /// text encoder; `frame_rate` and `resolution`, f32[1]; `guidance` and `low_guidance`, scalars. An upsampler
  /// has `low_resolution` and `corruption_noise`, f32[1, T, 3, H ÷ factor, W ÷ factor], and `corruption`, a
  /// scalar that tells how much of the noise is added. Output: `video`, f32[1, T, 3, H, W].
  ///
  /// `facts` are those of one call of the network.
  static func stage(_ name: String, _ network: FIT, _ facts: Facts, _ order: EDM.Order) -> GraphVariant {
    let isUpsampler = network.spatialFactor > 1
    let steps = isUpsampler ? upsamplerSteps : firstSteps
    var total = Facts(sum: [(facts, calls(order, steps: steps))])
    total.ours += "; \(ours)"
    let dimensions = samplerDimensions(steps: steps) + network.dimensions()
    return GraphVariant(name, dimensions: dimensions, options: options, facts: total) {
      chosen throws(Diagnostic) in
      let sampler = sampler(network, chosen, order)
      var b = GraphBuilder("snapvideo_\(name)")
      let (noise, size) = (try b.input("noise", sampler.videoShape), sampler.lowResolutionShape)
      let small = isUpsampler ? try b.input("low_resolution", size) : nil
      let low = try small.map { small throws(Diagnostic) in try b.corrupted(small) }
      let conditions = try b.conditions(sampler.extents)
      let resolution = try b.input("resolution", [1])
      let video = try sampler.sample(
        &b, "denoise", denoiser: sampler.denoiser("denoiser"),
        conditions.inputs(noise: noise, lowResolution: low, resolution: resolution))
      try b.output("video", video)
      return try b.finishModule()
    }
  }

  /// The first stage, then the upsampler on its video.
  ///
  /// Inputs as those of both, the upsampler's own noise and resolution being `upsampler_noise` and
  /// `upsampler_resolution`. Outputs: `video` and, of the first stage, `low_resolution`.
  static func bothStages(_ name: String, _ order: EDM.Order) -> GraphVariant {
    let (first, second) = (FIT.large, FIT.upsamplerByGroup)
    let prefix = "upsampler_"
    var facts = Facts(sum: [
      (largeFacts, calls(order, steps: firstSteps)), (upsamplerFacts, calls(order, steps: upsamplerSteps)),
    ])
    facts.ours = "\(upsamplerFacts.ours); \(ours)"
    let dimensions =
      samplerDimensions(steps: firstSteps) + first.dimensions()
      + (samplerDimensions(steps: upsamplerSteps) + second.networkDimensions()).map {
        $0.prefixed(by: prefix)
      }
    return GraphVariant(name, dimensions: dimensions, options: options, facts: facts) {
      chosen throws(Diagnostic) in
      let small = sampler(first, chosen, order)
      var large = sampler(second, chosen.selecting(prefix: prefix), order)
      large.extents.height *= second.spatialFactor
      large.extents.width *= second.spatialFactor
      var b = GraphBuilder("snapvideo_\(name)")
      let (noise, upsamplerNoise) = (
        try b.input("noise", small.videoShape), try b.input("\(prefix)noise", large.videoShape)
      )
      let conditions = try b.conditions(small.extents)
      let (resolution, upsamplerResolution) = (
        try b.input("resolution", [1]), try b.input("\(prefix)resolution", [1])
      )
      let low = try small.sample(
        &b, "denoise", denoiser: small.denoiser("denoiser"),
        conditions.inputs(noise: noise, lowResolution: nil, resolution: resolution))
      let video = try large.sample(
        &b, "enlarge", denoiser: large.denoiser("denoiser").withWeights(upsamplerSet),
        conditions.inputs(
          noise: upsamplerNoise, lowResolution: b.corrupted(low), resolution: upsamplerResolution))
      try b.output("video", video)
      try b.output("low_resolution", low)
      return try b.finishModule()
    }
  }

  /// Calls of the network: with the text and without it wherever the sampler looks.
  private static func calls(_ order: EDM.Order, steps: Int) -> Int {
    2 * (order == .euler ? steps : 2 * steps - 1)
  }

  private static func samplerDimensions(steps: Int) -> [Dimension] {
    [
      Dimension(name: "steps", extent: steps, range: 1...4096, multiple: 1),
      Dimension(name: "steady_steps", extent: steps / 4, range: 0...4096, multiple: 1),
    ]
  }

  private static func sampler(_ network: FIT, _ chosen: Dimensions, _ order: EDM.Order) -> StageSampler {
    StageSampler(
      fit: network.with(chosen), extents: Extents(chosen), order: order, steps: chosen["steps"],
      steadySteps: chosen["steady_steps"])
  }
}

extension StageSampler {
  fileprivate var videoShape: Shape { fit.videoShape(extents) }
  fileprivate var lowResolutionShape: Shape { fit.lowResolutionShape(extents) }
  fileprivate func denoiser(_ name: String) throws(Diagnostic) -> Module {
    try fit.denoiser(name, extents)
  }
}

/// What conditions both stages alike.
private struct StageConditions {
  var text: ValueID
  var emptyText: ValueID
  var frameRate: ValueID
  var guidance: ValueID
  var lowGuidance: ValueID

  func inputs(noise: ValueID, lowResolution: ValueID?, resolution: ValueID) -> StageSampler.Inputs {
    StageSampler.Inputs(
      noise: noise, lowResolution: lowResolution, frameRate: frameRate, resolution: resolution, text: text,
      emptyText: emptyText, guidance: guidance, lowGuidance: lowGuidance)
  }
}

extension GraphBuilder {
  fileprivate mutating func conditions(_ extents: FIT.Extents) throws(Diagnostic) -> StageConditions {
    let states = Shape([1, extents.tokens, extents.textWidth])
    return StageConditions(
      text: try input("text", states), emptyText: try input("empty_text", states),
      frameRate: try input("frame_rate", [1]), guidance: try input("guidance", []),
      lowGuidance: try input("low_guidance", []))
  }

  /// A low-resolution video with noise added, for which this declares the inputs `corruption_noise` and
  /// `corruption`: in training it hides what tells a first stage's videos from real ones.
  fileprivate mutating func corrupted(_ video: ValueID) throws(Diagnostic) -> ValueID {
    let noise = try input("corruption_noise", shape(of: video))
    let amount = try input("corruption", [])
    return try add(video, multiply(noise, amount))
  }
}
