import IR
import Tensors

/// Recognizes x times a gate of x.
///
///     %a = sigmoid %x                              ->      %y = silu %x
///     %y = mul %x, %a
///
/// `silu` with any beta inside the sigmoid, `hard_swish` from hard_sigmoid(x, 1/6, 1/2) or clip(x + 3, 0, 6)
/// ÷ 6, and `mish` from tanh(softplus(x)).
package let recognizeGates = Pass(
  "recognize-gates", "Recognizes silu, hard_swish and mish as x times a gate of x."
) {
  (context: inout PassContext) throws(Diagnostic) in
  var readers = Readers()
  for node in context.graph.order.reversed() where context.graph.contains(node) {
    let graph = context.graph
    let root = graph.result(node)
    guard graph.type(of: root).element.isFloat else { continue }
    if let (function, x) = quotient(root, in: graph) {
      try context.rewrite(
        node, as: .unary(function), [x], "recognized \(function.name) in \(graph.describe(node))")
      continue
    }
    switch graph[node].op {
    case .binary(let op) where op.function == .mul || op.function == .div: break
    case .unary(let op) where op.function == .affine: break
    default: continue
    }
    let (scale, factors) = graph.product(root)
    guard factors.count == 2 else { continue }
    for (x, gate) in [(factors[0], factors[1]), (factors[1], factors[0])] {
      guard graph.hasOneUse(gate), let function = gated(x, gate, scale, in: graph),
        graph.type(of: x) == graph.type(of: root),
        function.function != .hardSwish || readers.overlook(.lastDigit, of: root, in: graph)
      else { continue }
      try context.rewrite(
        node, as: .unary(function), [x], "recognized \(function.name) in \(graph.describe(node))")
      break
    }
  }
}

/// x ÷ (1 + exp(−x)).
private func quotient(_ root: ValueID, in graph: Graph) -> (Unary, ValueID)? {
  guard let (x, divisor) = graph.binary(root, .div), graph.hasOneUse(divisor),
    case (let exponential, 1.0, 1.0)? = graph.affine(divisor), graph.hasOneUse(exponential),
    let (argument, _) = graph.unary(exponential, .exp),
    case (let source, let scale, 0.0)? = graph.affine(argument), source == x
  else { return nil }
  return (Unary(.silu, -scale), x)
}

private func gated(_ x: ValueID, _ gate: ValueID, _ scale: Double, in graph: Graph) -> Unary? {
  guard let node = graph.node(gate), case .unary(let op) = node.op else { return nil }
  let operand = node.operands[0]
  switch op.function {
  case .sigmoid where scale == 1:
    if operand == x { return Unary(.silu) }
    guard case (let source, let beta, 0.0)? = graph.affine(operand), source == x else { return nil }
    return Unary(.silu, beta)
  case .hardSigmoid where scale == 1:
    return operand == x && isClose(op.p0, 1.0 / 6) && isClose(op.p1, 0.5) ? Unary(.hardSwish) : nil
  case .clip:
    guard op.p0 == 0, op.p1 == 6, isClose(scale, 1.0 / 6),
      case (let source, 1.0, 3.0)? = graph.affine(operand), source == x
    else { return nil }
    return Unary(.hardSwish)
  case .tanh where scale == 1:
    guard let (source, _) = graph.unary(operand, .softplus), source == x else { return nil }
    return Unary(.mish)
  default: return nil
  }
}
