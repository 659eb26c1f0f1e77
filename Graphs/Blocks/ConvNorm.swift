import IR
import Tensors

/// What several networks share.
extension GraphBuilder {
  /// Convolution, `conv`, and batch norm, `bn`, under one name; padding keeps the extent, divided by the
  /// stride.
  mutating func convNorm(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1,
    file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try scope(name) { b throws(Diagnostic) in
      let y = try b.conv2d(
        "conv", x, channels: channels, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups,
        file: file,
        line: line)
      return try b.batchNorm("bn", y, file: file, line: line)
    }
  }

  /// ``convNorm(_:_:channels:kernel:stride:groups:file:line:)``, then GELU.
  mutating func convNormGELU(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1,
    file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let y = try convNorm(
      name, x, channels: channels, kernel: kernel, stride: stride, groups: groups, file: file, line: line)
    return try gelu(y, file: file, line: line)
  }

  /// x × gamma, one factor a channel of [N, C, H, W].
  mutating func layerScale(
    _ name: String, _ x: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try scope(name) { b throws(Diagnostic) in
      let channels = b.shape(of: x)[1]
      let gamma = try b.parameter("gamma", [channels], file: file, line: line)
      return try b.multiply(x, b.reshape(gamma, [1, channels, 1, 1]), file: file, line: line)
    }
  }
}
