import IR
import Tensors

/// The three networks as functions, each by itself or of a whole that calls them.
extension SnapGenV {
  static let denoiserFacts = Facts(
    status: .reconstruction, parameters: 581_801_988, macs: 2_049_415_839_744,
    attentionMACs: 119_509_090_304, publishedParameters: 600,
    ours: "widths, remaining blocks, what the layers over time are made of, frames and size; the total fits")
  static let temporalDecoderFacts = Facts(
    status: .reconstruction, parameters: 5_121_412, macs: 255_567_331_328,
    ours: "everything but that a decoder over time stands beside one of frames")
  static let spatialDecoderFacts = Facts(
    status: .reconstruction, parameters: 12_387_479, macs: 318_855_249_920, attentionMACs: 8_589_934_592,
    ours: "everything but that a decoder of frames stands beside one over time; it is SnapFusion's")

  /// `latent`, [frames, C, H, W], `timestep` and `context`, the text encoder's states, to `prediction`.
  func denoiser(_ name: String, latent shape: Shape, context: Shape) throws(Diagnostic) -> Graph {
    var b = GraphBuilder(name)
    let latent = try b.input("latent", shape)
    let timestep = try b.input("timestep", [1])
    let context = try b.input("context", context)
    try b.output("prediction", predict(&b, latent: latent, timestep: timestep, context: context))
    return try b.finish()
  }

  /// `latent` of a video, [frames, C, H, W], to `frame_latents`, four times as many.
  static func temporalDecoder(_ name: String, width: Int, latent shape: Shape) throws(Diagnostic) -> Graph {
    var b = GraphBuilder(name)
    let latent = try b.input("latent", shape)
    try b.output("frame_latents", TemporalDecoder(width: width).decode(&b, latent))
    return try b.finish()
  }

  /// `frame_latents`, [frames, C, H, W], to `frames`, each by itself, from −1 to 1.
  static func spatialDecoder(_ name: String, width: Int, latent shape: Shape) throws(Diagnostic) -> Graph {
    var b = GraphBuilder(name)
    let latent = try b.input("frame_latents", shape)
    try b.output("frames", ImageDecoder(width: width).decode(&b, latent))
    return try b.finish()
  }
}
