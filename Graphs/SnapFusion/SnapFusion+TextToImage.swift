import IR
import Tensors

extension SnapFusion {
  /// The three networks of a text-to-image function at a width that tests may change.
  struct Networks {
    var unet: UNet
    var decoderWidth: Int
    var encoder: TextEncoder

    /// Text tower on prompts of `count` tokens, two at a time.
    func textEncoder(tokens count: Int) throws(Diagnostic) -> Module {
      var b = GraphBuilder("text_encoder")
      let tokens = try b.input("tokens", [2, count], .i64)
      try b.output("states", encoder.encode(&b, tokens))
      return try b.finishModule()
    }

    /// On two samples at a time.
    func denoiser(latent: Shape, tokens: Int) throws(Diagnostic) -> Module {
      try SnapFusion.denoiser(unet, latent: latent, context: [tokens, encoder.width], batch: 2)
    }

    func decoder(latent: Shape) throws(Diagnostic) -> Module {
      try ImageDecoder(width: decoderWidth).function(latent: latent)
    }
  }

  /// `latent` is the shape of one sample, `context` that of its condition.
  static func denoiser(
    _ unet: UNet, latent: Shape, context: Shape, batch: Int
  ) throws(Diagnostic) -> Module {
    var b = GraphBuilder("unet")
    let sample = try b.input("latent", [batch, latent[1], latent[2], latent[3]])
    let timestep = try b.input("timestep", [batch])
    let condition = try b.input("context", [batch, context[0], context[1]])
    try b.output("prediction", unet.predict(&b, latent: sample, timestep: timestep, context: condition))
    return try b.finishModule()
  }

  /// Extents of a text-to-image function. Width 320 goes with a text width of 768 in the published networks.
  static func dimensions(steps: Int, decoderWidth: Int) -> [Dimension] {
    [
      Dimension(name: "steps", extent: steps, range: 1...999, multiple: 1),
      Dimension(name: "tokens", extent: 77, range: 1...77, multiple: 1),
      Dimension(name: "size", extent: 64, range: 8...1024, multiple: 8),
      Dimension(name: "width", extent: 320, range: 32...4096, multiple: 32),
      Dimension(name: "context", extent: 768, range: 12...6144, multiple: 12),
      Dimension(name: "layers", extent: 12, range: 1...96, multiple: 1),
      Dimension(name: "vocabulary", extent: 49_408, range: 1...1_048_576, multiple: 1),
      Dimension(name: "decoder_width", extent: decoderWidth, range: 32...4096, multiple: 32),
    ]
  }

  static func networks(_ unet: UNet, _ chosen: Dimensions) -> Networks {
    Networks(
      unet: unet, decoderWidth: chosen["decoder_width"],
      encoder: TextEncoder(
        vocabulary: chosen["vocabulary"], width: chosen["context"], layers: chosen["layers"]))
  }

  /// Prompt and noise to an image by DDIM, guided by one call of batch 2 a step.
  ///
  /// SnapFusion's denoiser was trained to predict velocities for eight steps. Stable Diffusion 1.5's as published
  /// predicts noise; its sampler's settings (times from 1 up in equal whole steps, the noise of time 0 left in) are
  /// those of its scheduler's file. `unet` and `decoder` are the facts of these parts.
  static func textToImage(
    _ name: String, _ network: @escaping @Sendable (_ width: Int) -> UNet, _ unet: Facts,
    decoderWidth: Int, _ decoder: Facts, steps: Int, _ prediction: Prediction, ours: String = ""
  ) -> GraphVariant {
    let dimensions = dimensions(steps: steps, decoderWidth: decoderWidth)
    var facts = Facts(sum: [(textEncoderVariant.facts, 2), (unet, 2 * steps), (decoder, 1)])
    facts.ours += ours
    return GraphVariant(name, dimensions: dimensions, options: DDIM.options(prediction), facts: facts) {
      chosen throws(Diagnostic) in
      let networks = networks(network(chosen["width"]), chosen)
      let (tokens, latent) = (chosen["tokens"], Shape([1, 4, chosen["size"], chosen["size"]]))
      let pipeline = TextToImage(
        textEncoder: try networks.textEncoder(tokens: tokens),
        denoiser: GuidedDenoiser(denoiser: try networks.denoiser(latent: latent, tokens: tokens)),
        decoder: try networks.decoder(latent: latent),
        schedule: try DDIM.schedule(chosen))
      return try pipeline.module("snapfusion_\(name)", tokens: tokens, latent: latent)
    }
  }
}
