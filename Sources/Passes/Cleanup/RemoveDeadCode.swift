import IR
import Tensors

/// Removes nodes and weights that no output depends on.
///
///     %y = exp %x                     ->      %z = relu %x
///     %z = relu %x                            return %z
///     return %z
package let removeDeadCode = Pass("remove-dead-code", "Removes nodes and weights that no output depends on.")
{
  (context: inout PassContext) throws(Diagnostic) in
  let graph = context.graph
  var live = [Bool](repeating: false, count: graph.valueCapacity)
  for output in graph.outputs { live[output.value.index] = true }
  var dead: Set<NodeID> = []
  for node in graph.order.reversed() {
    if graph[node].results.contains(where: { live[$0.index] }) {
      for operand in graph[node].operands { live[operand.index] = true }
    } else {
      dead.insert(node)
    }
  }
  context.remove(dead, "removed \(dead.count) nodes that no output depends on")
  for weight in context.graph.weights where context.graph.isUnread(weight) {
    context.removeWeight(weight, "removed weight '\(graph[weight].name)', which nobody reads")
  }
}
