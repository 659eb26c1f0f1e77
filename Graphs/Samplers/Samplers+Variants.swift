import IR
import Tensors

/// The samplers by themselves, around Stable Diffusion's denoiser: what whole systems are made of, and what
/// shows each step.
let samplers = GraphDefinition(
  name: "samplers",
  summary: "sampling loops around Stable Diffusion 1.5's denoiser, with the sample after every step",
  paper: "as each sampler's file says",
  variants: [
    variant("ddim_epsilon", steps: 25, DDIM.options(.epsilon), DDIM.schedule),
    variant("ddim_velocity", steps: 8, DDIM.options(.velocity), DDIM.schedule),
    variant("ddim_two_calls", steps: 25, guidance: .twoCalls, DDIM.options(.epsilon), DDIM.schedule),
    variant("dpm_solver", steps: 20, [.prediction(.epsilon), .spacing(.linspace)]) {
      chosen throws(Diagnostic) in
      try DPMSolver(
        prediction: chosen.option("prediction", .epsilon), spacing: chosen.option("spacing", .linspace)
      ).schedule(steps: chosen["steps"])
    },
    variant("euler", steps: 25, [.prediction(.epsilon), .spacing(.linspace)]) {
      chosen throws(Diagnostic) in
      try EulerDiscrete(
        prediction: chosen.option("prediction", .epsilon), spacing: chosen.option("spacing", .linspace)
      ).schedule(steps: chosen["steps"])
    },
    variant("flow", steps: 4, Flow.options, Flow.schedule),
  ],
  namings: snapFusion.namings,
  ignoredEntries: snapFusion.ignoredEntries
)

/// `noise`, `context`, `empty_context` and `guidance` to `latent`, and `samples` after each step.
private func variant(
  _ name: String, steps: Int, guidance: Guidance = .batch, _ options: [GraphOption],
  _ schedule: @escaping @Sendable (Dimensions) throws(Diagnostic) -> SamplerSchedule
) -> GraphVariant {
  let dimensions = SnapFusion.dimensions(steps: steps, decoderWidth: 128).filter {
    ["steps", "tokens", "size", "width", "context"].contains($0.name)
  }
  // Each step predicts with and without the prompt.
  let unet = SnapFusion.stableDiffusionFacts
  let facts = Facts(
    status: .own, parameters: unet.parameters, macs: 2 * steps * unet.macs,
    attentionMACs: 2 * steps * unet.attentionMACs)
  return GraphVariant(name, dimensions: dimensions, options: options, facts: facts) {
    chosen throws(Diagnostic) in
    let unet = SnapFusion.stableDiffusion(width: chosen["width"])
    let (tokens, latent) = (chosen["tokens"], Shape([1, 4, chosen["size"], chosen["size"]]))
    let denoiser = try SnapFusion.denoiser(
      unet, latent: latent, context: [tokens, chosen["context"]], batch: guidance == .batch ? 2 : 1)

    var b = GraphBuilder("samplers_\(name)")
    let noise = try b.input("noise", latent)
    let context = try b.input("context", [1, tokens, chosen["context"]])
    let empty = try b.input("empty_context", [1, tokens, chosen["context"]])
    let scale = try b.input("guidance", [])
    let sampler = Sampler("denoise", try schedule(chosen), records: true)
    let guided = GuidedDenoiser(denoiser: denoiser, guidance: guidance)
    let result = try sampler.run(&b, from: noise, constants: [empty, context, scale]) {
      b, step throws(Diagnostic) in
      Sampler.Output(prediction: try guided.predict(&b, step))
    }
    try b.output("latent", result.sample)
    if let samples = result.samples { try b.output("samples", samples) }
    return try b.finishModule()
  }
}
