import IR
import Tensors

/// Reads an operand of a matmul transposed in place of transposing it first.
///
///     %t = transpose %k {permutation = [0, 1, 3, 2]}       ->      %y = matmul %q, %k {transpose_b = true}
///     %y = matmul %q, %t
///
/// Only a transpose of the last two axes is one that matmul can read.
package let foldTransposesIntoMatMul = Pass(
  "fold-transposes-into-matmul", "Folds transposes into the flags of matmul."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard case .matmul(var op) = graph[node].op else { continue }
    var operands = graph[node].operands
    var names: [String] = []
    for index in 0..<2 {
      guard let producer = graph.producer(of: operands[index]),
        case .transpose(let transpose) = graph[producer].op,
        swapsLastTwo(transpose.permutation)
      else { continue }
      operands[index] = graph[producer].operands[0]
      if index == 0 { op.transposeA.toggle() } else { op.transposeB.toggle() }
      names.append(graph.describe(producer))
    }
    guard !names.isEmpty else { continue }
    let description = "folded \(names.joined(separator: " and ")) into \(graph.describe(node))"
    try context.rewrite(node, as: .matmul(op), operands, description)
  }
}

private func swapsLastTwo(_ permutation: [Int]) -> Bool {
  let rank = permutation.count
  guard rank >= 2 else { return false }
  return permutation == Array(0..<(rank - 2)) + [rank - 1, rank - 2]
}
