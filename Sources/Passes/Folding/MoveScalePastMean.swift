import IR
import Tensors

/// Scales and shifts channels after a mean over space in place of before it, where there is less to compute
/// and a matmul to fold into.
///
///     %a = mul %x, @s                              ->      %b = reduce %x {kind = mean, axes = [2, 3]}
///     %y = reduce %a {kind = mean, axes = [2, 3]}          %y = mul %b, @s
///
/// The constant must not vary along the axes of the mean. Average pooling that does not count padding is a
/// mean too. As its terms then round differently, nobody may read the mean's last digit, see ``Readers``; and what is
/// added is added to what is rounded already, see ``Graph/isRounded(_:)``: x − m of data near m is exact.
package let moveScalePastMean = Pass(
  "move-scale-past-mean", "Scales channels after a mean in place of before it."
) {
  (context: inout PassContext) throws(Diagnostic) in
  // Backwards, so that a product whose sum has moved can follow it.
  var readers = Readers()
  for node in context.graph.order.reversed() {
    let graph = context.graph
    let result = graph.result(node)
    guard graph.type(of: result).element.isFloat, let reader = graph.onlyUser(of: result) else { continue }
    guard let (x, rebuild) = scaling(node, in: graph), commutes(reader, with: rebuild, in: graph),
      readers.overlook(.lastDigit, of: graph.result(reader), in: graph)
    else { continue }
    let inner = try context.insert(graph[reader].op, [x], before: reader)
    let description = "moved \(graph.describe(node)) past \(graph.describe(reader))"
    let operands: [ValueID]
    switch rebuild {
    case .uniform: operands = [inner]
    case .constant(let value, let tensor, let isLeft):
      let shape = reducedShape(tensor.shape, rank: graph.shape(of: x).rank, by: graph[reader].op)
      let moved = shape == tensor.shape ? value : context.addWeight(foldedFrom: value, tensor.reshaped(shape))
      operands = isLeft ? [moved, inner] : [inner, moved]
    }
    try context.rewrite(reader, as: graph[node].op, operands, named: node, description)
  }
}

private enum Scaling {
  /// The same for all elements.
  case uniform
  case constant(ValueID, Tensor, isLeft: Bool)
}

private func scaling(_ node: NodeID, in graph: Graph) -> (x: ValueID, Scaling)? {
  let operands = graph[node].operands
  switch graph[node].op {
  case .unary(let op) where op.function == .affine:
    guard op.p1 == 0 || !op.p0.isPowerOfTwo || graph.isRounded(operands[0]) else { return nil }
    return (operands[0], .uniform)
  case .binary(let op):
    let isLeft = graph.constant(operands[0]) != nil
    switch (op.function, isLeft) {
    case (.add, _), (.sub, _):
      guard graph.isRounded(operands[isLeft ? 1 : 0]) else { return nil }
    case (.mul, _), (.div, false): break
    default: return nil
    }
    let (value, x) = isLeft ? (operands[0], operands[1]) : (operands[1], operands[0])
    guard let tensor = graph.constant(value), graph.shape(of: x) == graph.shape(of: graph.result(node)) else {
      return nil
    }
    return (x, .constant(value, tensor, isLeft: isLeft))
  default: return nil
  }
}

/// Whether the reader averages only over axes along which the constant does not vary.
private func commutes(_ reader: NodeID, with scaling: Scaling, in graph: Graph) -> Bool {
  let rank = graph.shape(of: graph[reader].operands[0]).rank
  let averaged: [Int]
  switch graph[reader].op {
  case .reduce(let op) where op.kind == .mean: averaged = op.axes
  case .pool(let op) where op.kind == .average: averaged = Array(2..<rank)
  default: return false
  }
  guard graph.shape(of: graph.result(reader)).elementCount > 0 else { return false }
  switch scaling {
  case .uniform: return true
  case .constant(_, let tensor, _):
    let missing = rank - tensor.shape.rank
    return averaged.allSatisfy { $0 < missing || tensor.shape[$0 - missing] == 1 }
  }
}

/// The constant's shape against the reader's result.
private func reducedShape(_ shape: Shape, rank: Int, by op: Op) -> Shape {
  guard case .reduce(let reduce) = op, !reduce.keep else { return shape }
  let missing = rank - shape.rank
  return Shape(shape.indices.filter { !reduce.axes.contains($0 + missing) }.map { shape[$0] })
}
