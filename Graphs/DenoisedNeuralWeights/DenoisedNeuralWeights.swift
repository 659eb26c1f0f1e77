import IR
import Tensors

/// *Efficient Training with Denoised Neural Weights*, Gong et al., ECCV 2024, arXiv 2407.11966: a diffusion
/// network that makes the adapters of an image translator for a concept given as text.
///
/// All weights stand in one row, cut into equal blocks, and each block is denoised by itself, in one step.
/// Public are the size of a block, that its number and the time step go into every residual block and the text
/// into every transformer, and which of three levels have transformers. Widths, embeddings and resampling are
/// ours, after the denoiser of Stable Diffusion in one dimension, and so are the names.
struct DenoisedNeuralWeights: Sendable {
  /// Channels of the three levels; each level is half as long as the one before.
  var widths: [Int]
  var heads = 8
  var groups = 8
  var blockSize: Int
  /// How many blocks there can be.
  var blockCount = 360

  init(width: Int = 128, blockSize: Int = 256) {
    widths = [1, 2, 4].map { $0 * width }
    self.blockSize = blockSize
  }

  /// Width of the embedded time and block number.
  var embeddingWidth: Int { 4 * widths[0] }

  /// Denoises blocks of weights: [N, blockSize] → [N, blockSize].
  ///
  /// - index: i64 [N], which block each is; time: [1], the step; context: [1 or N, T, D], the encoded text.
  func denoise(
    _ b: inout GraphBuilder, _ noise: ValueID, index: ValueID, time: ValueID, context: ValueID
  ) throws(Diagnostic) -> ValueID {
    let step = try b.embeddingMLP(
      "time_embedding", b.sinusoidalEmbedding(time, width: widths[0]), width: embeddingWidth)
    let block = try b.embedding("block_embedding", index, count: blockCount, width: embeddingWidth)
    let embedding = try b.add(block, step)

    let count = b.shape(of: noise)[0]
    var x = try b.reshape(noise, [count, 1, blockSize])
    x = try b.conv("conv_in", x, channels: widths[0], kernel: [3], padding: [1])
    var skips: [ValueID] = []
    for (level, width) in widths.enumerated() {
      x = try b.scope("down_blocks", level) { b throws(Diagnostic) in
        let y = try stage(&b, x, level: level, width: width, embedding, context)
        skips.append(y)
        return level + 1 < widths.count ? try b.downsample("downsamplers.0", y) : y
      }
    }
    x = try b.spatialTransformer("mid_block.attentions.0", x, context: context, transformer(x, in: b))
    for (step, skip) in skips.reversed().enumerated() {
      let level = widths.count - 1 - step
      x = try b.scope("up_blocks", step) { b throws(Diagnostic) in
        let joined = try b.concat([x, skip], axis: 1)
        let y = try stage(&b, joined, level: level, width: widths[level], embedding, context)
        return level > 0 ? try b.upsample("upsamplers.0", y) : y
      }
    }
    x = try b.silu(b.groupNorm("conv_norm_out", x, groups: groups))
    return try b.reshape(b.conv("conv_out", x, channels: 1, kernel: [3], padding: [1]), [count, blockSize])
  }

  /// A residual block, and a transformer on all levels but the last.
  private func stage(
    _ b: inout GraphBuilder, _ x: ValueID, level: Int, width: Int, _ embedding: ValueID, _ context: ValueID
  ) throws(Diagnostic) -> ValueID {
    let y = try b.resNetBlock("resnets.0", x, time: embedding, channels: width, groups: groups)
    guard level + 1 < widths.count else { return y }
    return try b.spatialTransformer("attentions.0", y, context: context, transformer(y, in: b))
  }

  private func transformer(_ x: ValueID, in b: GraphBuilder) -> SpatialTransformer {
    let width = b.shape(of: x)[1]
    return SpatialTransformer(attention: Attention(heads: heads, headWidth: width / heads), groups: groups)
  }
}
