import IR
import Tensors

/// States of a text and noise to a video in one function: four Euler steps along the flow without guidance, the
/// decoder over time, then the decoder of frames, one frame after the other.
///
/// Public: four steps without guidance on fixed times, and that the two decoders are separate. Ours: equal steps
/// from t = 1, times of 1000 for the network, and Stable Diffusion's scale of latents.
///
/// Both decoders are named as diffusers' are. Weight set `temporal` holds the one over time; everything else is
/// without a set.
extension SnapGenV {
  static let temporalSet = "temporal"

  /// Inputs: `noise`, f32[F, C, H, W] of deviation 1, and `context`, f32[1, S, D], states of the text encoder.
  /// Output: `video`, f32[4F, 3, 8H, 8W], from −1 to 1.
  static func textToVideo(_ name: String, _ extents: [Dimension]) -> GraphVariant {
    let (steps, frames) = (4, extents.first { $0.name == "frames" }?.extent ?? 1)
    var facts = Facts(sum: [
      (denoiserFacts, steps), (temporalDecoderFacts, 1), (spatialDecoderFacts, 4 * frames),
    ])
    facts.ours += "; times of the steps and the scale of latents"
    let dimensions =
      [Dimension(name: "steps", extent: steps, range: 1...1000, multiple: 1)] + extents
      + ["temporal_width", "decoder_width"].map {
        Dimension(name: $0, extent: 64, range: 32...4096, multiple: 32)
      }
    return GraphVariant(name, dimensions: dimensions, options: Flow.options, facts: facts) {
      chosen throws(Diagnostic) in
      let latent = Shape([chosen["frames"], chosen["channels"], chosen["size"], chosen["size"]])
      let context = Shape([1, chosen["tokens"], chosen["context"]])
      let network = SnapGenV(width: chosen["width"], channels: chosen["channels"])
      let denoiser = Module([try network.denoiser("denoiser", latent: latent, context: context)])

      var b = GraphBuilder("snapgenv_\(name)")
      let noise = try b.input("noise", latent)
      let text = try b.input("context", context)
      let sample = try Sampler("denoise", Flow.schedule(chosen)).run(&b, from: noise, constants: [text]) {
        b, step throws(Diagnostic) in
        let operands = [step.sample, step.time, step.constants[0]]
        return Sampler.Output(prediction: try b.call(denoiser, operands)[0])
      }.sample
      try b.output("video", decode(&b, sample, chosen))
      return try b.finishModule()
    }
  }

  private static func decode(
    _ b: inout GraphBuilder, _ sample: ValueID, _ chosen: Dimensions
  ) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: sample)
    let overTime = Module([
      try temporalDecoder("temporal_decoder", width: chosen["temporal_width"], latent: shape)
    ]).withWeights(temporalSet)
    let latents = try b.call(overTime, [b.affine(sample, scale: 1 / ImageDecoder.latentScale)])[0]
    let count = b.shape(of: latents)[0]
    let frame = try frameDecoder(
      width: chosen["decoder_width"], latent: Shape(Array(shape.extents.dropFirst())))
    return try b.loop(frame, count: count, carried: [], stepped: [latents]).stacked[0]
  }

  /// One frame without the axis of frames: [C, H, W] to [3, 8H, 8W].
  private static func frameDecoder(width: Int, latent shape: Shape) throws(Diagnostic) -> Module {
    let one = Shape([1] + shape.extents)
    let decoder = Module([try spatialDecoder("spatial_decoder", width: width, latent: one)])
    var b = GraphBuilder("decode_frame")
    let latent = try b.input("frame_latent", shape)
    let frames = try b.call(decoder, [b.reshape(latent, one.extents)])[0]
    try b.output("frame", b.reshape(frames, Array(b.shape(of: frames).extents.dropFirst())))
    return try b.finishModule()
  }
}
