import IR
import Tensors

/// The transformer of diffusers over the positions of a feature map.
struct SpatialTransformer: Sendable {
  var attention: Attention
  var layers = 1
  var feedForwardRatio = 4
  /// Groups of the norm before.
  var groups = 32
  var epsilon = 1e-6
  /// Whether its blocks begin with attention of the positions to each other.
  var attendsToItself = true
}

extension GraphBuilder {
  /// Group norm `norm`, 1-wide convolution `proj_in`, `transformer_blocks.{i}` over all positions, `proj_out`,
  /// and x added.
  ///
  /// x: [N, C, ..], with one to three spatial axes; context: [N, S, D], nil without cross-attention.
  mutating func spatialTransformer(
    _ name: String, _ x: ValueID, context: ValueID?, _ form: SpatialTransformer
  ) throws(Diagnostic) -> ValueID {
    let shape = shape(of: x)
    let unit = [Int](repeating: 1, count: shape.rank - 2)
    return try scope(name) { b throws(Diagnostic) in
      var y = try b.groupNorm("norm", x, groups: form.groups, epsilon: form.epsilon)
      y = try b.conv("proj_in", y, channels: form.attention.innerWidth, kernel: unit)
      y = try b.rows(y)
      for layer in 0..<form.layers {
        y = try b.scope("transformer_blocks", layer) { b throws(Diagnostic) in
          try b.transformerBlock(y, context: context, form)
        }
      }
      y = try b.reshape(
        b.transpose(y, [0, 2, 1]), [shape[0], form.attention.innerWidth] + shape.extents[2...])
      return try b.add(b.conv("proj_out", y, channels: shape[1], kernel: unit), x)
    }
  }

  /// Attention among rows, to the context, and the gated feed-forward layer, each after a layer norm and
  /// added: `norm1`, `attn1`, `norm2`, `attn2`, `norm3`, `ff`. x: [N, T, C].
  mutating func transformerBlock(
    _ x: ValueID, context: ValueID?, _ form: SpatialTransformer
  ) throws(Diagnostic) -> ValueID {
    var x = x
    if form.attendsToItself {
      x = try add(attention("attn1", layerNorm("norm1", x), form.attention), x)
    }
    if let context {
      x = try add(attention("attn2", layerNorm("norm2", x), context: context, form.attention), x)
    }
    return try add(gatedFeedForward("ff", layerNorm("norm3", x), ratio: form.feedForwardRatio), x)
  }

  /// One row a position: [N, C, ..] → [N, positions, C].
  mutating func rows(_ x: ValueID) throws(Diagnostic) -> ValueID {
    let shape = shape(of: x)
    return try transpose(reshape(x, [shape[0], shape[1], -1]), [0, 2, 1])
  }
}
