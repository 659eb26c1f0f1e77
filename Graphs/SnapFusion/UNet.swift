import IR
import Tensors

/// The denoiser of Stable Diffusion 1.5, diffusers' `UNet2DConditionModel`, with freely placed blocks: Rombach
/// et al., *High-Resolution Image Synthesis with Latent Diffusion Models*, CVPR 2022, arXiv 2112.10752.
///
/// Stages on grids that halve go down, a middle follows, and stages go up again, each position of which also
/// reads what a position on the way down has left. Time is added inside every residual block; the context, the
/// text, is attended to by every transformer.
package struct UNet: Sendable {
  /// A place for one residual block and the transformers that follow it. Without the residual block its input
  /// passes on, on the way down as what is left for the way up, and on the way up without what is left there.
  package struct Position: Hashable, Sendable {
    package var hasResNet = true
    package var transformers = 0
  }

  /// Channels of the stages, from the finest grid to the coarsest.
  package var widths: [Int]
  /// The stages on the way down, from the finest grid to the coarsest.
  package var down: [[Position]]
  package var middle: [Position]
  /// The stages on the way up, from the coarsest grid to the finest, each with one position more than on the
  /// way down.
  package var up: [[Position]]
  var latentChannels = 4
  /// Attention heads of every transformer, whatever its width.
  var heads = 8
  /// Groups of every norm.
  var groups = 32
  /// What follows each block, if anything: layers over time.
  var afterBlock: (@Sendable (inout GraphBuilder, ValueID, Place) throws(Diagnostic) -> ValueID)?

  /// What the network was trained to predict for noisy latents.
  ///
  /// latent: [N, latentChannels, H, W], H and W divisible by the coarsest grid's step; timestep: [N or 1], from
  /// 0 to 999; context: [N or 1, tokens, D]. Result: of the latents' shape.
  func predict(
    _ b: inout GraphBuilder, latent: ValueID, timestep: ValueID, context: ValueID
  ) throws(Diagnostic) -> ValueID {
    let time = try b.embeddingMLP(
      "time_embedding", b.sinusoidalEmbedding(timestep, width: widths[0]), width: 4 * widths[0])
    let conditions = Conditions(time: time, context: context)
    var x = try b.conv2d("conv_in", latent, channels: widths[0], kernel: 3, padding: 1)
    var skips = [x]
    for stage in down.indices {
      x = try b.scope("down_blocks", stage) { b throws(Diagnostic) in
        try goDown(&b, x, stage: stage, conditions, &skips)
      }
    }
    x = try b.scope("mid_block") { b throws(Diagnostic) in
      var writer = BlockWriter(self, .middle, width: widths[widths.count - 1], conditions)
      var x = x
      for position in middle { x = try writer.write(position, &b, x) }
      return x
    }
    for stage in up.indices {
      x = try b.scope("up_blocks", stage) { b throws(Diagnostic) in
        try goUp(&b, x, stage: stage, conditions, &skips)
      }
    }
    x = try b.silu(b.groupNorm("conv_norm_out", x, groups: groups))
    return try b.conv2d("conv_out", x, channels: latentChannels, kernel: 3, padding: 1)
  }

  private func goDown(
    _ b: inout GraphBuilder, _ x: ValueID, stage: Int, _ conditions: Conditions, _ skips: inout [ValueID]
  ) throws(Diagnostic) -> ValueID {
    var writer = BlockWriter(self, .down(stage), width: widths[stage], conditions)
    var x = x
    for position in down[stage] {
      x = try writer.write(position, &b, x)
      skips.append(x)
    }
    if stage < down.count - 1 {
      x = try b.downsample("downsamplers.0", x)
      skips.append(x)
    }
    return x
  }

  private func goUp(
    _ b: inout GraphBuilder, _ x: ValueID, stage: Int, _ conditions: Conditions, _ skips: inout [ValueID]
  ) throws(Diagnostic) -> ValueID {
    var writer = BlockWriter(self, .up(stage), width: widths[widths.count - 1 - stage], conditions)
    var x = x
    for position in up[stage] { x = try writer.write(position, &b, x, skip: skips.removeLast()) }
    return stage < up.count - 1 ? try b.upsample("upsamplers.0", x) : x
  }
}

/// What all blocks read beside their input.
private struct Conditions {
  var time: ValueID
  var context: ValueID
}

/// Writes the blocks of one part, numbered as they come.
private struct BlockWriter {
  let network: UNet
  let part: UNet.Part
  let width: Int
  let conditions: Conditions
  var resNets = 0
  var transformers = 0

  init(_ network: UNet, _ part: UNet.Part, width: Int, _ conditions: Conditions) {
    self.network = network
    self.part = part
    self.width = width
    self.conditions = conditions
  }

  mutating func write(
    _ position: UNet.Position, _ b: inout GraphBuilder, _ x: ValueID, skip: ValueID? = nil
  ) throws(Diagnostic) -> ValueID {
    var x = x
    if position.hasResNet {
      if let skip { x = try b.concat([x, skip], axis: 1) }
      x = try b.resNetBlock(
        "resnets.\(resNets)", x, time: conditions.time, channels: width, groups: network.groups)
      x = try followed(&b, x)
      resNets += 1
    }
    for _ in 0..<position.transformers {
      let channels = b.shape(of: x)[1]
      let attention = Attention(heads: network.heads, headWidth: channels / network.heads)
      x = try b.spatialTransformer(
        "attentions.\(transformers)", x, context: conditions.context,
        SpatialTransformer(attention: attention, groups: network.groups))
      x = try followed(&b, x)
      transformers += 1
    }
    return x
  }

  private func followed(_ b: inout GraphBuilder, _ x: ValueID) throws(Diagnostic) -> ValueID {
    guard let afterBlock = network.afterBlock else { return x }
    return try afterBlock(&b, x, UNet.Place(part: part, block: resNets + transformers))
  }
}
