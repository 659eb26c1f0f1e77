import IR
import Tensors

/// What may stand after a block of an image network, so that frames see each other. 1D layers see one position
/// in all frames, 3D layers see other positions as well. All add to what they read.
package enum TemporalLayer: String, CaseIterable, Hashable, Sendable {
  /// Four times group norm, SiLU and convolution over three frames, as in diffusers' `TemporalConvLayer`.
  case conv1D = "conv1d"
  /// The same with convolutions over three frames, rows and columns.
  case conv3D = "conv3d"
  /// A transformer over the frames, as diffusers' `TransformerTemporalModel` with one attention.
  case selfAttention1D = "self_attention1d"
  /// A transformer over all positions of all frames.
  case selfAttention3D = "self_attention3d"
  /// The two with attention to the text as well.
  case crossAttention1D = "cross_attention1d"
  case crossAttention3D = "cross_attention3d"

  /// What parameters are named under, beside `resnets` and `attentions`.
  var scope: String {
    switch self {
    case .conv1D, .conv3D: "temp_convs"
    default: "temp_attentions"
    }
  }

  var readsContext: Bool { self == .crossAttention1D || self == .crossAttention3D }

  /// Whether it sees positions other than its own.
  package var isThreeDimensional: Bool {
    switch self {
    case .conv3D, .selfAttention3D, .crossAttention3D: true
    default: false
    }
  }
}

/// Writes layers over time for frames [F, C, H, W] of one video.
struct TemporalLayerWriter: Sendable {
  var heads: Int
  var groups: Int
  /// The text, [1, tokens, D], for layers that read it.
  var context: ValueID?

  func write(
    _ layer: TemporalLayer, _ name: String, _ b: inout GraphBuilder, _ frames: ValueID
  ) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: frames)
    let video = try b.reshape(
      b.transpose(frames, [1, 0, 2, 3]), [1, shape[1], shape[0], shape[2], shape[3]])
    let change = try b.scope(name) { b throws(Diagnostic) in
      switch layer {
      case .conv1D, .conv3D: try convolutions(&b, video, isSpatial: layer.isThreeDimensional)
      default: try transformer(&b, video, layer)
      }
    }
    return try b.add(frames, b.transpose(b.reshape(change, Self.planes(of: shape)), [1, 0, 2, 3]))
  }

  /// `conv1.2` and `conv{2,3,4}.3` with the norms `conv{i}.0`: the numbers leave room for SiLU and dropout.
  private func convolutions(
    _ b: inout GraphBuilder, _ video: ValueID, isSpatial: Bool
  ) throws(Diagnostic) -> ValueID {
    let channels = b.shape(of: video)[1]
    var x = video
    for index in 1...4 {
      x = try b.scope("conv\(index)") { b throws(Diagnostic) in
        let y = try b.silu(b.groupNorm("0", x, groups: groups))
        return try b.conv(
          index == 1 ? "2" : "3", y, channels: channels, kernel: isSpatial ? [3, 3, 3] : [3, 1, 1],
          padding: isSpatial ? [1, 1, 1] : [1, 0, 0])
      }
    }
    return x
  }

  /// Group norm over the whole video, then one transformer block between two linear layers. Result: planes
  /// [C, F, H·W].
  private func transformer(
    _ b: inout GraphBuilder, _ video: ValueID, _ layer: TemporalLayer
  ) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: video)
    let (channels, frames) = (shape[1], shape[2])
    let form = SpatialTransformer(attention: Attention(heads: heads, headWidth: channels / heads))
    let normed = try b.groupNorm("norm", video, groups: groups, epsilon: form.epsilon)
    // One sequence a position, or one for all.
    let planes = layer.isThreeDimensional ? [channels, -1, 1] : [channels, frames, -1]
    var rows = try b.transpose(b.reshape(normed, planes), [2, 1, 0])
    rows = try b.linear("proj_in", rows, features: channels)
    rows = try b.scope("transformer_blocks", 0) { b throws(Diagnostic) in
      try b.transformerBlock(rows, context: layer.readsContext ? context : nil, form)
    }
    return try b.transpose(b.linear("proj_out", rows, features: channels), [2, 1, 0])
  }

  private static func planes(of frames: Shape) -> [Int] {
    [frames[1], frames[0], frames[2], frames[3]]
  }
}
