import IR
import Tensors

/// Merges transposes of transposes; two that cancel disappear. A transpose that only moves axes of extent 1
/// becomes a reshape, and a reshape that only adds or drops such axes is done before a transpose: the transposes on
/// both sides of it then meet.
///
///     %a = transpose %x {permutation = [0, 2, 3, 1]}       ->      %y = relu %x
///     %b = transpose %a {permutation = [0, 3, 1, 2]}
///     %y = relu %b
package let mergeTransposes = Pass("merge-transposes", "Merges and cancels transposes; some become reshapes.")
{
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    if case .reshape(let op) = graph[node].op { try reshapeFirst(node, op, in: &context) }
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

/// reshape(transpose(x)) = transpose(reshape(x)) where the reshape keeps all axes but those of extent 1.
private func reshapeFirst(
  _ node: NodeID, _ reshape: Reshape, in context: inout PassContext
) throws(Diagnostic) {
  let graph = context.graph
  let x = graph[node].operands[0]
  guard graph.hasOneUse(x), let producer = graph.producer(of: x), case .transpose(let op) = graph[producer].op
  else { return }
  let source = graph[producer].operands[0]
  let shape = graph.shape(of: source)
  let result = graph.shape(of: graph.result(node)).extents
  // The axes of x that matter, in the transposed order; they must be those of the result.
  let kept = op.permutation.filter { shape[$0] != 1 }
  guard kept.map({ shape[$0] }) == result.filter({ $0 != 1 }), !kept.isEmpty else { return }
  let inOrder = kept.sorted()
  // Axes of extent 1 stay in front, so that every axis of the result has one place in the reshaped x.
  let units = result.count - kept.count
  var nextUnit = 0
  var nextKept = kept.makeIterator()
  let permutation = result.map { extent in
    if extent != 1, let axis = nextKept.next() { return units + inOrder.count { $0 < axis } }
    defer { nextUnit += 1 }
    return nextUnit
  }
  let extents = [Int](repeating: 1, count: units) + inOrder.map { shape[$0] }
  let value = try context.insert(.reshape(Reshape(extents)), [source], before: node)
  try context.rewrite(
    node, as: .transpose(Transpose(permutation)), [value],
    "moved \(graph.describe(node)) past \(graph.describe(producer))")
}

private func movesOnlyUnitAxes(_ permutation: [Int], _ shape: Shape) -> Bool {
  let moved = permutation.filter { shape[$0] != 1 }
  return moved == moved.sorted()
}
