import IR
import Tensors

/// The two blocks of which AsCAN is made, for images and for generation alike.
struct AsCANBlocks: Sendable {
  /// How much wider the inside of a convolution block is than its input.
  var expansion = 4
  /// Channels of a convolution block's input for one of its squeeze-and-excitation.
  var squeeze = 4
  /// Width of one attention head.
  var headWidth = 32
  /// How much wider the inside of a transformer block's feed-forward layer is.
  var feedForwardRatio = 4

  /// What a stage's first or last block does to its grid.
  enum Resize { case none, halve, double }

  /// The blocks in their order. x: [N, C, H, W]; time: [N, D], for scales and shifts in C; context: [N, S,
  /// E], for cross-attention in T; each nil where the network has none. `channels` and `resize` are those of
  /// one block, number `changing`: it halves the grid as it reads it, or doubles it once it has written it.
  func run(
    _ b: inout GraphBuilder, _ x: ValueID, _ blocks: [AsCANBlock], channels: Int, resize: Resize,
    changing: Int = 0, time: ValueID? = nil, context: ValueID? = nil
  ) throws(Diagnostic) -> ValueID {
    var x = x
    // Neighboring transformer blocks share one row a position.
    var grid: [Int]?
    for (index, block) in blocks.enumerated() {
      let changes = index == changing
      switch block {
      case .convolution:
        if let extents = grid { x = try map(&b, x, extents) }
        grid = nil
        x = try b.scope("\(index)") { b throws(Diagnostic) in
          try convolution(
            &b, x, channels: changes ? channels : b.shape(of: x)[1],
            stride: changes && resize == .halve ? 2 : 1, time: time)
        }
        if changes, resize == .double {
          x = try b.resizeNearest(x, to: b.shape(of: x).extents[2...].map { 2 * $0 })
        }
      case .transformer:
        if grid == nil {
          grid = b.shape(of: x).extents
          x = try b.rows(x)
        }
        x = try b.scope("\(index)") { b throws(Diagnostic) in try transformer(&b, x, context: context) }
      }
    }
    return try grid.map { extents throws(Diagnostic) in try map(&b, x, extents) } ?? x
  }

  /// C: a 3×3 convolution that widens, batch norm, GELU, squeeze-and-excitation, a 1×1 convolution, batch
  /// norm; the input is added, averaged over 2×2 where the grid is halved, by a 1×1 convolution where the
  /// width changes. Time scales and shifts the first norm's result. x: [N, C, H, W].
  func convolution(
    _ b: inout GraphBuilder, _ x: ValueID, channels: Int, stride: Int = 1, time: ValueID? = nil
  ) throws(Diagnostic) -> ValueID {
    let input = b.shape(of: x)[1]
    var y = try b.conv2d(
      "conv1", x, channels: expansion * input, kernel: 3, stride: stride, padding: 1, bias: false)
    y = try b.batchNorm("bn1", y)
    if let time { y = try b.scaleShift("time_proj", y, time) }
    y = try b.squeezeExcite("se", b.gelu(y), inside: max(input / squeeze, 1))
    y = try b.batchNorm("bn2", b.conv2d("conv2", y, channels: channels, bias: false))
    var shortcut = x
    if stride != 1 { shortcut = try b.pool2d(.average, shortcut, kernel: stride) }
    if input != channels { shortcut = try b.conv2d("shortcut", shortcut, channels: channels) }
    return try b.add(shortcut, y)
  }

  /// T: attention of all positions to each other, to the context where there is one, and a feed-forward
  /// layer, each after a layer norm and added. x: [N, positions, C].
  func transformer(
    _ b: inout GraphBuilder, _ x: ValueID, context: ValueID? = nil
  ) throws(Diagnostic) -> ValueID {
    let width = b.shape(of: x)[2]
    guard width % headWidth == 0 else {
      throw Diagnostic(
        "transformer block '\(b.qualified("attn"))' is \(width) wide, expected a multiple of \(headWidth), the "
          + "width of a head", op: "matmul", advice: "choose other widths for the stages with T")
    }
    let form = Attention(
      heads: width / headWidth, headWidth: headWidth, bias: true,
      names: Attention.Names(query: "q", key: "k", value: "v", out: "out"))
    var x = try b.add(b.attention("attn", b.layerNorm("norm1", x), form), x)
    if let context {
      x = try b.add(b.attention("cross_attn", b.layerNorm("norm_cross", x), context: context, form), x)
    }
    let y = try b.feedForward(
      "mlp", b.layerNorm("norm2", x), inside: feedForwardRatio * width, activation: Unary(.gelu))
    return try b.add(y, x)
  }

  /// Rows back on their grid: [N, positions, C] → [N, C, H, W].
  private func map(
    _ b: inout GraphBuilder, _ rows: ValueID, _ grid: [Int]
  ) throws(Diagnostic) -> ValueID {
    try b.reshape(b.transpose(rows, [0, 2, 1]), grid)
  }
}
