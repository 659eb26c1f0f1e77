import IR
import Tensors

extension GraphBuilder {
  /// The gated feed-forward layer of diffusers, `net.0.proj` and `net.2`: the first layer gives values and
  /// gates side by side, gates go through GELU. x: [.., C]; inside `ratio` × C wide.
  mutating func gatedFeedForward(
    _ name: String, _ x: ValueID, ratio: Int = 4
  ) throws(Diagnostic) -> ValueID {
    let width = shape(of: x).extents.last ?? 1
    return try scope(name) { b throws(Diagnostic) in
      let y = try b.linear("net.0.proj", x, features: 2 * ratio * width)
      let parts = try b.split(y, axis: -1, [ratio * width, ratio * width])
      return try b.linear("net.2", b.multiply(parts[0], b.gelu(parts[1])), features: width)
    }
  }

  /// Two linear layers with an activation between them. x: [.., C] → [.., C].
  mutating func feedForward(
    _ name: String, _ x: ValueID, inside: Int, activation: Unary,
    layers: (first: String, second: String) = ("fc1", "fc2")
  ) throws(Diagnostic) -> ValueID {
    let width = shape(of: x).extents.last ?? 1
    return try scope(name) { b throws(Diagnostic) in
      let y = try b.unary(activation, b.linear(layers.first, x, features: inside))
      return try b.linear(layers.second, y, features: width)
    }
  }
}
