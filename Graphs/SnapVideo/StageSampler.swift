import IR
import Tensors

/// The sampler of one stage: from noise to a video, with guidance by the empty text.
///
/// Public: EDM's deterministic sampler on videos made smaller by σ_in, guidance whose scale oscillates, dynamic
/// thresholding, latents that each step hands to the next, and that the upsampler is given a low-resolution
/// video with noise added. Ours are EDM's own noise levels, both of its orders since the one that was used is
/// not known, Imagen's quantile for thresholding and Imagen Video's way to oscillate, that each call's latents
/// go to the next call with the same text, and that the noise added to the low-resolution video is given.
struct StageSampler {
  var fit: FIT
  var extents: FIT.Extents
  var order: EDM.Order
  var steps: Int
  /// Steps with the high scale of guidance before it oscillates.
  var steadySteps: Int
  var threshold = DynamicThreshold()

  struct Inputs {
    /// [1, T, 3, H, W], of deviation 1.
    var noise: ValueID
    /// [1, T, 3, H ÷ factor, W ÷ factor]; nil in a first stage.
    var lowResolution: ValueID?
    /// [1].
    var frameRate: ValueID
    var resolution: ValueID
    /// [1, S, E].
    var text: ValueID
    var emptyText: ValueID
    /// Scalars, at which 1 is the text's prediction: of the first steps and every second one after them, and
    /// of the others.
    var guidance: ValueID
    var lowGuidance: ValueID
  }

  /// `name` is that of the step, `denoiser` what ``FIT/denoiser(_:_:)`` gives for one video. The result
  /// has the shape of the noise.
  func sample(
    _ b: inout GraphBuilder, _ name: String, denoiser: Module, _ inputs: Inputs
  ) throws(Diagnostic) -> ValueID {
    var edm = EDM()
    edm.order = order
    edm.inputScaling = Preconditioning(spatialFactor: fit.spatialFactor, frames: extents.frames).sigmaIn
    let scales = try OscillatingGuidance(steadySteps: steadySteps).scales(
      &b, "\(name).guidance", steps: edm.stepsOfRows(steps: steps), low: inputs.lowGuidance,
      high: inputs.guidance)
    let none = b.constant("\(name).no_latents", Tensor(zeros: .f32, [1, fit.latentCount, fit.latentWidth]))
    let constants =
      [inputs.emptyText, inputs.text, inputs.frameRate, inputs.resolution]
      + (inputs.lowResolution.map { [$0] } ?? [])
    return try Sampler(name, edm.schedule(steps: steps)).run(
      &b, from: inputs.noise, state: [none, none], stepped: [scales], constants: constants
    ) { b, step throws(Diagnostic) in
      try denoise(&b, denoiser, step)
    }.sample
  }

  /// The denoised video of a step. Its state are the latents of the call without the text, then of that with it.
  private func denoise(
    _ b: inout GraphBuilder, _ denoiser: Module, _ step: Sampler.StepInputs
  ) throws(Diagnostic) -> Sampler.Output {
    var latents: [ValueID] = []
    let shared = Array(step.constants[2...])
    let prediction = try Guidance.twoCalls.predict(
      &b, step.sample, without: step.constants[0], with: step.constants[1], scale: step.stepped[0]
    ) { b, sample, text throws(Diagnostic) in
      let operands = [sample, step.time] + shared[2...] + shared[..<2] + [text, step.state[latents.count]]
      let results = try b.call(denoiser, operands)
      latents.append(results[1])
      return results[0]
    }
    return Sampler.Output(prediction: try threshold.limit(&b, prediction), state: latents)
  }
}
