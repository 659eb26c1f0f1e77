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
    AsCANGenerator.oneStep("generator", .text, AsCANGenerator.textFacts),
    AsCANGenerator.oneStep("class_generator", .classes, AsCANGenerator.classFacts),
    AsCANGenerator.toImage("text_to_image", .text, AsCANGenerator.textFacts),
    AsCANGenerator.toImage("class_to_image", .classes, AsCANGenerator.classFacts),
  ],
  namings: [diffusersNaming, olderDiffusersNaming],
  ignoredEntries: stableDiffusionIgnoredEntries.union(["num_batches_tracked"])
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

/// `image`, normalized by ImageNet's mean and deviation, to `logits`. `width` is that of the first stage; the
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
