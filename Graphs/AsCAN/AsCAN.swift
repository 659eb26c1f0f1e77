package import IR
import Tensors

/// AsCAN: *Asymmetric Convolution-Attention Networks for Efficient Recognition and Generation*, Kag et al.,
/// NeurIPS 2024, arXiv 2411.04967; its classifier.
///
/// Public: a stem of convolutions, then four stages of convolution blocks C and transformer blocks T with
/// plain attention, more C early and more T late, then pooling and a linear classifier. Not public, and
/// therefore ours: the pattern itself, widths, depths and what a block holds; see ``AsCANBlocks``.
package struct AsCAN: Sendable {
  /// Blocks of the four stages, as ``AsCANPattern`` reads them.
  package var pattern = AsCAN.asymmetric
  /// Channels of the four stages; multiples of 32, the width of a head, in stages with T.
  package var widths: [Int]
  package var stemWidth = 64
  package var classes = 1000

  /// Convolutions early, attention late, both in stage 3.
  package static let asymmetric = "CC/CCC/CCCTTT/CTTT"

  package init(widths: [Int]) { self.widths = widths }

  /// Image, normalized as in training, to class scores: [N, 3, H, W] → [N, classes]. Stem and stages halve
  /// the grid five times.
  package func classify(_ b: inout GraphBuilder, _ image: ValueID) throws(Diagnostic) -> ValueID {
    let stages = try AsCANPattern.read(pattern, stages: widths.count).stages
    var x = try b.scope("stem") { b throws(Diagnostic) in
      let x = try b.conv2d(
        "conv1", image, channels: stemWidth, kernel: 3, stride: 2, padding: 1, bias: false)
      return try b.conv2d("conv2", b.gelu(b.batchNorm("bn1", x)), channels: stemWidth, kernel: 3, padding: 1)
    }
    for (index, blocks) in stages.enumerated() {
      x = try b.scope("stages", index) { b throws(Diagnostic) in
        try AsCANBlocks().run(&b, x, blocks, channels: widths[index], resize: .halve)
      }
    }
    return try b.linear("head", b.layerNorm("norm", b.mean(x, axes: [2, 3])), features: classes)
  }

  /// `image`, [batch, 3, size, size], to `logits`. `size` is a multiple of 32.
  package func graph(_ name: String, batch: Int = 1, size: Int = 224) throws(Diagnostic) -> Graph {
    var b = GraphBuilder(name)
    let image = try b.input("image", [batch, 3, size, size])
    try b.output("logits", classify(&b, image))
    return try b.finish()
  }
}
