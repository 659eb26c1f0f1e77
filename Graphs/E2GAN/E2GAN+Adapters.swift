import IR

/// Which layers of the generator are adapted, and how strongly.
extension E2GAN {
  /// The layers before the transformer block, in order.
  static let layersBefore = ["down.0", "down.1", "down.2", "ds"]
  /// The transformer block and what follows, in order.
  static let layersAfter =
    ["attn1", "attn2"].flatMap { attention in
      ["to_q", "to_k", "to_v", "to_out.0"].map { "tb.\(attention).\($0)" }
    } + ["tb.ff.net.0.proj", "tb.ff.net.2", "us", "up.0", "up.1", "up.2"]

  /// Every layer of the published blocks with adapters: all but the residual blocks.
  static let adaptedLayers = layersBefore + layersAfter

  /// A rank for each layer, such that all adapters together have the published sizes: 0.056 M parameters at
  /// the base ranks, 0.092 M where they are doubled, 0.164 M where they are four times as large.
  ///
  /// These lie on a line, 0.020 M + 0.036 M × multiplier, so that some ranks are not multiplied. Which ones,
  /// and all ranks, are ours: rank 4 before the transformer block, 2 × multiplier from there on. Other choices
  /// fit as well.
  static func adapters(multiplier: Int) -> LoRA {
    LoRA(
      layersBefore.map { LoRA.Layer($0, rank: 4) }
        + layersAfter.map { LoRA.Layer($0, rank: 2 * multiplier) })
  }
}
