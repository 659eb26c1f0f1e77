import IR
import Tensors

/// Merges reshapes of reshapes.
///
///     %a = reshape %x {shape = [8, 9]}             ->      %b = reshape %x {shape = [2, 36]}
///     %b = reshape %a {shape = [2, 36]}
package let mergeReshapes = Pass("merge-reshapes", "Merges reshapes of reshapes.") {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard case .reshape(let op) = graph[node].op else { continue }
    let x = graph[node].operands[0]
    guard let producer = graph.producer(of: x), case .reshape = graph[producer].op else { continue }
    let source = graph[producer].operands[0]
    let description = "merged \(graph.describe(producer)) into \(graph.describe(node))"
    if graph.shape(of: source).extents == op.shape {
      try context.replace(node, with: source, description)
    } else {
      try context.rewrite(node, as: .reshape(op), [source], description)
    }
  }
}
