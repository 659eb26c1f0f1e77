import IR
import Tensors

/// Merges a concat into the concat along the same axis that is its only reader.
///
///     %a = concat %x, %y {axis = 1}                ->      %b = concat %x, %y, %z {axis = 1}
///     %b = concat %a, %z {axis = 1}
package let mergeConcats = Pass("merge-concats", "Merges concats of concats along one axis.") {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard case .concat(let op) = graph[node].op else { continue }
    let rank = graph.shape(of: graph.result(node)).rank
    var operands: [ValueID] = []
    var merged: [String] = []
    for operand in graph[node].operands {
      if graph.hasOneUse(operand), let producer = graph.producer(of: operand),
        case .concat(let inner) = graph[producer].op, (inner.axis - op.axis) % rank == 0
      {
        operands += graph[producer].operands
        merged.append(graph.describe(producer))
      } else {
        operands.append(operand)
      }
    }
    guard !merged.isEmpty, operands.count <= Concat.operandLimit else { continue }
    try context.rewrite(
      node, as: .concat(op), operands,
      "merged \(merged.joined(separator: " and ")) into \(graph.describe(node))")
  }
}
