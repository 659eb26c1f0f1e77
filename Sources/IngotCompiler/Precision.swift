import IR
package import Passes
import Tensors

/// Number formats a bundle is compiled to.
public enum Precision: String, CaseIterable, Sendable {
  /// Weights and activations in fp32.
  case fp32
  /// Weights in fp16, activations and arithmetic in fp32.
  case fp16
  /// Weights and what products read in 8-bit integers.
  case int8
  /// Weights in 8-bit integers, one scale for each output; activations and arithmetic in fp32.
  case int8Weights = "int8-weights"
  /// Weights of products and tables in 4-bit integers, in groups with a scale and a zero point each, others in 8-bit ones;
  /// activations and arithmetic in fp32.
  case int4

  /// What an output of a bundle may be off by from the model in its own precision, relative to the output's largest
  /// value: what rounding of weights and order of sums do to trained networks.
  package var tolerance: Double {
    switch self {
    case .fp32: 1e-4
    case .fp16: 2e-2
    case .int8: 0.25
    case .int8Weights: 0.1
    case .int4: 0.5
    }
  }
}

/// Stores the weights of matmul, conv, recurrent and gather in fp16.
///
/// ```
/// %y = conv %x, @w          ->   %y = conv %x, @w       // @w: f16
/// %e = gather @table, %ids  ->   %g = gather @table, %ids; %e = cast %g {to = f32}
/// ```
/// Kernels widen fp16 operands to fp32 as they load them. A weight that holds a finite value beyond fp16's
/// range stays fp32, as does one that is read by any other op. Values below fp16's range become 0, which is
/// within the format's own error.
package let storeWeightsInHalf = Pass(
  "store-weights-in-half", "Stores the weights of conv, matmul and gather in fp16."
) { (context: inout PassContext) throws(Diagnostic) in
  for value in context.graph.weights {
    guard let tensor = context.graph.constant(value), tensor.element == .f32, tensor.elementCount >= 64 else {
      continue
    }
    let users = Set(context.graph.users(of: value)).sorted()
    guard !users.isEmpty, !context.graph.isOutput(value),
      users.allSatisfy({ readsInHalf(context.graph[$0], value) })
    else { continue }
    let half = tensor.converted(to: .f16)
    guard isWithinHalf(tensor, half) else { continue }
    tensor.evict()
    let name = context.graph[value].name
    context.setWeight(value, to: half, "stores '\(name)' in fp16")
    for user in users { try castResult(of: user, &context) }
  }
}

/// Whether no finite value became infinite.
private func isWithinHalf(_ tensor: Tensor, _ half: Tensor) -> Bool {
  tensor.withBytes { full in
    half.withBytes { halves in
      let (full, halves) = (full.bindMemory(to: Float.self), halves.bindMemory(to: Float16.self))
      return full.indices.allSatisfy { halves[$0].isFinite || !full[$0].isFinite }
    }
  }
}

/// Whether a node's kernel widens this operand as it loads it, or can be followed by a cast.
private func readsInHalf(_ node: Node, _ value: ValueID) -> Bool {
  switch node.op {
  case .conv, .convTranspose, .matmul, .recurrent:
    return node.operands.count >= 2 && node.operands[1] == value && node.operands[0] != value
      && !node.operands.dropFirst(2).contains(value)
  case .gather: return node.operands[0] == value
  default: return false
  }
}

/// A gather's result has its table's type, so that a cast follows.
private func castResult(of user: NodeID, _ context: inout PassContext) throws(Diagnostic) {
  let node = context.graph[user]
  guard case .gather = node.op else { return }
  let gathered = try context.insert(node.op, node.operands, before: user)
  try context.rewrite(user, as: .cast(Cast(.f32)), [gathered], "casts what is gathered from fp16")
}
