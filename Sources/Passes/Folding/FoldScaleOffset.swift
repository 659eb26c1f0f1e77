import IR
import Tensors

/// Folds scales and offsets by constants, one for each channel or one for all, into the conv, conv_transpose
/// or matmul next to them: added biases, layer scale, input normalization.
///
///     %a = conv %x, @w, @b                         ->      %y = conv %x, @w.folded, @b.folded
///     %y = mul %a, @gamma
///
/// Into the op after only without padding, unless nothing is added. A scale and offset for all moves before a
/// reshape of such an op's result, to fold next: the scale of queries and keys in attention.
package let foldScaleOffset = Pass(
  "fold-scale-offset", "Folds scales and offsets into neighboring conv and matmul."
) {
  (context: inout PassContext) throws(Diagnostic) in
  var readers = Readers()
  for node in context.graph.order where context.graph.contains(node) {
    switch context.graph[node].op {
    case .unary(let op) where op.function == .affine || op.function == .neg: break
    case .binary: break
    default: continue
    }
    if try foldIntoNeighbor(node, in: &context, &readers) { continue }
    if try movePastReshape(node, in: &context) { continue }
    try addBias(node, in: &context)
  }
}

/// affine(reshape(W·x)) = reshape(affine(W·x)). Returns whether it was one.
private func movePastReshape(_ node: NodeID, in context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard case .unary(let op) = graph[node].op, op.function == .affine else { return false }
  let reshaped = graph[node].operands[0]
  guard graph.hasOneUse(reshaped), let reshape = graph.producer(of: reshaped),
    case .reshape = graph[reshape].op
  else { return false }
  let product = graph[reshape].operands[0]
  guard graph.hasOneUse(product), let producer = graph.producer(of: product),
    let linear = LinearOp(producer, in: graph), linear.activation == nil
  else { return false }
  let scaled = try context.insert(.unary(op), [product], before: node)
  try context.rewrite(
    node, as: graph[reshape].op, [scaled], "moved \(graph.describe(node)) past \(graph.describe(reshape))")
  return true
}

/// Turns a vector added to a matmul without a bias into one, to the same bits: it is added to the finished sums.
private func addBias(_ node: NodeID, in context: inout PassContext) throws(Diagnostic) {
  let graph = context.graph
  for (a, b) in graph.eitherOrder(graph.result(node), .add) {
    guard graph.hasOneUse(a), let producer = graph.producer(of: a), case .matmul(let op) = graph[producer].op,
      graph[producer].operands.count == 2, op.activation == nil, let bias = graph.constant(b),
      bias.shape.rank == 1,
      bias.shape[0] == graph.shape(of: a).extents.last,
      graph.shape(of: graph.result(node)) == graph.shape(of: a)
    else { continue }
    try context.rewrite(
      node, as: .matmul(op), graph[producer].operands + [b], named: producer,
      "folded \(graph.describe(node)) into \(graph.describe(producer)) as its bias")
    return
  }
}
