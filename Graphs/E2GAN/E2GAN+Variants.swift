import IR
import Tensors

let e2GAN = GraphDefinition(
  name: "e2gan",
  summary: "changes an image after a text, by adapters for each concept",
  paper: "E2GAN: Efficient Training of Efficient GANs for Image-to-Image Translation, arXiv 2401.06127",
  variants: [
    base,
    adapted("branch_1x", .branch, multiplier: 1, parameters: 7_110_229, macs: 24_220_323_840),
    adapted("branch_2x", .branch, multiplier: 2, parameters: 7_146_331, macs: 24_721_727_488),
    adapted("branch_4x", .branch, multiplier: 4, parameters: 7_218_535, macs: 25_724_534_784),
    adapted("merged_1x", .merged, multiplier: 1, parameters: 7_110_229, macs: baseMACs),
    adapted("merged_2x", .merged, multiplier: 2, parameters: 7_146_331, macs: baseMACs),
    adapted("merged_4x", .merged, multiplier: 4, parameters: 7_218_535, macs: baseMACs),
    adapted(
      "swapped_2x", .branch, of: .inputs, multiplier: 2, parameters: 7_054_595, macs: 24_721_727_488,
      attentionMACs: 605_134_848),
    adapted(
      "swapped_merged_2x", .merged, of: .inputs, multiplier: 2, parameters: 7_054_595, macs: 23_597_950_464,
      attentionMACs: 1_829_512_704),
  ],
  namings: [Naming("the graph")],
  ignoredEntries: []
)

private let baseMACs = 23_583_916_032
private let attentionMACs = 577_241_088
private let ours =
  "widths, kernels, norms, ranks and names are not public; order of blocks and adapted blocks are"

/// `image` and `context`, the encoded text, to `translated`.
private let base = GraphVariant(
  "base", dimensions: sizes,
  facts: Facts(
    status: .reconstruction, parameters: 7_054_595, macs: baseMACs, attentionMACs: attentionMACs, ours: ours)
) { chosen throws(Diagnostic) in
  try generator("base", chosen)
}

/// The same with adapters, which are parameters or inputs; inputs are merged once a run. Each layer's rank is a dimension, `rank.` and its
/// name; at 0 it has no adapter.
private func adapted(
  _ name: String, _ form: LoRA.Form, of source: LoRA.Source = .parameters, multiplier: Int,
  parameters: Int, macs: Int, attentionMACs: Int = attentionMACs
) -> GraphVariant {
  let published = E2GAN.adapters(multiplier: multiplier)
  let ranks = published.layers.map { layer in
    Dimension(name: "rank.\(layer.name)", extent: layer.rank, range: 0...1024, multiple: 1)
  }
  let facts = Facts(
    status: .reconstruction, parameters: parameters, macs: macs, attentionMACs: attentionMACs, ours: ours)
  return GraphVariant(name, dimensions: sizes + ranks, facts: facts) { chosen throws(Diagnostic) in
    var graph = try generator(name, chosen)
    var adapters = published
    for index in adapters.layers.indices {
      adapters.layers[index].rank = chosen["rank.\(adapters.layers[index].name)"]
    }
    adapters.layers.removeAll { $0.rank == 0 }
    try graph.add(adapters, as: form, of: source)
    return graph
  }
}

private func generator(_ name: String, _ chosen: Dimensions) throws(Diagnostic) -> Graph {
  try E2GAN(width: chosen["width"]).graph(
    name, batch: chosen["batch"], size: chosen["size"], tokens: chosen["tokens"],
    contextWidth: chosen["context_width"])
}

extension E2GAN {
  /// The generator without adapters.
  func graph(
    _ name: String, batch: Int = 1, size: Int, tokens: Int, contextWidth: Int
  ) throws(Diagnostic) -> Graph {
    var b = GraphBuilder("e2gan_\(name)")
    let image = try b.input("image", [batch, 3, size, size])
    let context = try b.input("context", [batch, tokens, contextWidth])
    try b.output("translated", translate(&b, image, context: context))
    return try b.finish()
  }
}

private let sizes = [
  Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1),
  Dimension(name: "size", extent: 256, range: 16...8192, multiple: 8),
  Dimension(name: "width", extent: E2GAN().width, range: 2...1024, multiple: 2),
  // CLIP's text encoder.
  Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
  Dimension(name: "context_width", extent: 768, range: 1...65536, multiple: 1),
]
