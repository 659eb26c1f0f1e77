import IR
import Tensors

/// Stage one as one function: states of a text and noise to a video.
///
/// Public: EDM's deterministic sampler on videos made smaller by σ_in, 256 steps, guidance by the empty text,
/// and latents that each step hands to the next. Ours are EDM's own noise levels, both of its orders since the
/// one that was used is not known, that each call's latents go to the next call with the same text, and one
/// scale of guidance for all steps. The authors let the scale oscillate and limit the range of the denoised
/// video (dynamic thresholding), neither of which is here.
extension FIT {
  /// Inputs: `noise`, f32[1, T, 3, H, W] of deviation 1; `text` and `empty_text`, f32[1, S, E], states of the
  /// text encoder; `frame_rate` and `resolution`, f32[1]; `guidance`, a scalar, at which 1 is the text's
  /// prediction. Output: `video`, f32[1, T, 3, H, W].
  ///
  /// `facts` are those of one call of the network.
  static func textToVideo(
    _ name: String, _ network: FIT, _ facts: Facts, _ order: EDM.Order
  ) -> GraphVariant {
    let steps = 256
    let evaluations = order == .euler ? steps : 2 * steps - 1
    var total = Facts(sum: [(facts, 2 * evaluations)])
    total.ours += "; noise levels, the sampler's order and guidance of one scale are ours"
    let dimensions =
      [Dimension(name: "steps", extent: steps, range: 1...4096, multiple: 1)] + network.dimensions()
    return GraphVariant(name, dimensions: dimensions, facts: total) { chosen throws(Diagnostic) in
      let fit = network.with(chosen)
      var edm = EDM()
      edm.order = order
      edm.inputScaling =
        Preconditioning(spatialFactor: fit.spatialFactor, frames: chosen["frames"]).sigmaIn
      return try fit.textToVideo(
        "snapvideo_\(name)", edm.schedule(steps: chosen["steps"]),
        denoiser: fit.denoiser("denoiser", batch: 1, chosen))
    }
  }

  /// `denoiser` is what ``denoiser(_:batch:_:)`` gives for one video of a first stage.
  private func textToVideo(
    _ name: String, _ schedule: SamplerSchedule, denoiser: Module
  ) throws(Diagnostic) -> Module {
    let network = denoiser.functions[0]
    let shapes = Dictionary(
      uniqueKeysWithValues: network.inputs.map { ($0.name, network.shape(of: $0.value)) })
    var b = GraphBuilder(name)
    func input(_ port: String, like other: String) throws(Diagnostic) -> ValueID {
      try b.input(port, shapes[other] ?? [])
    }
    let noise = try input("noise", like: "x_sigma")
    let constants = [
      try input("text", like: "text"), try input("empty_text", like: "text"),
      try input("frame_rate", like: "frame_rate"), try input("resolution", like: "resolution"),
      try b.input("guidance", []),
    ]
    let latents = b.constant("no_latents", Tensor(zeros: .f32, shapes["previous_latents"] ?? []))
    let result = try Sampler("denoise", schedule).run(
      &b, from: noise, state: [latents, latents], constants: constants
    ) { b, step throws(Diagnostic) in
      try guided(&b, denoiser, step)
    }
    try b.output("video", result.sample)
    return try b.finishModule()
  }

  /// The denoised video of a step. Its state are the latents of the call without the text, then of that with it.
  private func guided(
    _ b: inout GraphBuilder, _ denoiser: Module, _ step: Sampler.StepInputs
  ) throws(Diagnostic) -> Sampler.Output {
    let (text, empty, frameRate, resolution) = (
      step.constants[0], step.constants[1], step.constants[2], step.constants[3]
    )
    var latents: [ValueID] = []
    let prediction = try Guidance.twoCalls.predict(
      &b, step.sample, without: empty, with: text, scale: step.constants[4]
    ) { b, sample, text throws(Diagnostic) in
      let results = try b.call(
        denoiser, [sample, step.time, frameRate, resolution, text, step.state[latents.count]])
      latents.append(results[1])
      return results[0]
    }
    return Sampler.Output(prediction: prediction, state: latents)
  }
}
