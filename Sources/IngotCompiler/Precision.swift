import IR
package import Passes
import Tensors

/// Number formats a bundle is compiled to.
package enum Precision: String, CaseIterable, Sendable {
  /// Weights and activations in fp32.
  case fp32
  /// Weights in fp16, activations and arithmetic in fp32.
  case fp16
}

/// Stores the weights of matmul, conv and gather in fp16.
///
/// ```
/// %y = conv %x, @w          ->   %y = conv %x, @w       // @w: f16
/// %e = gather @table, %ids  ->   %g = gather @table, %ids; %e = cast %g {to = f32}
/// ```
/// Kernels widen fp16 operands to fp32 as they load them. A weight that holds a finite value beyond fp16's range stays fp32, as does one that is
/// read by any other op. Values below fp16's range become 0, which is within the format's own error.
package let storeWeightsInHalf = Pass(
  "store-weights-in-half", "Stores the weights of conv, matmul and gather in fp16."
) { (context: inout PassContext) throws(Diagnostic) in
  for value in context.graph.weights {
    guard let tensor = context.graph.constant(value), tensor.element == .f32, tensor.elementCount >= 64 else {
      continue
    }
    let users = Set(context.graph.users(of: value)).sorted()
    guard !users.isEmpty, !context.graph.isOutput(value),
      users.allSatisfy({ readsInHalf(context.graph[$0], value) }),
      tensor.floats.allSatisfy({ !$0.isFinite || abs($0) <= 65504 })
    else { continue }
    let half = context.addWeight(context.graph[value].name + ".fp16", tensor.converted(to: .f16))
    for user in users { try replace(value, by: half, in: user, &context) }
    context.removeWeight(value, "removed the fp32 copy of '\(context.graph[value].name)'")
  }
}

/// Whether a node's kernel widens this operand as it loads it, or can be followed by a cast.
private func readsInHalf(_ node: Node, _ value: ValueID) -> Bool {
  switch node.op {
  case .conv, .convTranspose, .matmul:
    return node.operands.count >= 2 && node.operands[1] == value && node.operands[0] != value
      && !node.operands.dropFirst(2).contains(value)
  case .gather: return node.operands[0] == value
  default: return false
  }
}

private func replace(
  _ value: ValueID, by half: ValueID, in user: NodeID, _ context: inout PassContext
) throws(Diagnostic) {
  let node = context.graph[user]
  let operands = node.operands.map { $0 == value ? half : $0 }
  let description = "stores '\(context.graph[value].name)' in fp16"
  guard case .gather = node.op else {
    try context.rewrite(user, as: node.op, operands, description)
    return
  }
  let gathered = try context.insert(node.op, operands, before: user)
  try context.rewrite(user, as: .cast(Cast(.f32)), [gathered], description)
}
