import IR
import Tensors

/// EfficientFormerV2: *Rethinking Vision Transformers for MobileNet Size and Speed*, Li et al., ICCV 2023,
/// arXiv 2212.08059.
///
/// Four stages of feed-forward blocks with a depthwise convolution inside; the last blocks of stages 3 and 4
/// attend as well. Every convolution has a bias and a batch norm, except talking heads and the local query,
/// which have a bias only.
struct EfficientFormerV2: Sendable {
  /// Channels of the four stages.
  var widths: [Int]
  /// How much wider the inside of each feed-forward block is, by stage and block.
  var expansions: [[Int]]
  /// How many blocks at the end of stages 3 and 4 attend.
  var attentionBlocks: Int
  var heads = 8
  /// Width of a query in a block and in the attention that leads to stage 4.
  var keyWidth = 32
  var downsampleKeyWidth = 16
  /// Width of a value in units of a key's.
  var valueRatio = 4
  var classes = 1000
  /// Height and width of the image, on which the sizes of the relative bias tables depend.
  var imageSize = 224

  /// Image, normalized as in training, to class scores: stem, stages, head.
  func classify(_ b: inout GraphBuilder, _ image: ValueID) throws(Diagnostic) -> ValueID {
    var x = try b.scope("stem") { b throws(Diagnostic) in
      let x = try b.convNormGELU("conv1", image, channels: widths[0] / 2, kernel: 3, stride: 2)
      return try b.convNormGELU("conv2", x, channels: widths[0], kernel: 3, stride: 2)
    }
    for stage in widths.indices {
      x = try b.scope("stages", stage) { b throws(Diagnostic) in
        var x = x
        if stage > 0 { x = try downsample(&b, x, to: widths[stage], attends: stage == 3) }
        for (index, expansion) in expansions[stage].enumerated() {
          let attends = stage >= 2 && index >= expansions[stage].count - attentionBlocks
          x = try b.scope("blocks", index) { b throws(Diagnostic) in
            let y = attends ? try attentionResidual(&b, x, stride: stage == 2 ? 2 : 1) : x
            return try feedForwardResidual(&b, y, expansion: expansion)
          }
        }
        return x
      }
    }
    x = try b.mean(b.batchNorm("norm", x), axes: [2, 3])
    let scores = try b.add(
      b.linear("head", x, features: classes), b.linear("head_dist", x, features: classes))
    return try b.affine(scores, scale: 0.5)
  }

  /// Halves the grid; before stage 4 by convolution and attention together.
  func downsample(
    _ b: inout GraphBuilder, _ x: ValueID, to width: Int, attends: Bool
  ) throws(Diagnostic) -> ValueID {
    try b.scope("downsample") { b throws(Diagnostic) in
      let y = try b.convNorm("conv", x, channels: width, kernel: 3, stride: 2)
      return attends ? try b.add(attentionDownsample(&b, x, to: width), y) : y
    }
  }

  func feedForwardResidual(
    _ b: inout GraphBuilder, _ x: ValueID, expansion: Int
  ) throws(Diagnostic) -> ValueID {
    let width = b.shape(of: x)[1]
    let inside = width * expansion
    let y = try b.scope("mlp") { b throws(Diagnostic) in
      var y = try b.convNormGELU("fc1", x, channels: inside)
      y = try b.convNormGELU("mid", y, channels: inside, kernel: 3, groups: inside)
      return try b.convNorm("fc2", y, channels: width)
    }
    return try b.add(x, b.layerScale("ls2", y))
  }

  /// Attention with talking heads on a grid that `stride` makes coarser, and a depthwise path for the values'
  /// neighborhood.
  func attentionResidual(
    _ b: inout GraphBuilder, _ x: ValueID, stride: Int
  ) throws(Diagnostic) -> ValueID {
    let (width, valueWidth) = (b.shape(of: x)[1], heads * keyWidth * valueRatio)
    let y = try b.scope("token_mixer") { b throws(Diagnostic) in
      let z =
        stride == 1
        ? x : try b.convNorm("stride_conv", x, channels: width, kernel: 3, stride: stride, groups: width)
      let q = try b.convNorm("q", z, channels: heads * keyWidth)
      let k = try b.convNorm("k", z, channels: heads * keyWidth)
      let v = try b.convNorm("v", z, channels: valueWidth)
      let local = try b.convNorm("v_local", v, channels: valueWidth, kernel: 3, groups: valueWidth)

      let grid = Grid(b.shape(of: z))
      var scores = try biasedScores(&b, q, k, queries: grid, keys: grid)
      scores = try b.conv2d("talking_head1", scores, channels: heads)
      scores = try b.conv2d("talking_head2", b.softmax(scores), channels: heads)
      var y = try b.add(attend(&b, scores, v, grid), local)
      if stride != 1 { y = try b.resizeLinear(y, to: [grid.height * stride, grid.width * stride]) }
      return try b.convNorm("proj", b.gelu(y), channels: width)
    }
    return try b.add(x, b.layerScale("ls1", y))
  }

  /// Attention from every other position to all positions.
  func attentionDownsample(
    _ b: inout GraphBuilder, _ x: ValueID, to width: Int
  ) throws(Diagnostic) -> ValueID {
    try b.scope("attn") { b throws(Diagnostic) in
      let (input, keyWidth) = (b.shape(of: x)[1], heads * downsampleKeyWidth)
      let valueWidth = keyWidth * valueRatio
      let q = try b.scope("q") { b throws(Diagnostic) in
        let local = try b.conv2d("local", x, channels: input, kernel: 3, stride: 2, padding: 1, groups: input)
        let every2nd = Slice(starts: [0, 0, 0, 0], counts: b.shape(of: local).extents, steps: [1, 1, 2, 2])
        let sparse = try b.add(.slice(every2nd), [x])
        return try b.convNorm("proj", b.add(local, sparse), channels: keyWidth)
      }
      let k = try b.convNorm("k", x, channels: keyWidth)
      let v = try b.convNorm("v", x, channels: valueWidth)
      let local = try b.convNorm("v_local", v, channels: valueWidth, kernel: 3, stride: 2, groups: valueWidth)

      let grid = Grid(b.shape(of: q))
      let scores = try biasedScores(&b, q, k, queries: grid, keys: Grid(b.shape(of: x)), step: 2)
      let y = try b.add(attend(&b, b.softmax(scores), v, grid), local)
      return try b.convNorm("proj", b.gelu(y), channels: width)
    }
  }

  /// q · k ÷ √width + bias, by head, query and key. The bias depends on how far apart query and key lie in y
  /// and x.
  private func biasedScores(
    _ b: inout GraphBuilder, _ q: ValueID, _ k: ValueID, queries: Grid, keys: Grid, step: Int = 1
  ) throws(Diagnostic) -> ValueID {
    let (batch, width) = (b.shape(of: q)[0], b.shape(of: q)[1] / heads)
    let rows = try b.reshape(q, [batch, heads, width, queries.count])
    let columns = try b.reshape(k, [batch, heads, width, keys.count])
    let scores = try b.affine(
      b.matmul(rows, columns, transposeA: true), scale: 1 / Double(width).squareRoot())
    let table = try b.parameter("attention_biases", [heads, keys.count])
    let offsets = b.constant("attention_bias_idxs", keys.offsets(from: queries, step: step))
    return try b.add(scores, b.gather(table, offsets, axis: 1))
  }

  /// Values summed by score, back on the grid of the queries.
  private func attend(
    _ b: inout GraphBuilder, _ scores: ValueID, _ v: ValueID, _ queries: Grid
  ) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: v)
    let values = try b.reshape(v, [shape[0], heads, shape[1] / heads, -1])
    let y = try b.matmul(values, scores, transposeB: true)
    return try b.reshape(y, [shape[0], shape[1], queries.height, queries.width])
  }
}

/// The positions of a feature map.
private struct Grid {
  var height: Int
  var width: Int

  init(_ shape: Shape) { (height, width) = (shape[2], shape[3]) }

  var count: Int { height * width }

  /// |dy| × width + |dx| for every query, `step` positions apart, and every key of this grid.
  func offsets(from queries: Grid, step: Int) -> Tensor {
    var offsets: [Int64] = []
    for query in 0..<queries.count {
      let (y, x) = (query / queries.width * step, query % queries.width * step)
      for key in 0..<count {
        offsets.append(Int64(abs(y - key / width) * width + abs(x - key % width)))
      }
    }
    return Tensor(offsets, shape: [queries.count, count])
  }
}
