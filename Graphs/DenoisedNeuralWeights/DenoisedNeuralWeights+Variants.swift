import IR
import Tensors

let denoisedNeuralWeights = GraphDefinition(
  name: "denoised_weights",
  summary: "makes the adapters of E2GAN for a text, block by block",
  paper: "Efficient Training with Denoised Neural Weights, arXiv 2407.11966",
  variants: [denoiser, adapters],
  namings: [Naming("the graph")],
  ignoredEntries: []
)

private let ours =
  "widths, embeddings, resampling and names are not public, nor is the order of weights in the row"

/// `noise` in blocks with their `index`, the `time` step and the encoded text `context` to `blocks`.
private let denoiser = GraphVariant(
  "denoiser",
  dimensions: [
    Dimension(name: "blocks", extent: 1, range: 1...65536, multiple: 1),
    Dimension(name: "block_size", extent: 256, range: 4...65536, multiple: 4),
    // Of the first level; 8 heads and 8 groups must divide it.
    Dimension(name: "width", extent: DenoisedNeuralWeights().widths[0], range: 8...4096, multiple: 8),
    Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
    Dimension(name: "context_width", extent: 768, range: 1...65536, multiple: 1),
  ],
  facts: Facts(
    status: .reconstruction, parameters: 19_039_361, macs: 1_765_605_376, attentionMACs: 79_757_312,
    ours: ours)
) { chosen throws(Diagnostic) in
  var network = DenoisedNeuralWeights(blockSize: chosen["block_size"])
  network.widths = [1, 2, 4].map { $0 * chosen["width"] }
  let count = chosen["blocks"]
  var b = GraphBuilder("denoised_weights_denoiser")
  let noise = try b.input("noise", [count, network.blockSize])
  let index = try b.input("index", [count], .i64)
  let time = try b.input("time", [1])
  let context = try b.input("context", [1, chosen["tokens"], chosen["context_width"]])
  try b.output("blocks", network.denoise(&b, noise, index: index, time: time, context: context))
  return try b.finish()
}

/// `blocks` to the adapters of E2GAN at twice the base ranks, under their names. The parameters are mean and
/// deviation of each group of the layout, ``WeightLayout/init(adaptersOf:blockSize:)``.
private let adapters = GraphVariant(
  "adapters",
  dimensions: [
    Dimension(name: "block_size", extent: 256, range: 1...65536, multiple: 1),
    Dimension(name: "multiplier", extent: 2, range: 1...64, multiple: 1),
    Dimension(name: "width", extent: E2GAN().width, range: 2...1024, multiple: 2),
  ],
  facts: Facts(status: .reconstruction, parameters: 20, macs: 0, ours: ours)
) { chosen throws(Diagnostic) in
  var generator = try E2GAN(width: chosen["width"]).graph("generator", size: 16, tokens: 1, contextWidth: 768)
  try generator.add(E2GAN.adapters(multiplier: chosen["multiplier"]), as: .branch)
  let layout = WeightLayout(adaptersOf: generator, blockSize: chosen["block_size"])
  var b = GraphBuilder("denoised_weights_adapters")
  let blocks = try b.input("blocks", [layout.blockCount, layout.blockSize])
  let mean = try b.parameter("groups.mean", [layout.groups.count])
  let deviation = try b.parameter("groups.deviation", [layout.groups.count])
  for (name, value) in try b.tensors(layout, in: blocks, mean: mean, deviation: deviation) {
    try b.output(name, value)
  }
  return try b.finish()
}
