package import IR
import Tensors

/// AsCAN's generator: a U-Net of the classifier's blocks.
///
/// Public: three stages down and three that mirror them up, with skips; T attends to the text as well; and that
/// images of a class are generated too. Not public, and therefore ours: pattern, widths, how skips are joined,
/// that time scales and shifts inside C, that a class is embedded and added to the time, and that it works on
/// the latents of an image autoencoder.
package struct AsCANGenerator: Sendable {
  /// Blocks of the stages on the way down, as ``AsCANPattern`` reads them; on the way up they come in the
  /// opposite order.
  package var pattern = "CCC/CCT/CTTT"
  /// Channels of the stages; multiples of 32, the width of a head, in stages with T.
  package var widths: [Int]

  package init(widths: [Int]) { self.widths = widths }

  /// What is to be generated.
  package enum Condition: Sendable {
    /// States of a text encoder, [N, S, E], to which T attends.
    case text(ValueID)
    /// Classes by number, i64 [N], from 0 to `count`; `count` itself stands for no class, which guidance takes.
    case classes(ValueID, count: Int)
  }

  /// What the network predicts of a latent, [N, C, H, W], at a time step, [N]. The grid is halved twice.
  package func predict(
    _ b: inout GraphBuilder, latent: ValueID, timestep: ValueID, _ condition: Condition
  ) throws(Diagnostic) -> ValueID {
    let stages = try AsCANPattern.read(pattern, stages: widths.count).stages
    let (channels, blocks) = (b.shape(of: latent)[1], AsCANBlocks())
    var time = try b.embeddingMLP(
      "time_embedding", b.sinusoidalEmbedding(timestep, width: widths[0]), width: 4 * widths[0])
    var text: ValueID?
    switch condition {
    case .text(let states): text = states
    case .classes(let numbers, let count):
      time = try b.add(
        time, b.embedding("class_embedding", numbers, count: count + 1, width: 4 * widths[0]))
    }

    var x = try b.conv2d("conv_in", latent, channels: widths[0], kernel: 3, padding: 1)
    var skips: [ValueID] = []
    for (index, stage) in stages.enumerated() {
      x = try b.scope("down", index) { b throws(Diagnostic) in
        try blocks.run(
          &b, x, stage, channels: widths[index], resize: index == 0 ? .none : .halve, time: time,
          context: text)
      }
      skips.append(x)
    }
    for (index, stage) in stages.enumerated().reversed() {
      x = try b.scope("up", index) { b throws(Diagnostic) in
        var y = x
        // The deepest stage's skip is what it begins with.
        if index + 1 < stages.count {
          y = try b.conv2d("skip", b.concat([y, skips[index]], axis: 1), channels: widths[index])
        }
        return try blocks.run(
          &b, y, stage.reversed(), channels: widths[max(index - 1, 0)], resize: index == 0 ? .none : .double,
          changing: stage.count - 1, time: time, context: text)
      }
    }
    return try b.conv2d(
      "conv_out", b.gelu(b.batchNorm("norm_out", x)), channels: channels, kernel: 3, padding: 1)
  }
}
