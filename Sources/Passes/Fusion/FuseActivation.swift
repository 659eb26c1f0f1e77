import IR
import Tensors

/// Lets a conv, conv_transpose or matmul apply the function of one operand that is the only reader of its
/// result, where the target has the two as one.
///
///     %a = conv %x, @w, @b                         ->      %y = conv %x, @w, @b {activation = relu}
///     %y = relu %a
package let fuseActivation = Pass(
  "fuse-activation", "Fuses functions of one operand into conv and matmul before them."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard case .unary(let function) = graph[node].op, !function.function.isPredicate,
      graph.hasOneUse(graph[node].operands[0]), let producer = graph.producer(of: graph[node].operands[0])
    else { continue }
    let fused: Op
    switch graph[producer].op {
    case .conv(var op) where op.activation == nil:
      op.activation = function
      fused = .conv(op)
    case .convTranspose(var op) where op.activation == nil:
      op.activation = function
      fused = .convTranspose(op)
    case .matmul(var op) where op.activation == nil:
      op.activation = function
      fused = .matmul(op)
    default: continue
    }
    let candidate = FusionRules.Candidate(
      host: producer, guests: [node], op: fused, operands: graph[producer].operands)
    guard context.fusion.allows(candidate, graph) else { continue }
    try context.rewrite(
      node, as: fused, graph[producer].operands, named: producer,
      "fused \(graph.describe(node)) into \(graph.describe(producer))")
  }
}
