import IR
import Tensors

let asCAN = GraphDefinition(
  name: "ascan",
  summary: "image classification and text-to-image generation by convolutions early and attention late",
  paper: "AsCAN: Asymmetric Convolution-Attention Networks, arXiv 2411.04967",
  variants: [
    classifier(
      "base", .base,
      Facts(
        status: .reconstruction, parameters: 52_773_496, foldedParameters: 52_752_120, macs: 10_002_622_976,
        attentionMACs: 99_574_272, ours: classifierOurs)),
    classifier(
      "small", .small,
      Facts(
        status: .reconstruction, parameters: 23_754_296, foldedParameters: 23_739_832, macs: 5_002_320_896,
        attentionMACs: 66_382_848, ours: classifierOurs)),
    classifier(
      "small_symmetric", .small(AsCAN.symmetric),
      Facts(
        status: .reconstruction, parameters: 31_004_616, foldedParameters: 30_986_952, macs: 6_056_851_456,
        attentionMACs: 1_480_091_648, ours: classifierOurs)),
    classifier(
      "small_c_first", .small(AsCAN.convolutionsFirst),
      Facts(
        status: .reconstruction, parameters: 19_821_496, foldedParameters: 19_812_152, macs: 4_322_073_600,
        attentionMACs: 105_720_832, ours: classifierOurs)),
    classifier(
      "small_t_first", .small(AsCAN.transformersFirst),
      Facts(
        status: .reconstruction, parameters: 52_142_056, foldedParameters: 52_107_752, macs: 7_590_334_464,
        attentionMACs: 1_573_519_360, ours: classifierOurs)),
    generator,
  ],
  namings: [Naming("the graph itself")],
  ignoredEntries: ["num_batches_tracked"]
)

private let classifierOurs =
  "only the order of stages, of convolutions and of attention is public; pattern, widths and what blocks hold "
  + "are ours"

extension AsCAN {
  static let base = AsCAN(widths: [96, 192, 384, 768])
  static let small = AsCAN(widths: [64, 128, 256, 512])

  /// ``small`` with its blocks in another order.
  static func small(_ pattern: String) -> AsCAN {
    var network = small
    network.pattern = pattern
    return network
  }

  /// As many blocks a stage as ``asymmetric`` has, with convolutions and attention in equal parts.
  package static let symmetric = "CT/CCT/CCCTTT/CCTT"
  /// As many blocks a stage, with convolutions in the first two stages and attention in the last two.
  package static let convolutionsFirst = "CC/CCC/CTTTTT/CTTT"
  /// As many blocks a stage, with attention in the first two stages and convolutions in the last two.
  package static let transformersFirst = "CT/CTT/CCCCCC/CCCC"
}

/// `image`, normalised by ImageNet's mean and deviation, to `logits`. `width` is that of the first stage; the
/// others keep their ratio to it.
private func classifier(_ name: String, _ network: AsCAN, _ facts: Facts) -> GraphVariant {
  let width = network.widths[0]
  let dimensions = [
    Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1),
    Dimension(name: "size", extent: 224, range: 32...8192, multiple: 32),
    Dimension(name: "width", extent: width, range: 32...4096, multiple: 32),
  ]
  return GraphVariant(name, dimensions: dimensions, facts: facts) { chosen throws(Diagnostic) in
    var scaled = network
    scaled.widths = network.widths.map { $0 / width * chosen["width"] }
    return try scaled.graph("ascan_\(name)", batch: chosen["batch"], size: chosen["size"])
  }
}

/// One step of denoising a latent: `latent`, `timestep` and the states of a text encoder, `text`, to
/// `prediction`.
private let generator = GraphVariant(
  "generator",
  dimensions: [
    Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1),
    Dimension(name: "size", extent: 32, range: 4...8192, multiple: 4),
    Dimension(name: "width", extent: 256, range: 32...4096, multiple: 32),
    Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
    Dimension(name: "text_width", extent: 768, range: 1...65536, multiple: 1),
  ],
  facts: Facts(
    status: .reconstruction, parameters: 194_089_092, foldedParameters: 194_042_500, macs: 33_349_238_784,
    attentionMACs: 257_753_088,
    ours: "only that it is a U-Net of three stages down and three up, made of the classifier's blocks, with "
      + "attention to a text, is public; pattern, widths, joints and the latent it works on are ours")
) { chosen throws(Diagnostic) in
  let batch = chosen["batch"]
  var b = GraphBuilder("ascan_generator")
  let latent = try b.input("latent", [batch, 4, chosen["size"], chosen["size"]])
  let timestep = try b.input("timestep", [batch])
  let text = try b.input("text", [batch, chosen["tokens"], chosen["text_width"]])
  let network = AsCANGenerator(widths: [1, 2, 3].map { $0 * chosen["width"] })
  try b.output("prediction", network.predict(&b, latent: latent, timestep: timestep, text: text))
  return try b.finish()
}
