import IR
import Tensors

let snapGenV = GraphDefinition(
  name: "snapgenv",
  summary: "text-to-video diffusion for phones",
  paper: "SnapGen-V: Generating a Five-Second Video within Five Seconds on a Mobile Device, arXiv 2412.10494",
  variants: [
    denoiser, temporalDecoder, spatialDecoder, SnapGenV.textToVideo("text_to_video", denoiserExtents),
  ] + TemporalLayer.allCases.map(candidate),
  namings: [diffusersNaming],
  ignoredEntries: stableDiffusionIgnoredEntries
)

private let frames = Dimension(name: "frames", extent: 8, range: 1...4096, multiple: 1)
private let channels = Dimension(name: "channels", extent: 4, range: 1...64, multiple: 1)

private let denoiserExtents = [
  frames, channels,
  // The grid is halved three times.
  Dimension(name: "size", extent: 64, range: 8...1024, multiple: 8),
  // Each of the 32 groups of the norms needs a channel, and each of the eight heads.
  Dimension(name: "width", extent: 256, range: 32...4096, multiple: 32),
  Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
  Dimension(name: "context", extent: 768, range: 1...65536, multiple: 1),
]

private let denoiser = GraphVariant(
  "denoiser", dimensions: denoiserExtents, facts: SnapGenV.denoiserFacts
) { chosen throws(Diagnostic) in
  try SnapGenV(width: chosen["width"], channels: chosen["channels"]).denoiser(
    "snapgenv_denoiser", latent: latent(chosen), context: [1, chosen["tokens"], chosen["context"]])
}

private let temporalDecoder = GraphVariant(
  "temporal_decoder",
  dimensions: [
    frames, channels, Dimension(name: "size", extent: 64, range: 1...1024, multiple: 1),
    Dimension(name: "width", extent: 64, range: 32...4096, multiple: 32),
  ],
  facts: SnapGenV.temporalDecoderFacts
) { chosen throws(Diagnostic) in
  try SnapGenV.temporalDecoder(
    "snapgenv_temporal_decoder", width: chosen["width"], latent: latent(chosen))
}

/// A phone decodes a few frames at a time.
private let spatialDecoder = GraphVariant(
  "spatial_decoder",
  dimensions: [
    Dimension(name: "frames", extent: 1, range: 1...4096, multiple: 1), channels,
    Dimension(name: "size", extent: 64, range: 1...1024, multiple: 1),
    Dimension(name: "width", extent: 64, range: 32...4096, multiple: 32),
  ],
  facts: SnapGenV.spatialDecoderFacts
) { chosen throws(Diagnostic) in
  try SnapGenV.spatialDecoder("snapgenv_spatial_decoder", width: chosen["width"], latent: latent(chosen))
}

@Sendable private func latent(_ chosen: Dimensions) -> Shape {
  [chosen["frames"], chosen["channels"], chosen["size"], chosen["size"]]
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
