import IR
import Tensors

/// Stable Diffusion with two text encoders of one architecture: the original's states condition the first steps,
/// the tuned one's the last. 25 steps of DDIM on noise, of which the authors' code gives the tuned one 15; it visits
/// the times 999, 959 … 39, which is ``TimestepSpacing/trailing``.
///
/// Weight set `tuned` holds the tuned encoder; everything else is without a set.
extension TextCraftor {
  static let tunedSet = "tuned"

  static func textToImage(_ name: String) -> GraphVariant {
    let encoder = textEncoderVariant.facts
    let parts = [
      (encoder, 2), (encoder, 2), (SnapFusion.stableDiffusionFacts, 2 * 25),
      (SnapFusion.stableDiffusionDecoderFacts, 1),
    ]
    let facts = Facts(sum: parts)
    let dimensions =
      SnapFusion.dimensions(steps: 25, decoderWidth: 128)
      + [Dimension(name: "tuned_steps", extent: 15, range: 1...999, multiple: 1)]
    let options = DDIM.options(.epsilon, .trailing)
    return GraphVariant(name, dimensions: dimensions, options: options, facts: facts) {
      chosen throws(Diagnostic) in
      let networks = SnapFusion.networks(SnapFusion.stableDiffusion(width: chosen["width"]), chosen)
      let (tokens, latent) = (chosen["tokens"], Shape([1, 4, chosen["size"], chosen["size"]]))
      let pipeline = TextToImage(
        textEncoder: try networks.textEncoder(tokens: tokens),
        denoiser: GuidedDenoiser(denoiser: try networks.denoiser(latent: latent, tokens: tokens)),
        decoder: try networks.decoder(latent: latent), schedule: try DDIM.schedule(chosen))
      return try switching(
        pipeline, "textcraftor_\(name)", tokens: tokens, latent: latent,
        originalSteps: chosen["steps"] - chosen["tuned_steps"])
    }
  }

  /// Inputs as ``TextToImage``, and `blend`, a scalar: the share of the tuned states in the last steps.
  private static func switching(
    _ pipeline: TextToImage, _ name: String, tokens count: Int, latent: Shape, originalSteps: Int
  ) throws(Diagnostic) -> Module {
    var b = GraphBuilder(name)
    let prompts = try b.prompts(count)
    let noise = try b.input("noise", latent)
    let scale = try b.input("guidance", [])
    let blend = try b.input("blend", [])
    let original = try b.call(pipeline.textEncoder, [prompts])[0]
    let tuned = try b.call(pipeline.textEncoder.withWeights(tunedSet), [prompts])[0]
    let blended = try b.add(original, b.multiply(b.subtract(tuned, original), blend))

    let (first, second) = try pipeline.schedule.split(after: originalSteps)
    var sample = noise
    for (part, schedule, states) in [("original", first, original), ("tuned", second, blended)] {
      guard let schedule else { continue }
      let contexts = try b.split(states, axis: 0, [1, 1])
      sample = try Sampler("denoise_\(part)", schedule).run(
        &b, from: sample, constants: [contexts[0], contexts[1], scale]
      ) { b, step throws(Diagnostic) in
        Sampler.Output(prediction: try pipeline.denoiser.predict(&b, step))
      }.sample
    }
    try b.output("image", pipeline.decode(&b, sample))
    return try b.finishModule()
  }
}
