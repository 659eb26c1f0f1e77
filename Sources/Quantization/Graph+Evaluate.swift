import IR
import Tensors

extension Graph {
  /// The results of one node.
  func evaluate(
    _ node: NodeID, _ operands: [Tensor], functions: [Graph]
  ) throws(Diagnostic) -> [Tensor] {
    let entry = self[node]
    guard entry.op.callee == nil else {
      return try evaluate(calling: node, operands, functions: functions)
    }
    do {
      return try entry.op.evaluate(operands)
    } catch {
      throw error.located(at: entry.location, op: entry.op.name)
    }
  }

  /// The results of a node that runs a function: those of a graph of this node alone.
  private func evaluate(
    calling node: NodeID, _ operands: [Tensor], functions: [Graph]
  ) throws(Diagnostic) -> [Tensor] {
    let entry = self[node]
    var alone = Graph(name: name)
    let inputs = entry.operands.map { alone.addInput("", type(of: $0)) }
    for result in try alone.add(entry.op, inputs, name: entry.name, at: entry.location) {
      alone.addOutput("", result)
    }
    return try IR.evaluate(alone, operands, functions: functions)
  }
}
