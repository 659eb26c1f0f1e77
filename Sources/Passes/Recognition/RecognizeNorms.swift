import IR
import Tensors

/// Recognizes layer normalization, root-mean-square normalization and instance normalization written out.
///
///     %m = reduce %x {kind = mean, axes = [2]}     ->      %y = layer_norm %x {epsilon = 1e-05}
///     %d = sub %x, %m
///     %q = mul %d, %d
///     %v = reduce %q {kind = mean, axes = [2]}
///     %e = affine %v {offset = 1e-05}
///     %s = sqrt %e
///     %y = div %d, %s
///
/// Over the last axes it is `layer_norm`, without the mean `rms_norm`, over all axes after the channels of
/// rank 3 or more `group_norm` with a group for each channel. Scale and bias join in `absorb-norm-scale`.
package let recognizeNorms = Pass(
  "recognize-norms", "Recognizes layer, RMS and instance normalization written out."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    let result = graph.result(node)
    guard let (centered, squares) = normalized(result, in: graph),
      graph.type(of: centered) == graph.type(of: result),
      let mean = meanSquare(squares, of: centered, in: graph)
    else { continue }
    let rank = graph.shape(of: result).rank
    let isSuffix = mean.axes == Array((rank - mean.axes.count)..<rank) && !mean.axes.isEmpty
    let description: (String) -> String = { "recognized \($0) in \(graph.describe(node))" }
    if let x = center(centered, axes: mean.axes, in: graph) {
      if isSuffix, !(mean.axes.first == 2 && rank > 3) {
        let op = LayerNorm(axis: mean.axes[0], epsilon: mean.epsilon)
        try context.rewrite(node, as: .layerNorm(op), [x], description("layer_norm"))
      } else if isSuffix {
        let op = GroupNorm(groups: graph.shape(of: x)[1], epsilon: mean.epsilon)
        try context.rewrite(node, as: .groupNorm(op), [x], description("group_norm"))
      }
    } else if isSuffix {
      let op = RMSNorm(axis: mean.axes[0], epsilon: mean.epsilon)
      try context.rewrite(node, as: .rmsNorm(op), [centered], description("rms_norm"))
    }
  }
}

/// d and s of d ÷ √s, however the quotient is written.
private func normalized(_ value: ValueID, in graph: Graph) -> (numerator: ValueID, squares: ValueID)? {
  if let (numerator, root) = graph.binary(value, .div), let (squares, _) = graph.unary(root, .sqrt) {
    return (numerator, squares)
  }
  for (numerator, root) in graph.eitherOrder(value, .mul) {
    if let (squares, _) = graph.unary(root, .rsqrt) { return (numerator, squares) }
    if let (inner, _) = graph.unary(root, .reciprocal), let (squares, _) = graph.unary(inner, .sqrt) {
      return (numerator, squares)
    }
  }
  return nil
}

/// Axes and epsilon of mean(d²) + epsilon.
private func meanSquare(_ value: ValueID, of d: ValueID, in graph: Graph) -> (axes: [Int], epsilon: Double)? {
  guard case (let variance, 1.0, let epsilon)? = graph.affine(value), epsilon >= 0,
    let mean = graph.node(variance),
    case .reduce(let op) = mean.op, op.kind == .mean, op.keep,
    let (a, b) = graph.binary(mean.operands[0], .mul), a == b,
    a == d
  else { return nil }
  return (op.axes, epsilon)
}

/// x, when the value is x minus its mean over these axes.
private func center(_ value: ValueID, axes: [Int], in graph: Graph) -> ValueID? {
  guard let (x, mean) = graph.binary(value, .sub), let node = graph.node(mean),
    case .reduce(let op) = node.op,
    op.kind == .mean, op.keep, op.axes == axes, node.operands[0] == x
  else { return nil }
  return x
}
