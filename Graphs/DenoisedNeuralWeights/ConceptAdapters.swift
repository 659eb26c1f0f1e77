import IR
import Tensors

/// From the text that describes a concept to E2GAN's adapters for it: all blocks are denoised, some at a time,
/// cut into adapters, and merged into the generator's weights in the same run.
///
/// Public: one denoising step a block, and that the adapters are those of E2GAN. Ours: the step's time, that the
/// network gives the blocks themselves, and how many blocks run at a time.
struct ConceptAdapters {
  var network: DenoisedNeuralWeights
  var layout: WeightLayout
  /// Of the generator.
  var width: Int
  var multiplier: Int
  /// Blocks that run at a time: more of them take more memory and read the text less often.
  var chunk: Int
  var contextShape: Shape

  static let dimensions = [
    Dimension(name: "chunk", extent: 40, range: 1...65536, multiple: 1),
    Dimension(name: "block_size", extent: 256, range: 4...65536, multiple: 4),
    Dimension(
      name: "denoiser_width", extent: DenoisedNeuralWeights().widths[0], range: 8...4096, multiple: 8),
    Dimension(name: "multiplier", extent: 2, range: 1...64, multiple: 1),
    Dimension(name: "width", extent: E2GAN().width, range: 2...1024, multiple: 2),
    Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
    Dimension(name: "context_width", extent: 768, range: 1...65536, multiple: 1),
  ]

  init(_ chosen: Dimensions) throws(Diagnostic) {
    (width, multiplier) = (chosen["width"], chosen["multiplier"])
    contextShape = [1, chosen["tokens"], chosen["context_width"]]
    layout = try E2GAN(width: width).layout(
      multiplier: multiplier, blockSize: chosen["block_size"], contextWidth: chosen["context_width"])
    network = DenoisedNeuralWeights(width: chosen["denoiser_width"], blockSize: chosen["block_size"])
    network.blockCount = max(network.blockCount, layout.blockCount)
    chunk = min(chosen["chunk"], layout.blockCount)
  }

  var noiseShape: Shape { [layout.blockCount, layout.blockSize] }

  /// The generator with adapters as inputs after the image and the text, in the layout's order.
  func generator(size: Int) throws(Diagnostic) -> Module {
    var graph = try E2GAN(width: width).graph(
      "generator", size: size, tokens: contextShape[1], contextWidth: contextShape[2])
    try graph.add(E2GAN.adapters(multiplier: multiplier), as: .merged, of: .inputs)
    return Module([graph])
  }

  /// The adapters by name, in the layout's order. noise: ``noiseShape``; context: ``contextShape``.
  func adapters(
    _ b: inout GraphBuilder, noise: ValueID, context: ValueID
  ) throws(Diagnostic) -> [(name: String, value: ValueID)] {
    let (count, size) = (layout.blockCount, layout.blockSize)
    let runs = (count + chunk - 1) / chunk
    // The last run is filled up with blocks that are not used.
    let numbers = (0..<(runs * chunk)).map { Int64(min($0, count - 1)) }
    let index = b.constant("block_index", Tensor(numbers, shape: [runs, chunk]))
    let padded = runs * chunk == count ? noise : try b.pad(noise, [0, 0, runs * chunk - count, 0])
    let blocks = try b.loop(
      denoiseChunk(), count: runs, carried: [],
      stepped: [b.reshape(padded, [runs, chunk, size]), index], constant: [context]
    ).stacked[0]
    let all = try b.reshape(blocks, [runs * chunk, size])
    return try b.tensors(layout, in: runs * chunk == count ? all : b.slice(all, axis: 0, 0..<count))
  }

  private func denoiseChunk() throws(Diagnostic) -> Module {
    var b = GraphBuilder("denoise_blocks")
    let noise = try b.input("chunk_noise", [chunk, layout.blockSize])
    let index = try b.input("chunk_index", [chunk], .i64)
    let context = try b.input("chunk_context", contextShape)
    let time = try b.numbers("time", [999], [1])
    try b.output("blocks", network.denoise(&b, noise, index: index, time: time, context: context))
    return try b.finishModule()
  }
}

extension E2GAN {
  /// Where this generator's adapters stand in blocks of weights.
  func layout(
    multiplier: Int, blockSize: Int, contextWidth: Int = 768
  ) throws(Diagnostic) -> WeightLayout {
    // Adapters depend on neither the image nor the number of tokens.
    var generator = try graph("generator", size: 16, tokens: 1, contextWidth: contextWidth)
    try generator.add(E2GAN.adapters(multiplier: multiplier), as: .branch)
    return WeightLayout(adaptersOf: generator, blockSize: blockSize)
  }
}
