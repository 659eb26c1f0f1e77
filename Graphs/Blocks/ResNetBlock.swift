import IR
import Tensors

extension GraphBuilder {
  /// The residual block of diffusers: twice group norm, SiLU and convolution, `norm1`, `conv1`, `norm2`,
  /// `conv2`; a 1-wide `conv_shortcut` where the channels change.
  ///
  /// x: [N, C, ..], with one to three spatial axes; time: [N or 1, D], added to every position after `conv1`
  /// by `time_emb_proj`; nil where the network has no time.
  mutating func resNetBlock(
    _ name: String, _ x: ValueID, time: ValueID? = nil, channels: Int, kernel: Int = 3, groups: Int = 32,
    epsilon: Double = 1e-5
  ) throws(Diagnostic) -> ValueID {
    let (input, axes) = (shape(of: x)[1], shape(of: x).rank - 2)
    let window = [Int](repeating: kernel, count: axes)
    let padding = [Int](repeating: kernel / 2, count: axes)
    return try scope(name) { b throws(Diagnostic) in
      var y = try b.silu(b.groupNorm("norm1", x, groups: groups, epsilon: epsilon))
      y = try b.conv("conv1", y, channels: channels, kernel: window, padding: padding)
      if let time {
        let shift = try b.linear("time_emb_proj", b.silu(time), features: channels)
        let unit = [Int](repeating: 1, count: axes)
        y = try b.add(y, b.reshape(shift, [b.shape(of: shift)[0], channels] + unit))
      }
      y = try b.silu(b.groupNorm("norm2", y, groups: groups, epsilon: epsilon))
      y = try b.conv("conv2", y, channels: channels, kernel: window, padding: padding)
      let unit = [Int](repeating: 1, count: axes)
      let shortcut =
        input == channels ? x : try b.conv("conv_shortcut", x, channels: channels, kernel: unit)
      return try b.add(shortcut, y)
    }
  }
}
