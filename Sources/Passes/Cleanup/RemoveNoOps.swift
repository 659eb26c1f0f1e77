import IR
import Tensors

/// Removes nodes that return an operand unchanged.
///
///     %a = transpose %x {permutation = [0, 1]}     ->      %y = relu %x
///     %b = mul %a, @one
///     %y = relu %b
///
/// Among them are `x + −0`, `x − 0`, `x × 1` and `x ÷ 1` with constants that do not broadcast x, slices and pads
/// of nothing, and resizing to the same size. `x + 0` makes −0 to 0 and goes where no reader can tell, see
/// ``Readers``. Reductions over axes of extent 1 become reshapes.
package let removeNoOps = Pass("remove-no-ops", "Removes nodes that return an operand unchanged.") {
  (context: inout PassContext) throws(Diagnostic) in
  var readers = Readers()
  for node in context.graph.order {
    let graph = context.graph
    let result = graph.result(node)
    if let (value, changes) = unchangedOperand(of: node, in: graph),
      graph.type(of: value) == graph.type(of: result), readers.overlook(changes, of: result, in: graph)
    {
      try context.replace(node, with: value, "removed \(graph.describe(node)), which changes nothing")
    } else if isReshapingReduction(node, in: graph) {
      let shape = graph.shape(of: result).extents
      try context.rewrite(
        node, as: .reshape(Reshape(shape)), graph[node].operands,
        "turned \(graph.describe(node)) over axes of extent 1 into a reshape")
    }
  }
}

/// The operand that equals the node's result, provided that the types agree too, and how it may differ after all.
private func unchangedOperand(of node: NodeID, in graph: Graph) -> (ValueID, Sensitivity)? {
  let entry = graph[node]
  switch entry.op {
  case .unary(let op) where op.function == .affine && op.p0 == 1 && op.p1 == 0:
    return (entry.operands[0], op.p1.sign == .minus ? [] : .signOfZero)
  case .binary(let op) where op.function == .add:
    for (x, zero) in [(entry.operands[0], entry.operands[1]), (entry.operands[1], entry.operands[0])]
    where graph.uniform(zero) == 0 { return (x, graph.holdsOnlyZeros(zero, .minus) ? [] : .signOfZero) }
    return nil
  case .binary(let op) where op.function == .sub:
    guard graph.uniform(entry.operands[1]) == 0 else { return nil }
    return (entry.operands[0], graph.holdsOnlyZeros(entry.operands[1], .plus) ? [] : .signOfZero)
  default: return identicalOperand(of: node, in: graph).map { ($0, []) }
  }
}

/// The operand that the node's result repeats bit by bit, provided that the types agree too.
private func identicalOperand(of node: NodeID, in graph: Graph) -> ValueID? {
  let entry = graph[node]
  let x = entry.operands[0]
  let shape = graph.shape(of: x)
  switch entry.op {
  case .unary(let op):
    switch op.function {
    case .identity: return x
    case .clip: return op.p0 == -.infinity && op.p1 == .infinity ? x : nil
    case .relu, .abs, .floor, .ceil, .round, .trunc, .sign:
      // Applying one of these twice is applying it once.
      guard let inner = graph.node(x), inner.op == entry.op else { return nil }
      return x
    default: return nil
    }
  case .binary(let op):
    let y = entry.operands[1]
    switch op.function {
    case .mul: return graph.uniform(y) == 1 ? x : graph.uniform(x) == 1 ? y : nil
    case .div, .pow: return graph.uniform(y) == 1 ? x : nil
    case .max, .min: return x == y ? x : nil
    default: return nil
    }
  case .select: return entry.operands[1] == entry.operands[2] ? entry.operands[1] : nil
  case .cast, .reshape, .expand: return x
  case .transpose(let op): return op.permutation == Array(shape.indices) ? x : nil
  case .concat:
    let full = entry.operands.filter { graph.shape(of: $0).elementCount > 0 }
    return full.count == 1 ? full[0] : nil
  case .slice(let op): return shape.indices.allSatisfy { op.starts[$0] == 0 && op.step($0) == 1 } ? x : nil
  case .pad(let op): return op.pads.allSatisfy { $0 == 0 } ? x : nil
  case .resize(let op):
    return op.scales.allSatisfy { $0 == 1 } && op.sizes == Array(shape.extents.dropFirst(2)) ? x : nil
  case .pool(let op):
    let identical = op.kernel.allSatisfy { $0 == 1 } && op.window.strides.allSatisfy { $0 == 1 }
    return identical && op.window.pads.allSatisfy { $0 == 0 } ? x : nil
  case .reduce(let op):
    switch op.kind {
    case .sum, .mean, .max, .min, .prod: return op.axes.isEmpty ? x : nil
    case .l1, .l2, .sumSquare, .logSum, .logSumExp: return nil
    }
  default: return nil
  }
}

private func isReshapingReduction(_ node: NodeID, in graph: Graph) -> Bool {
  guard case .reduce(let op) = graph[node].op else { return false }
  let shape = graph.shape(of: graph[node].operands[0])
  switch op.kind {
  case .sum, .mean, .max, .min, .prod: return op.axes.allSatisfy { shape[$0] == 1 }
  case .l1, .l2, .sumSquare, .logSum, .logSumExp: return false
  }
}
