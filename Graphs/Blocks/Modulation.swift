import IR
import Tensors

/// Channels scaled by what the whole map or the time says.
extension GraphBuilder {
  /// x times a factor between 0 and 1 a channel, which two 1×1 convolutions, `fc1` and `fc2`, make of the
  /// channels' means. x: [N, C, H, W].
  mutating func squeezeExcite(
    _ name: String, _ x: ValueID, inside: Int
  ) throws(Diagnostic) -> ValueID {
    let channels = shape(of: x)[1]
    return try scope(name) { b throws(Diagnostic) in
      let mean = try b.mean(x, axes: [2, 3], keep: true)
      let y = try b.relu(b.conv2d("fc1", mean, channels: inside))
      return try b.multiply(x, b.sigmoid(b.conv2d("fc2", y, channels: channels)))
    }
  }

  /// x × (1 + scale) + shift, with scales and shifts a channel side by side from one linear layer of SiLU of
  /// the time. x: [N, C, H, W]; time: [N, D].
  mutating func scaleShift(
    _ name: String, _ x: ValueID, _ time: ValueID
  ) throws(Diagnostic) -> ValueID {
    let channels = shape(of: x)[1]
    let both = try linear(name, silu(time), features: 2 * channels)
    let parts = try split(
      reshape(both, [shape(of: both)[0], 2 * channels, 1, 1]), axis: 1, [channels, channels])
    return try add(multiply(x, affine(parts[0], offset: 1)), parts[1])
  }
}
