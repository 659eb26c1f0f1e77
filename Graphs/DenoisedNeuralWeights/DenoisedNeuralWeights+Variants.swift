import IR
import Tensors

let denoisedNeuralWeights = GraphDefinition(
  name: "denoised_weights",
  summary: "makes the adapters of E2GAN for a text, block by block",
  paper: "Efficient Training with Denoised Neural Weights, arXiv 2407.11966",
  variants: [denoiser, adapters, textToAdapters, translate],
  namings: [Naming("the graph")],
  ignoredEntries: []
)

private let ours =
  "widths, embeddings, resampling and names are not public, nor is the order of weights in the row"

private let wholeOurs =
  ours + "; the time of the step, that the network gives blocks, and how many of them run at a time are ours"

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
  let network = DenoisedNeuralWeights(width: chosen["width"], blockSize: chosen["block_size"])
  let count = chosen["blocks"]
  var b = GraphBuilder("denoised_weights_denoiser")
  let noise = try b.input("noise", [count, network.blockSize])
  let index = try b.input("index", [count], .i64)
  let time = try b.input("time", [1])
  let context = try b.input("context", [1, chosen["tokens"], chosen["context_width"]])
  try b.output("blocks", network.denoise(&b, noise, index: index, time: time, context: context))
  return try b.finish()
}

/// `noise` and the encoded text `context` to the adapters of E2GAN.
private let textToAdapters = GraphVariant(
  "text_to_adapters", dimensions: ConceptAdapters.dimensions,
  facts: Facts(
    status: .reconstruction, parameters: 19_039_381, macs: 582_362_726_400, attentionMACs: 28_712_632_320,
    ours: wholeOurs)
) { chosen throws(Diagnostic) in
  let concept = try ConceptAdapters(chosen)
  var b = GraphBuilder("denoised_weights_text_to_adapters")
  let noise = try b.input("noise", concept.noiseShape)
  let context = try b.input("context", concept.contextShape)
  for (name, value) in try concept.adapters(&b, noise: noise, context: context) { try b.output(name, value) }
  return try b.finishModule()
}

/// The whole system: `image`, `noise` and the encoded text `context` to `translated`.
private let translate = GraphVariant(
  "translate",
  dimensions: ConceptAdapters.dimensions + [
    Dimension(name: "size", extent: 256, range: 16...8192, multiple: 8)
  ],
  facts: Facts(
    status: .reconstruction, parameters: 26_093_976, macs: 605_960_676_864, attentionMACs: 30_542_145_024,
    ours: wholeOurs)
) { chosen throws(Diagnostic) in
  let concept = try ConceptAdapters(chosen)
  var b = GraphBuilder("denoised_weights_translate")
  let image = try b.input("image", [1, 3, chosen["size"], chosen["size"]])
  let noise = try b.input("noise", concept.noiseShape)
  let context = try b.input("context", concept.contextShape)
  let adapters = try concept.adapters(&b, noise: noise, context: context)
  let generator = try concept.generator(size: chosen["size"])
  try b.output("translated", b.call(generator, [image, context] + adapters.map(\.value))[0])
  return try b.finishModule()
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
  let layout = try E2GAN(width: chosen["width"]).layout(
    multiplier: chosen["multiplier"], blockSize: chosen["block_size"])
  var b = GraphBuilder("denoised_weights_adapters")
  let blocks = try b.input("blocks", [layout.blockCount, layout.blockSize])
  for (name, value) in try b.tensors(layout, in: blocks) { try b.output(name, value) }
  return try b.finish()
}
