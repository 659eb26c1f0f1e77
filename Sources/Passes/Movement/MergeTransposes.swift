import IR
import Tensors

/// Merges transposes of transposes; two that cancel disappear. A transpose that only moves axes of extent 1
/// becomes a reshape.
///
///     %a = transpose %x {permutation = [0, 2, 3, 1]}       ->      %y = relu %x
///     %b = transpose %a {permutation = [0, 3, 1, 2]}
///     %y = relu %b
package let mergeTransposes = Pass("merge-transposes", "Merges and cancels transposes; some become reshapes.")
{
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard case .transpose(let op) = graph[node].op else { continue }
    let x = graph[node].operands[0]
    let shape = graph.shape(of: x)
    if let inner = graph.producer(of: x), case .transpose(let first) = graph[inner].op {
      let permutation = op.permutation.map { first.permutation[$0] }
      let source = graph[inner].operands[0]
      let description = "merged \(graph.describe(inner)) into \(graph.describe(node))"
      if permutation == Array(permutation.indices) {
        try context.replace(node, with: source, description)
      } else {
        try context.rewrite(node, as: .transpose(Transpose(permutation)), [source], description)
      }
    } else if movesOnlyUnitAxes(op.permutation, shape) {
      try context.rewrite(
        node, as: .reshape(Reshape(op.permutation.map { shape[$0] })), [x],
        "turned \(graph.describe(node)) into a reshape")
    }
  }
}

private func movesOnlyUnitAxes(_ permutation: [Int], _ shape: Shape) -> Bool {
  let moved = permutation.filter { shape[$0] != 1 }
  return moved == moved.sorted()
}
