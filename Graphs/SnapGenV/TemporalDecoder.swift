import IR
import Tensors

/// The part of the video decoder that works over time: latents of a video to four times as many, each of which
/// the decoder of images makes a frame of.
///
/// Known is only that the decoder has a temporal and a spatial part, and how long each takes. All else is ours:
/// that the temporal part comes first, four frames for each latent, and residual blocks of convolutions over
/// three frames, rows and columns, named as in diffusers' decoders.
struct TemporalDecoder: Sendable {
  /// Channels of the last stages.
  var width = 64
  /// Channels of the stages in units of `width`; frames double between them.
  var multipliers = [2, 1, 1]
  var resNetsPerStage = 2
  var groups = 32
  private let epsilon = 1e-6

  init(width: Int = 64) { self.width = width }

  /// latent: [F, C, H, W], divided by the factor that latents are scaled with for the denoiser. Result:
  /// [4F, C, H, W].
  func decode(_ b: inout GraphBuilder, _ latent: ValueID) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: latent)
    let channels = shape[1]
    let video = try b.reshape(
      b.transpose(latent, [1, 0, 2, 3]), [1, channels, shape[0], shape[2], shape[3]])
    let decoded = try b.scope("decoder") { b throws(Diagnostic) in
      let first = width * multipliers[0]
      var x = try conv(&b, "conv_in", video, channels: first)
      x = try b.scope("mid_block") { b throws(Diagnostic) in
        try resNets(&b, x, channels: first)
      }
      for (stage, multiplier) in multipliers.enumerated() {
        x = try b.scope("up_blocks", stage) { b throws(Diagnostic) in
          let y = try resNets(&b, x, channels: width * multiplier)
          return stage < multipliers.count - 1 ? try doubleFrames(&b, y) : y
        }
      }
      x = try b.silu(b.groupNorm("conv_norm_out", x, groups: groups, epsilon: epsilon))
      return try conv(&b, "conv_out", x, channels: channels)
    }
    return try b.transpose(b.reshape(decoded, [channels, -1, shape[2], shape[3]]), [1, 0, 2, 3])
  }

  private func resNets(
    _ b: inout GraphBuilder, _ x: ValueID, channels: Int
  ) throws(Diagnostic) -> ValueID {
    var x = x
    for index in 0..<resNetsPerStage {
      x = try b.resNetBlock("resnets.\(index)", x, channels: channels, groups: groups, epsilon: epsilon)
    }
    return x
  }

  private func doubleFrames(_ b: inout GraphBuilder, _ x: ValueID) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: x)
    let y = try b.resizeNearest(x, to: [2 * shape[2], shape[3], shape[4]])
    return try conv(&b, "upsamplers.0.conv", y, channels: shape[1])
  }

  private func conv(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID, channels: Int
  ) throws(Diagnostic) -> ValueID {
    try b.conv(name, x, channels: channels, kernel: [3, 3, 3], padding: [1, 1, 1])
  }
}
