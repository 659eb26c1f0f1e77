import IR
import Tensors

/// Recognizes functions written out with exp, log and clip.
///
///     %a = affine %x {scale = -1.0}                ->      %y = sigmoid %x
///     %b = exp %a
///     %c = affine %b {offset = 1.0}
///     %y = reciprocal %c
///
/// Likewise `softplus` as log(1 + exp(x)), `hard_sigmoid` as a clip to [0, 1] of an affine function, and
/// `leaky_relu` as the larger of x and a·x, or as a choice between them by x > 0. `hard_sigmoid` may differ from what it stands for in the last digit,
/// which nobody may read, see ``Readers``.
package let recognizeSigmoids = Pass(
  "recognize-sigmoids", "Recognizes sigmoid, softplus, hard_sigmoid and leaky_relu written out."
) { (context: inout PassContext) throws(Diagnostic) in
  var readers = Readers()
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    let result = graph.result(node)
    guard graph.type(of: result).element.isFloat, let (function, x) = recognize(node, in: graph),
      function.function != .hardSigmoid || readers.overlook(.lastDigit, of: result, in: graph)
    else { continue }
    try context.rewrite(
      node, as: .unary(function), [x], "recognized \(function.name) in \(graph.describe(node))")
  }
}

private func recognize(_ node: NodeID, in graph: Graph) -> (Unary, ValueID)? {
  let entry = graph[node]
  let operand = entry.operands[0]
  switch entry.op {
  case .unary(let op):
    guard graph.hasOneUse(operand) else { return nil }
    switch op.function {
    case .reciprocal:
      guard case (let x, -1.0, 0.0)? = onePlusExp(operand, in: graph) else { return nil }
      return (Unary(.sigmoid), x)
    case .log:
      guard case (let x, 1.0, 0.0)? = onePlusExp(operand, in: graph) else { return nil }
      return (Unary(.softplus), x)
    case .clip where op.p0 == 0 && op.p1 == 1:
      guard let (x, scale, offset) = graph.affine(operand) else { return nil }
      return (Unary(.hardSigmoid, scale, offset), x)
    case .affine: return clippedAffine(graph.result(node), in: graph)
    default: return nil
    }
  case .binary(let op) where op.function == .div: return clippedAffine(graph.result(node), in: graph)
  case .binary(let op) where op.function == .max:
    for (x, scaled) in graph.eitherOrder(graph.result(node), .max) {
      guard let slope = graph.slope(scaled, of: x), slope <= 1 else { continue }
      return (Unary(.leakyRelu, slope), x)
    }
    return nil
  case .select:
    guard let (x, isAbove) = graph.zeroComparison(operand) else { return nil }
    let (above, below) =
      isAbove ? (entry.operands[1], entry.operands[2]) : (entry.operands[2], entry.operands[1])
    guard above == x, graph.type(of: x) == graph.type(of: entry.results[0]),
      let slope = graph.slope(below, of: x)
    else { return nil }
    return (Unary(.leakyRelu, slope), x)
  default: return nil
  }
}

/// clip(x + 3, 0, 6) ÷ 6.
private func clippedAffine(_ value: ValueID, in graph: Graph) -> (Unary, ValueID)? {
  guard let (operand, factor, offset) = graph.affine(value), offset == 0, factor > 0,
    let (clipped, clip) = graph.unary(operand, .clip), graph.hasOneUse(operand), clip.p0 == 0,
    isClose(clip.p1 * factor, 1), graph.hasOneUse(clipped), let (x, scale, shift) = graph.affine(clipped)
  else { return nil }
  return (Unary(.hardSigmoid, scale * factor, shift * factor), x)
}

/// x, scale and offset of 1 + exp(scale × x + offset).
private func onePlusExp(_ value: ValueID, in graph: Graph) -> (ValueID, Double, Double)? {
  guard case (let exponential, 1.0, 1.0)? = graph.affine(value), graph.hasOneUse(exponential),
    let (argument, _) = graph.unary(exponential, .exp)
  else { return nil }
  if graph.hasOneUse(argument), let (x, scale, offset) = graph.affine(argument) { return (x, scale, offset) }
  return (argument, 1, 0)
}

extension Graph {
  /// a, when the value is a·x with a positive a.
  fileprivate func slope(_ value: ValueID, of x: ValueID) -> Double? {
    guard let (source, op) = unary(value, .affine), source == x, op.p0 > 0, op.p1 == 0 else { return nil }
    return op.p0
  }

  /// x, and whether the value is x > 0 and not x < 0; either may hold at 0.
  fileprivate func zeroComparison(_ value: ValueID) -> (x: ValueID, isAbove: Bool)? {
    guard let node = node(value), case .binary(let op) = node.op else { return nil }
    let isAbove: Bool
    switch op.function {
    case .greater, .greaterEqual: isAbove = true
    case .less, .lessEqual: isAbove = false
    default: return nil
    }
    let (a, b) = (node.operands[0], node.operands[1])
    if uniform(b) == 0 { return (a, isAbove) }
    return uniform(a) == 0 ? (b, !isAbove) : nil
  }
}
