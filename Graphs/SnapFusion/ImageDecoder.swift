import IR
import Tensors

/// The decoder of Stable Diffusion's autoencoder, diffusers' `AutoencoderKL`: latents to images eight times as
/// high and wide.
struct ImageDecoder: Sendable {
  /// Channels of the last stage.
  var width = 128
  /// Channels of the stages in units of `width`, from the coarsest grid to the finest.
  var multipliers = [4, 4, 2, 1]
  var resNetsPerStage = 3
  var colors = 3
  var groups = 32
  private let epsilon = 1e-6
  /// Stable Diffusion's latents are this much larger for its denoiser than for its decoder.
  static let latentScale = 0.18215

  init(width: Int = 128) { self.width = width }

  /// As a function of its own, `decoder`, from `latent`, of this shape, to `image`.
  func function(latent shape: Shape) throws(Diagnostic) -> Module {
    var b = GraphBuilder("decoder")
    let latent = try b.input("latent", shape)
    try b.output("image", decode(&b, latent))
    return try b.finishModule()
  }

  /// latent: [N, C, H, W], divided by the factor that latents are scaled with for the denoiser. Result:
  /// [N, colors, 8H, 8W], from −1 to 1.
  func decode(_ b: inout GraphBuilder, _ latent: ValueID) throws(Diagnostic) -> ValueID {
    let latent = try b.conv2d("post_quant_conv", latent, channels: b.shape(of: latent)[1])
    return try b.scope("decoder") { b throws(Diagnostic) in
      let coarsest = width * multipliers[0]
      var x = try b.conv2d("conv_in", latent, channels: coarsest, kernel: 3, padding: 1)
      x = try b.scope("mid_block") { b throws(Diagnostic) in
        var x = try resNet(&b, 0, x, channels: coarsest)
        x = try attend(&b, x)
        return try resNet(&b, 1, x, channels: coarsest)
      }
      for (stage, multiplier) in multipliers.enumerated() {
        x = try b.scope("up_blocks", stage) { b throws(Diagnostic) in
          var x = x
          for block in 0..<resNetsPerStage { x = try resNet(&b, block, x, channels: width * multiplier) }
          return stage < multipliers.count - 1 ? try b.upsample("upsamplers.0", x) : x
        }
      }
      x = try b.silu(b.groupNorm("conv_norm_out", x, groups: groups, epsilon: epsilon))
      return try b.conv2d("conv_out", x, channels: colors, kernel: 3, padding: 1)
    }
  }

  private func resNet(
    _ b: inout GraphBuilder, _ index: Int, _ x: ValueID, channels: Int
  ) throws(Diagnostic) -> ValueID {
    try b.resNetBlock("resnets.\(index)", x, channels: channels, groups: groups, epsilon: epsilon)
  }

  /// Attention with one head among all positions of the coarsest grid.
  private func attend(_ b: inout GraphBuilder, _ x: ValueID) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: x)
    let rows = try b.rows(b.groupNorm("attentions.0.group_norm", x, groups: groups, epsilon: epsilon))
    let y = try b.attention("attentions.0", rows, Attention(heads: 1, headWidth: shape[1], bias: true))
    return try b.add(b.reshape(b.transpose(y, [0, 2, 1]), shape.extents), x)
  }
}
