import IR
import Tensors

/// E²GAN: *E2GAN: Efficient Training of Efficient GANs for Image-to-Image Translation*, Gong et al., ICML 2024,
/// arXiv 2401.06127.
///
/// Changes an image after a text. Public are the order of blocks and which of them have adapters: stem down to
/// a quarter of the size, two residual blocks, down to an eighth, one transformer block that reads the text,
/// up to a quarter, a residual block, up to the full size. Widths, kernels, norms and names are ours, after
/// the usual generator of residual blocks and the transformer block of diffusers.
///
/// All norms in the convolutional part are instance norms without parameters.
struct E2GAN: Sendable {
  /// Channels at full size; twice and four times as many below.
  var width = 64
  var heads = 8

  /// image: [N, 3, H, W] of −1 to 1, H and W multiples of 8; context: [N, T, D], the encoded text. Result like
  /// the image.
  func translate(
    _ b: inout GraphBuilder, _ image: ValueID, context: ValueID
  ) throws(Diagnostic) -> ValueID {
    var x = try convolution(&b, "down.0", image, channels: width, kernel: 7)
    x = try b.relu(b.instanceNorm(x))
    x = try halve(&b, "down.1", x, channels: 2 * width)
    x = try halve(&b, "down.2", x, channels: 4 * width)
    x = try residual(&b, "res.0", x)
    x = try residual(&b, "res.1", x)
    x = try halve(&b, "ds", x, channels: 4 * width)
    x = try transform(&b, x, context: context)
    x = try double(&b, "us", x, channels: 4 * width)
    x = try residual(&b, "res.2", x)
    x = try double(&b, "up.0", x, channels: 2 * width)
    x = try double(&b, "up.1", x, channels: width)
    return try b.unary(Unary(.tanh), convolution(&b, "up.2", x, channels: 3, kernel: 7))
  }

  /// A convolution that keeps the size by mirroring the borders.
  private func convolution(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID, channels: Int, kernel: Int
  ) throws(Diagnostic) -> ValueID {
    let border = [0, 0, kernel / 2, kernel / 2]
    return try b.conv2d(name, b.pad(x, border + border, mode: .reflect), channels: channels, kernel: kernel)
  }

  private func halve(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID, channels: Int
  ) throws(Diagnostic) -> ValueID {
    let y = try b.conv2d(name, x, channels: channels, kernel: 3, stride: 2, padding: 1)
    return try b.relu(b.instanceNorm(y))
  }

  private func double(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID, channels: Int
  ) throws(Diagnostic) -> ValueID {
    let y = try b.convTranspose2d(
      name, x, channels: channels, kernel: 3, stride: 2, padding: 1, outputPadding: 1)
    return try b.relu(b.instanceNorm(y))
  }

  private func residual(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID
  ) throws(Diagnostic) -> ValueID {
    let channels = b.shape(of: x)[1]
    return try b.scope(name) { b throws(Diagnostic) in
      var y = try b.relu(b.instanceNorm(convolution(&b, "conv1", x, channels: channels, kernel: 3)))
      y = try b.instanceNorm(convolution(&b, "conv2", y, channels: channels, kernel: 3))
      return try b.add(x, y)
    }
  }

  /// The transformer block over all positions.
  private func transform(
    _ b: inout GraphBuilder, _ x: ValueID, context: ValueID
  ) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: x).extents
    let form = SpatialTransformer(attention: Attention(heads: heads, headWidth: shape[1] / heads))
    let y = try b.scope("tb") { b throws(Diagnostic) in
      try b.transformerBlock(b.rows(x), context: context, form)
    }
    return try b.reshape(b.transpose(y, [0, 2, 1]), shape)
  }
}
