import IR
import Tensors

/// Writes arithmetic with a constant number as one function of one operand, so that later passes meet one
/// form only.
///
///     %a = div %x, @two                            ->      %b = affine %x {scale = 0.5, offset = 1.0}
///     %b = add %a, @one
///
/// Also `max`/`min` with a number become `clip`; nested clips, powers 2, 0.5, -1 and -0.5, 1 ÷ x and 1 ÷ √x
/// get their own forms. Division becomes multiplication by the reciprocal, which may round differently by
/// one unit in the last place; a single number is divided as it stands, as that costs nothing and may be the
/// scale by which everything else is rounded to integers.
package let simplifyArithmetic = Pass(
  "simplify-arithmetic", "Writes arithmetic with numbers as affine and clip."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard graph.type(of: graph.result(node)).element.isFloat, let (op, operands) = simpler(node, in: graph)
    else { continue }
    let types = try? op.infer(operands.map { graph.type(of: $0) })
    guard types == [graph.type(of: graph.result(node))] else { continue }
    try context.rewrite(node, as: op, operands, "wrote \(graph.describe(node)) as \(op.name)")
  }
}

private func simpler(_ node: NodeID, in graph: Graph) -> (Op, [ValueID])? {
  let entry = graph[node]
  switch entry.op {
  case .binary(let op):
    if op.function == .div, graph.shape(of: entry.results[0]).elementCount == 1,
      let divisor = graph.scalar(entry.operands[1]), divisor.significand != 1
    {
      return nil
    }
    return simplerBinary(op.function, entry.operands[0], entry.operands[1], in: graph)
  case .unary(let op): return simplerUnary(op, entry.operands[0], in: graph)
  default: return nil
  }
}

private func simplerBinary(
  _ function: BinaryFunction, _ x: ValueID, _ y: ValueID, in graph: Graph
) -> (Op, [ValueID])? {
  func affine(_ operand: ValueID, _ scale: Double, _ offset: Double) -> (Op, [ValueID])? {
    guard scale.isFinite, offset.isFinite else { return nil }
    return (.unary(Unary(.affine, scale, offset)), [operand])
  }
  let (a, b) = (graph.scalar(x), graph.scalar(y))
  switch (function, a, b) {
  case (.add, nil, let b?): return affine(x, 1, b)
  case (.add, let a?, nil): return affine(y, 1, a)
  case (.add, nil, nil) where x == y: return affine(x, 2, 0)
  case (.sub, nil, let b?): return affine(x, 1, -b)
  case (.sub, let a?, nil): return affine(y, -1, a)
  case (.mul, nil, let b?): return affine(x, b, 0)
  case (.mul, let a?, nil): return affine(y, a, 0)
  case (.div, nil, let b?) where b != 0: return affine(x, 1 / b, 0)
  case (.div, 1.0, nil): return (.unary(Unary(.reciprocal)), [y])
  case (.max, nil, let b?): return (.unary(Unary(.clip, b, .infinity)), [x])
  case (.max, let a?, nil): return (.unary(Unary(.clip, a, .infinity)), [y])
  case (.min, nil, let b?): return (.unary(Unary(.clip, -.infinity, b)), [x])
  case (.min, let a?, nil): return (.unary(Unary(.clip, -.infinity, a)), [y])
  case (.pow, nil, 2.0): return (.binary(Binary(.mul)), [x, x])
  case (.pow, nil, 0.5): return (.unary(Unary(.sqrt)), [x])
  case (.pow, nil, -0.5): return (.unary(Unary(.rsqrt)), [x])
  case (.pow, nil, -1.0): return (.unary(Unary(.reciprocal)), [x])
  case (.prelu, nil, let b?): return (.unary(Unary(.leakyRelu, b)), [x])
  default: return nil
  }
}

private func simplerUnary(_ op: Unary, _ x: ValueID, in graph: Graph) -> (Op, [ValueID])? {
  let inner = graph.hasOneUse(x)
  switch op.function {
  case .affine:
    guard inner, let (operand, scale, offset) = graph.affine(x) else { return nil }
    return (.unary(Unary(.affine, op.p0 * scale, op.p0 * offset + op.p1)), [operand])
  case .neg:
    guard inner, let (operand, scale, offset) = graph.affine(x) else { return nil }
    return (.unary(Unary(.affine, -scale, -offset)), [operand])
  case .clip:
    if op.p0 == 0, op.p1 == .infinity { return (.unary(Unary(.relu)), [x]) }
    if inner, let (operand, low, high) = bounds(x, in: graph), low <= high, op.p0 <= op.p1 {
      func clamp(_ bound: Double) -> Double { min(max(bound, op.p0), op.p1) }
      return (.unary(Unary(.clip, clamp(low), clamp(high))), [operand])
    }
    return nil
  case .relu:
    guard inner, let (operand, low, high) = bounds(x, in: graph), low <= high else { return nil }
    return (.unary(Unary(.clip, max(low, 0), max(high, 0))), [operand])
  case .reciprocal:
    guard inner, let (operand, _) = graph.unary(x, .sqrt) else { return nil }
    return (.unary(Unary(.rsqrt)), [operand])
  default: return nil
  }
}

/// The operand and the bounds of a clip or relu.
private func bounds(_ value: ValueID, in graph: Graph) -> (operand: ValueID, low: Double, high: Double)? {
  if let (operand, op) = graph.unary(value, .clip) { return (operand, op.p0, op.p1) }
  if let (operand, _) = graph.unary(value, .relu) { return (operand, 0, .infinity) }
  return nil
}
