import IR
import Tensors

/// Recognizes GELU written out with erf, or with tanh, in the orders that exporters use.
///
///     %a = affine %x {scale = 0.70710678}          ->      %y = gelu %x
///     %b = erf %a
///     %c = affine %b {offset = 1.0}
///     %d = mul %x, %c
///     %y = affine %d {scale = 0.5}
///
/// Works on arithmetic in the form that `simplify-arithmetic` leaves.
package let recognizeGELU = Pass("recognize-gelu", "Recognizes GELU written out with erf or tanh.") {
  (context: inout PassContext) throws(Diagnostic) in
  // Backwards, so that a scaling at the root is seen before the product below it.
  for node in context.graph.order.reversed() where context.graph.contains(node) {
    let graph = context.graph
    switch graph[node].op {
    case .binary(let op) where op.function == .mul || op.function == .div: break
    case .unary(let op) where op.function == .affine: break
    default: continue
    }
    let (scale, factors) = graph.product(graph.result(node))
    guard factors.count == 2 else { continue }
    let found =
      gelu(of: factors[0], times: factors[1], scale, in: graph)
      ?? gelu(of: factors[1], times: factors[0], scale, in: graph)
    guard let (x, function) = found, graph.type(of: x) == graph.type(of: graph.result(node)) else { continue }
    try context.rewrite(
      node, as: .unary(Unary(function)), [x], "recognized \(function.rawValue) in \(graph.describe(node))")
  }
}

/// x × gate × scale, when that is a GELU of x.
private func gelu(
  of x: ValueID, times gate: ValueID, _ scale: Double, in graph: Graph
) -> (x: ValueID, UnaryFunction)? {
  // The gate is half of 1 + erf or 1 + tanh, wherever the half was multiplied in.
  guard graph.hasOneUse(gate), let (inner, slope, offset) = graph.affine(gate), isClose(slope * scale, 0.5),
    isClose(offset * scale, 0.5)
  else { return nil }
  if let (argument, _) = graph.unary(inner, .erf), let terms = graph.polynomial(argument, in: x),
    isClose(terms, [0, 0.5.squareRoot(), 0, 0])
  {
    return (x, .gelu)
  }
  let slopeOfTanh = (2 / Double.pi).squareRoot()
  if let (argument, _) = graph.unary(inner, .tanh), let terms = graph.polynomial(argument, in: x),
    isClose(terms, [0, slopeOfTanh, 0, slopeOfTanh * 0.044715])
  {
    return (x, .geluTanh)
  }
  return nil
}
