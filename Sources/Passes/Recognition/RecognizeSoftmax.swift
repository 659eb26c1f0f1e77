import IR
import Tensors

/// Recognizes softmax written out, with or without subtraction of the maximum, and its logarithm.
///
///     %m = reduce %x {kind = max, axes = [2]}      ->      %y = softmax %x {axis = 2}
///     %d = sub %x, %m
///     %e = exp %d
///     %s = reduce %e {kind = sum, axes = [2]}
///     %y = div %e, %s
package let recognizeSoftmax = Pass("recognize-softmax", "Recognizes softmax written out with exp and sums.")
{
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    let result = graph.result(node)
    if let (x, axis) = softmax(result, in: graph) {
      try context.rewrite(
        node, as: .softmax(Softmax(axis: axis)), [x], "recognized softmax in \(graph.describe(node))")
    } else if let (probabilities, _) = graph.unary(result, .log), graph.hasOneUse(probabilities),
      let inner = graph.node(probabilities), case .softmax(var op) = inner.op, !op.log
    {
      op.log = true
      try context.rewrite(
        node, as: .softmax(op), inner.operands, "merged \(graph.describe(node)) into the softmax before it")
    }
  }
}

private func softmax(_ value: ValueID, in graph: Graph) -> (x: ValueID, axis: Int)? {
  guard let (numerator, denominator) = graph.binary(value, .div),
    let (argument, _) = graph.unary(numerator, .exp),
    let sum = graph.node(denominator), case .reduce(let op) = sum.op, op.kind == .sum, op.axes.count == 1,
    sum.operands[0] == numerator, graph.shape(of: value) == graph.shape(of: numerator)
  else { return nil }
  // Without `keep` the sum would broadcast along another axis.
  guard op.keep || op.axes[0] == 0 && graph.shape(of: numerator).rank == 1 else { return nil }
  if let (x, maximum) = graph.binary(argument, .sub), let node = graph.node(maximum),
    case .reduce(let top) = node.op,
    top.kind == .max, top.axes == op.axes, node.operands[0] == x,
    graph.shape(of: x) == graph.shape(of: argument),
    top.keep || graph.shape(of: x).rank == 1
  {
    return (x, op.axes[0])
  }
  return (argument, op.axes[0])
}
