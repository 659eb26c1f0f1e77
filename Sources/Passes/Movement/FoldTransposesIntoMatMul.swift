import IR
import Tensors

/// Reads an operand of a matmul transposed in place of transposing it first, and computes the transpose of
/// a product as the product of the transposes in the other order.
///
///     %t = transpose %k {permutation = [0, 2, 1]}          ->      %y = matmul %q, %k {transpose_b = true}
///     %y = matmul %q, %t
///
///     %p = matmul %q, %k {transpose_b = true}              ->      %y = matmul %k, %q {transpose_b = true}
///     %y = transpose %p {permutation = [0, 2, 1]}
///
/// Only a transpose of the last two axes is one that matmul can take. Where a transpose moves the innermost axis
/// to the one before, matmul takes that much of it: what is left copies whole rows.
///
///     %t = transpose %k {permutation = [0, 2, 3, 1]}       ->      %t = transpose %k {permutation = [0, 2, 1, 3]}
///     %y = matmul %q, %t                                           %y = matmul %q, %t {transpose_b = true}
package let foldTransposesIntoMatMul = Pass(
  "fold-transposes-into-matmul", "Folds transposes into the flags of matmul."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    switch context.graph[node].op {
    case .matmul(let op): try foldOperands(of: node, op, in: &context)
    case .transpose(let op) where swapsLastTwo(op.permutation): try foldIntoProduct(node, in: &context)
    default: continue
    }
  }
}

private func foldOperands(of node: NodeID, _ matmul: MatMul, in context: inout PassContext) throws(Diagnostic)
{
  let graph = context.graph
  var op = matmul
  var operands = graph[node].operands
  var names: [String] = []
  for index in 0..<2 {
    guard let producer = graph.producer(of: operands[index]),
      case .transpose(let transpose) = graph[producer].op
    else { continue }
    let source = graph[producer].operands[0]
    let permutation = transpose.permutation
    let rank = permutation.count
    if swapsLastTwo(permutation) {
      operands[index] = source
    } else if rank >= 2, permutation[rank - 2] == rank - 1, graph.hasOneUse(operands[index]) {
      let rows = Array(permutation.dropLast(2)) + [permutation[rank - 1], rank - 1]
      operands[index] = try context.insert(
        .transpose(Transpose(rows)), [source], before: node, named: producer)
    } else {
      continue
    }
    if index == 0 { op.transposeA.toggle() } else { op.transposeB.toggle() }
    names.append(graph.describe(producer))
  }
  guard !names.isEmpty else { return }
  let description = "folded \(names.joined(separator: " and ")) into \(graph.describe(node))"
  try context.rewrite(node, as: .matmul(op), operands, description)
}

/// (A·B)ᵀ = Bᵀ·Aᵀ
private func foldIntoProduct(_ node: NodeID, in context: inout PassContext) throws(Diagnostic) {
  let graph = context.graph
  let product = graph[node].operands[0]
  guard let producer = graph.producer(of: product), graph.hasOneUse(product),
    case .matmul(let op) = graph[producer].op
  else { return }
  let (a, b) = (graph[producer].operands[0], graph[producer].operands[1])
  // The product has the element type of its first operand.
  guard graph.type(of: a).element == graph.type(of: b).element else { return }
  var operands = [b, a]
  if graph[producer].operands.count == 3 {
    let bias = graph[producer].operands[2]
    guard let tensor = graph.constant(bias) else { return }
    let count = tensor.elementCount
    let shape: Shape = tensor.shape.rank == 1 ? [count, 1] : [count]
    operands.append(context.addWeight(foldedFrom: bias, tensor.reshaped(shape)))
  }
  let swapped = MatMul(transposeA: !op.transposeB, transposeB: !op.transposeA, activation: op.activation)
  try context.rewrite(
    node, as: .matmul(swapped), operands, named: producer,
    "folded \(graph.describe(node)) into \(graph.describe(producer))")
}

private func swapsLastTwo(_ permutation: [Int]) -> Bool {
  let rank = permutation.count
  guard rank >= 2 else { return false }
  return permutation == Array(0..<(rank - 2)) + [rank - 1, rank - 2]
}
