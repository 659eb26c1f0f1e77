import IR
import Tensors

extension GraphBuilder {
  /// Halves every spatial extent of x, [N, C, ..], by the convolution `conv`, 3 wide with stride 2.
  mutating func downsample(
    _ name: String, _ x: ValueID, channels: Int? = nil
  ) throws(Diagnostic) -> ValueID {
    let shape = shape(of: x)
    let all = { [Int](repeating: $0, count: shape.rank - 2) }
    return try scope(name) { b throws(Diagnostic) in
      try b.conv(
        "conv", x, channels: channels ?? shape[1], kernel: all(3), strides: all(2), padding: all(1))
    }
  }

  /// Doubles every spatial extent of x, [N, C, ..], by repetition, then the convolution `conv`, 3 wide.
  mutating func upsample(
    _ name: String, _ x: ValueID, channels: Int? = nil
  ) throws(Diagnostic) -> ValueID {
    let shape = shape(of: x)
    let all = { [Int](repeating: $0, count: shape.rank - 2) }
    return try scope(name) { b throws(Diagnostic) in
      let y = try b.resizeNearest(x, to: shape.extents[2...].map { 2 * $0 })
      return try b.conv("conv", y, channels: channels ?? shape[1], kernel: all(3), padding: all(1))
    }
  }
}
