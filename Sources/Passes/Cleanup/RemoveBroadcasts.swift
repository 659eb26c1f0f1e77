import IR
import Tensors

/// Lets ops that broadcast by themselves read the operand of an `expand`.
///
///     %a = expand %b {shape = [1, 4, 8, 8]}        ->      %y = add %x, %b
///     %y = add %x, %a
package let removeBroadcasts = Pass(
  "remove-broadcasts", "Drops expands before ops that broadcast by themselves."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    for index in context.graph[node].operands.indices {
      let graph = context.graph
      let entry = graph[node]
      switch entry.op {
      case .binary, .select: break
      case .matmul where index < 2: break
      default: continue
      }
      guard let producer = graph.producer(of: entry.operands[index]), case .expand = graph[producer].op else {
        continue
      }
      var operands = entry.operands
      operands[index] = graph[producer].operands[0]
      let types = try? entry.op.infer(operands.map { graph.type(of: $0) })
      guard types == [graph.type(of: graph.result(node))] else { continue }
      let description = "let \(graph.describe(node)) broadcast in place of \(graph.describe(producer))"
      context.setOperand(index, of: node, to: operands[index], description)
    }
  }
}
