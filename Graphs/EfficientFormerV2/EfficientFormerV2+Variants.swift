import IR
import Tensors

let efficientFormerV2 = GraphDefinition(
  name: "efficientformerv2",
  summary: "image classification for phones",
  paper: "Rethinking Vision Transformers for MobileNet Size and Speed, arXiv 2212.08059",
  variants: [
    variant(
      "s0", .s0,
      Facts(
        status: .solid, parameters: 3_600_256, foldedParameters: 3_550_944, macs: 395_892_544,
        attentionMACs: 18_439_680,
        publishedParameters: 3.5,
        publishedMACs: 0.40)),
    variant(
      "s1", .s1,
      Facts(
        status: .solid, parameters: 6_185_560, foldedParameters: 6_114_648, macs: 651_969_640,
        attentionMACs: 18_439_680,
        publishedParameters: 6.1,
        publishedMACs: 0.65)),
    variant(
      "s2", .s2,
      Facts(
        status: .solid, parameters: 12_710_112, foldedParameters: 12_588_320, macs: 1_246_863_952,
        attentionMACs: 30_732_800,
        publishedParameters: 12.6,
        publishedMACs: 1.25)),
    variant(
      "l", .l,
      Facts(
        status: .solid, parameters: 26_322_288, foldedParameters: 26_125_864, macs: 2_552_546_880,
        attentionMACs: 43_025_920,
        publishedParameters: 26.1,
        publishedMACs: 2.56)),
    digits,
  ],
  namings: [Naming("timm"), efficientFormerV2Authors],
  ignoredEntries: ["num_batches_tracked", "attention_bias_idxs"]
)

extension EfficientFormerV2 {
  static let s0 = EfficientFormerV2(
    widths: [32, 48, 96, 176], expansions: [[4, 4], [4, 4], [4, 3, 3, 3, 4, 4], [4, 3, 3, 4]],
    attentionBlocks: 2)
  static let s1 = EfficientFormerV2(
    widths: [32, 48, 120, 224],
    expansions: [[4, 4, 4], [4, 4, 4], [4, 4, 3, 3, 3, 3, 4, 4, 4], [4, 4, 3, 3, 4, 4]], attentionBlocks: 2)
  static let s2 = EfficientFormerV2(
    widths: [32, 64, 144, 288],
    expansions: [
      [4, 4, 4, 4], [4, 4, 4, 4], [4, 4, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4], [4, 4, 3, 3, 3, 3, 4, 4],
    ], attentionBlocks: 4)
  static let l = EfficientFormerV2(
    widths: [40, 80, 192, 384],
    expansions: [
      [4, 4, 4, 4, 4], [4, 4, 4, 4, 4], [4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4],
      [4, 4, 4, 3, 3, 3, 3, 4, 4, 4],
    ], attentionBlocks: 6)
  /// The network of `Graphs/Demo`.
  static let digits = EfficientFormerV2(
    widths: [16, 24, 32, 48], expansions: [[2], [2], [2, 2], [2, 2]], attentionBlocks: 1, heads: 4,
    keyWidth: 8,
    downsampleKeyWidth: 8, classes: 10, imageSize: 64)
}

/// A published size: `image`, normalized by ImageNet's mean and deviation, to `logits`.
private func variant(_ name: String, _ network: EfficientFormerV2, _ facts: Facts) -> GraphVariant {
  let dimensions = [
    Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1),
    // Stage 3 attends on a grid half as fine and returns to its own, so that it must have an even extent.
    Dimension(name: "size", extent: network.imageSize, range: 32...8192, multiple: 32),
  ]
  return GraphVariant(name, dimensions: dimensions, facts: facts) { chosen throws(Diagnostic) in
    var b = GraphBuilder("efficientformerv2_\(name)")
    let image = try b.input("image", [chosen["batch"], 3, chosen["size"], chosen["size"]])
    try b.output("logits", network.classify(&b, image))
    return try b.finish()
  }
}

/// `digits`, 8 × 8 gray levels of 0 to 16, to `logits`: enlarged and repeated to three channels inside the
/// graph.
private let digits = GraphVariant(
  "digits", dimensions: [Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1)],
  facts: Facts(
    status: .own, parameters: 109_340, foldedParameters: 104_748, macs: 1_939_904, attentionMACs: 15_360)
) { chosen throws(Diagnostic) in
  let network = EfficientFormerV2.digits
  var b = GraphBuilder("efficientformerv2_digits")
  let digits = try b.input("digits", [chosen["batch"], 1, 8, 8])
  let image = try b.resizeNearest(
    b.affine(digits, scale: 1 / 16.0), to: [network.imageSize, network.imageSize])
  let colors = try b.expand(image, [chosen["batch"], 3, network.imageSize, network.imageSize])
  try b.output("logits", network.classify(&b, colors))
  return try b.finish()
}
