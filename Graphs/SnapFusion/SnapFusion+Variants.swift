import IR
import Tensors

let snapFusion = GraphDefinition(
  name: "snapfusion",
  summary: "text-to-image diffusion for phones, with Stable Diffusion 1.5, which it starts from",
  paper: "SnapFusion: Text-to-Image Diffusion Model on Mobile Devices within Two Seconds, arXiv 2306.00980",
  variants: [
    unet(
      "unet", SnapFusion.efficient, SnapFusion.efficientFacts),
    unet(
      "sd15_unet", SnapFusion.stableDiffusion, SnapFusion.stableDiffusionFacts),
    decoder(
      "decoder", width: 64, SnapFusion.decoderFacts),
    decoder(
      "sd15_decoder", width: 128, SnapFusion.stableDiffusionDecoderFacts),
    textEncoderVariant,
    SnapFusion.textToImage(
      "text_to_image", SnapFusion.efficient, SnapFusion.efficientFacts, decoderWidth: 64,
      SnapFusion.decoderFacts, steps: 8, .velocity,
      ours: "; also the times of the steps, which are equal whole steps from 1"),
    SnapFusion.textToImage(
      "sd15_text_to_image", SnapFusion.stableDiffusion, SnapFusion.stableDiffusionFacts, decoderWidth: 128,
      SnapFusion.stableDiffusionDecoderFacts, steps: 50, .epsilon),
  ],
  namings: [diffusersNaming, olderDiffusersNaming],
  ignoredEntries: stableDiffusionIgnoredEntries
)

private let batch = Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1)
private let tokens = Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1)

/// `latent`, `timestep` and `context`, the text encoder's states, to `prediction`.
private func unet(
  _ name: String, _ network: @escaping @Sendable (_ width: Int) -> UNet, _ facts: Facts
) -> GraphVariant {
  let dimensions = [
    batch, tokens,
    // The grid is halved three times.
    Dimension(name: "size", extent: 64, range: 8...1024, multiple: 8),
    // Each of the 32 groups of the norms needs a channel, and each of the eight heads.
    Dimension(name: "width", extent: 320, range: 32...4096, multiple: 32),
    Dimension(name: "context", extent: 768, range: 1...65536, multiple: 1),
  ]
  return GraphVariant(name, dimensions: dimensions, facts: facts) { chosen throws(Diagnostic) in
    let unet = network(chosen["width"])
    var b = GraphBuilder("snapfusion_\(name)")
    let latent = try b.input(
      "latent", [chosen["batch"], unet.latentChannels, chosen["size"], chosen["size"]])
    let timestep = try b.input("timestep", [chosen["batch"]])
    let context = try b.input("context", [chosen["batch"], chosen["tokens"], chosen["context"]])
    try b.output("prediction", unet.predict(&b, latent: latent, timestep: timestep, context: context))
    return try b.finish()
  }
}

/// `latent`, divided by the scale of the denoiser's latents, to `image`, from −1 to 1.
private func decoder(_ name: String, width: Int, _ facts: Facts) -> GraphVariant {
  let dimensions = [
    batch, Dimension(name: "size", extent: 64, range: 1...1024, multiple: 1),
    Dimension(name: "width", extent: width, range: 32...4096, multiple: 32),
  ]
  return GraphVariant(name, dimensions: dimensions, facts: facts) { chosen throws(Diagnostic) in
    var b = GraphBuilder("snapfusion_\(name)")
    let latent = try b.input("latent", [chosen["batch"], 4, chosen["size"], chosen["size"]])
    try b.output("image", ImageDecoder(width: chosen["width"]).decode(&b, latent))
    return try b.finish()
  }
}

/// `tokens`, padded with the end of the text, to `states`.
let textEncoderVariant = GraphVariant(
  "text_encoder",
  dimensions: [
    batch, Dimension(name: "tokens", extent: 77, range: 1...77, multiple: 1),
    // Each of the twelve heads needs a channel.
    Dimension(name: "width", extent: 768, range: 12...6144, multiple: 12),
    Dimension(name: "layers", extent: 12, range: 1...96, multiple: 1),
    Dimension(name: "vocabulary", extent: 49_408, range: 1...1_048_576, multiple: 1),
  ],
  facts: Facts(
    status: .solid, parameters: 123_060_480, macs: 6_649_251_840, attentionMACs: 109_283_328,
    publishedParameters: 123)
) { chosen throws(Diagnostic) in
  let encoder = TextEncoder(
    vocabulary: chosen["vocabulary"], width: chosen["width"], layers: chosen["layers"])
  var b = GraphBuilder("text_encoder")
  let tokens = try b.input("tokens", [chosen["batch"], chosen["tokens"]], .i64)
  try b.output("states", encoder.encode(&b, tokens))
  return try b.finish()
}

extension SnapFusion {
  static let efficientFacts = Facts(
    status: .reconstruction, parameters: 785_546_884, macs: 307_796_213_760,
    attentionMACs: 8_984_494_080, publishedParameters: 848,
    ours: "which positions of a stage keep their blocks, by the paper's counts for each stage; with "
      + "Stable Diffusion's blocks they do not add up to its 848 M parameters")
  static let stableDiffusionFacts = Facts(
    status: .solid, parameters: 859_520_964, macs: 401_636_720_640, attentionMACs: 63_026_135_040,
    publishedParameters: 860)
  static let decoderFacts = Facts(
    status: .solid, parameters: 12_387_479, macs: 318_855_249_920, attentionMACs: 8_589_934_592,
    publishedParameters: 13)
  static let stableDiffusionDecoderFacts = Facts(
    status: .solid, parameters: 49_490_199, macs: 1_257_259_466_752, attentionMACs: 17_179_869_184,
    publishedParameters: 50)
}
