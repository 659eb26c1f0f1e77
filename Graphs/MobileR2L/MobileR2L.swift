import IR
import Tensors

/// MobileR2L: *Real-Time Neural Light Field on Mobile Devices*, Cao et al., CVPR 2023, arXiv 2212.08057.
///
/// One convolutional network turns encoded points on a coarse grid of rays into the full image, without
/// volume rendering. All convolutions are 1×1, so that rays meet only in the three transposed convolutions
/// that refine the grid. Layers have the names of the authors' checkpoints, whose weights lie under
/// `network_fn_state_dict`.
struct MobileR2L: Sendable {
  enum Scene: Sendable {
    /// An object seen from around it: rays in world coordinates, grid refined 8 times.
    case blender
    /// A scene seen from the front: rays in normalized device coordinates, grid refined 12 times.
    case forwardFacing
  }

  var scene: Scene
  /// Residual blocks between head and tail: 28 in the paper's figure, 29 by the released options (depth 60).
  var blocks: Int
  /// Channels of head and body; the tail has a quarter, a quarter and a sixteenth of them.
  var width = 256
  var pointsPerRay = 8
  /// Sines and cosines of each coordinate.
  var frequencies = 6

  /// Channels of an encoded ray: each coordinate as sines, cosines and itself.
  var encodedChannels: Int { 3 * pointsPerRay * (2 * frequencies + 1) }

  /// Rows and columns of the published grid of rays.
  var grid: (rows: Int, columns: Int) { scene == .blender ? (100, 100) : (63, 84) }

  /// Pixels of the image along each side of a ray's cell.
  var refinement: Int { scene == .blender ? 8 : 12 }

  /// Encoded rays [N, ``encodedChannels``, rows, columns], by coordinate, to colors of 0 to 1,
  /// [N, 3, rows × refinement, columns × refinement].
  func image(_ b: inout GraphBuilder, _ encoded: ValueID) throws(Diagnostic) -> ValueID {
    let head = try b.gelu(b.conv2d("head.0", encoded, channels: width))
    var x = head
    for index in 0..<blocks { x = try residual(&b, "body.\(index)", x) }
    x = try b.add(x, head)
    x = try refine(&b, x, layer: 0, channels: width / 4, factor: 2)
    x = try refine(&b, x, layer: 3, channels: width / 4, factor: 2)
    x = try refine(&b, x, layer: 6, channels: width / 16, factor: scene == .blender ? 2 : 3)
    return try b.sigmoid(b.conv2d("tail.9", x, channels: 3))
  }

  /// Transposed convolution and two residual blocks, `layer` and the two after it in the tail. The kernels
  /// overlap when doubling and lie side by side when tripling.
  private func refine(
    _ b: inout GraphBuilder, _ x: ValueID, layer: Int, channels: Int, factor: Int
  ) throws(Diagnostic) -> ValueID {
    let overlap = factor == 2
    var x = try b.convTranspose2d(
      "tail.\(layer)", x, channels: channels, kernel: overlap ? 4 : factor, stride: factor,
      padding: overlap ? 1 : 0)
    for index in 1...2 { x = try residual(&b, "tail.\(layer + index)", x) }
    return x
  }

  /// x + convolutions of x; nothing follows the sum.
  private func residual(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID
  ) throws(Diagnostic) -> ValueID {
    let channels = b.shape(of: x)[1]
    return try b.scope("\(name).conv_block") { b throws(Diagnostic) in
      var y = try b.batchNorm("1", b.conv2d("0", x, channels: channels))
      y = try b.batchNorm("4", b.conv2d("3", b.gelu(y), channels: channels))
      return try b.add(x, y)
    }
  }
}
