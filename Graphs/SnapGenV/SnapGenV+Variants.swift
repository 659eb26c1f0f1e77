import IR
import Tensors

let snapGenV = GraphDefinition(
  name: "snapgenv",
  summary: "text-to-video diffusion for phones",
  paper: "SnapGen-V: Generating a Five-Second Video within Five Seconds on a Mobile Device, arXiv 2412.10494",
  variants: [denoiser, temporalDecoder, spatialDecoder] + TemporalLayer.allCases.map(candidate),
  namings: [diffusersNaming],
  ignoredEntries: stableDiffusionIgnoredEntries
)

private let frames = Dimension(name: "frames", extent: 8, range: 1...4096, multiple: 1)
private let channels = Dimension(name: "channels", extent: 4, range: 1...64, multiple: 1)

/// `latent`, [frames, channels, size, size], `timestep` and `context`, the text encoder's states, to
/// `prediction`.
private let denoiser = GraphVariant(
  "denoiser",
  dimensions: [
    frames, channels,
    // The grid is halved three times.
    Dimension(name: "size", extent: 64, range: 8...1024, multiple: 8),
    // Each of the 32 groups of the norms needs a channel, and each of the eight heads.
    Dimension(name: "width", extent: 256, range: 32...4096, multiple: 32),
    Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
    Dimension(name: "context", extent: 768, range: 1...65536, multiple: 1),
  ],
  facts: Facts(
    status: .reconstruction, parameters: 581_801_988, macs: 2_049_415_839_744,
    attentionMACs: 119_509_090_304, publishedParameters: 600,
    ours: "widths, remaining blocks, what the layers over time are made of, frames and size; the total fits")
) { chosen throws(Diagnostic) in
  let network = SnapGenV(width: chosen["width"], channels: chosen["channels"])
  var b = GraphBuilder("snapgenv_denoiser")
  let latent = try b.input(
    "latent", [chosen["frames"], chosen["channels"], chosen["size"], chosen["size"]])
  let timestep = try b.input("timestep", [1])
  let context = try b.input("context", [1, chosen["tokens"], chosen["context"]])
  try b.output("prediction", network.predict(&b, latent: latent, timestep: timestep, context: context))
  return try b.finish()
}

/// `latent` of a video to `frame_latents`, four times as many.
private let temporalDecoder = GraphVariant(
  "temporal_decoder",
  dimensions: [
    frames, channels, Dimension(name: "size", extent: 64, range: 1...1024, multiple: 1),
    Dimension(name: "width", extent: 64, range: 32...4096, multiple: 32),
  ],
  facts: Facts(
    status: .reconstruction, parameters: 5_121_412, macs: 255_567_331_328,
    ours: "everything but that a decoder over time stands beside one of frames")
) { chosen throws(Diagnostic) in
  var b = GraphBuilder("snapgenv_temporal_decoder")
  let latent = try b.input(
    "latent", [chosen["frames"], chosen["channels"], chosen["size"], chosen["size"]])
  try b.output("frame_latents", TemporalDecoder(width: chosen["width"]).decode(&b, latent))
  return try b.finish()
}

/// `frame_latents` to `frames`, each by itself, from −1 to 1. A phone decodes a few at a time.
private let spatialDecoder = GraphVariant(
  "spatial_decoder",
  dimensions: [
    Dimension(name: "frames", extent: 1, range: 1...4096, multiple: 1), channels,
    Dimension(name: "size", extent: 64, range: 1...1024, multiple: 1),
    Dimension(name: "width", extent: 64, range: 32...4096, multiple: 32),
  ],
  facts: Facts(
    status: .reconstruction, parameters: 12_387_479, macs: 318_855_249_920, attentionMACs: 8_589_934_592,
    ours: "everything but that a decoder of frames stands beside one over time; it is SnapFusion's")
) { chosen throws(Diagnostic) in
  var b = GraphBuilder("snapgenv_spatial_decoder")
  let latent = try b.input(
    "frame_latents", [chosen["frames"], chosen["channels"], chosen["size"], chosen["size"]])
  try b.output("frames", ImageDecoder(width: chosen["width"]).decode(&b, latent))
  return try b.finish()
}

/// One layer over time by itself, of which the search needs time and memory at every position: `frames`,
/// [frames, width, size, size], and where it reads the text `context` to `frames_out`.
@Sendable private func candidate(_ layer: TemporalLayer) -> GraphVariant {
  var dimensions = [
    frames, Dimension(name: "size", extent: 16, range: 1...1024, multiple: 1),
    Dimension(name: "width", extent: 768, range: 32...4096, multiple: 32),
  ]
  if layer.readsContext {
    dimensions += [
      Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
      Dimension(name: "context", extent: 768, range: 1...65536, multiple: 1),
    ]
  }
  return GraphVariant(layer.rawValue, dimensions: dimensions, facts: facts(of: layer)) {
    chosen throws(Diagnostic) in
    var b = GraphBuilder("snapgenv_\(layer.rawValue)")
    let frames = try b.input("frames", [chosen["frames"], chosen["width"], chosen["size"], chosen["size"]])
    let context =
      layer.readsContext ? try b.input("context", [1, chosen["tokens"], chosen["context"]]) : nil
    let writer = TemporalLayerWriter(heads: 8, groups: 32, context: context)
    try b.output("frames_out", writer.write(layer, "\(layer.scope).0", &b, frames))
    return try b.finish()
  }
}

private func facts(of layer: TemporalLayer) -> Facts {
  let (parameters, macs, attentionMACs) =
    switch layer {
    case .conv1D: (7_087_104, 14_495_514_624, 0)
    case .conv3D: (63_710_208, 130_459_631_616, 0)
    case .selfAttention1D: (10_630_656, 21_768_437_760, 25_165_824)
    case .selfAttention3D: (10_630_656, 28_185_722_880, 6_442_450_944)
    case .crossAttention1D: (12_992_256, 24_517_410_816, 267_386_880)
    case .crossAttention3D: (12_992_256, 30_934_695_936, 6_684_672_000)
    }
  return Facts(
    status: .reconstruction, parameters: parameters, macs: macs, attentionMACs: attentionMACs,
    ours: "what the layer is made of; its kind is one of the six that were searched over")
}
