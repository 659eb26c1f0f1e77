package import Tensors

/// Runs a graph by the definitions of its ops and returns its outputs in order.
///
/// `inputs` stand in the order of the graph's inputs. Every weight that is read must be bound. A value is released
/// after its last reader. `observe` is called after each node, in execution order, with the node's results.
package func evaluate(
  _ graph: Graph, _ inputs: [Tensor], observe: (NodeID, [Tensor]) throws(Diagnostic) -> Void = { _, _ in }
) throws(Diagnostic) -> [Tensor] {
  var values = [Tensor?](repeating: nil, count: graph.valueCapacity)
  try bind(inputs, to: graph, &values)
  var readersLeft = [Int](repeating: 0, count: graph.valueCapacity)
  for id in graph.order {
    for operand in graph[id].operands { readersLeft[operand.index] += 1 }
  }
  for output in graph.outputs { readersLeft[output.value.index] += 1 }

  for id in graph.order {
    let node = graph[id]
    var operands: [Tensor] = []
    for operand in node.operands { operands.append(try read(operand, of: graph, values, for: node)) }
    let results: [Tensor]
    do {
      results = try node.op.evaluate(operands)
    } catch {
      throw located(error, node)
    }
    for (result, tensor) in zip(node.results, results) {
      let type = graph.type(of: result)
      guard tensor.element == type.element, tensor.shape == type.shape else {
        let found = TensorType(tensor.element, tensor.shape)
        throw located(
          OpError("gives \(found), but the graph says \(type)", advice: "infer types again"), node)
      }
      if readersLeft[result.index] > 0 { values[result.index] = tensor }
    }
    try observe(id, results)
    for operand in node.operands {
      readersLeft[operand.index] -= 1
      if readersLeft[operand.index] == 0 { values[operand.index] = nil }
    }
  }

  var outputs: [Tensor] = []
  for output in graph.outputs { outputs.append(try read(output.value, of: graph, values, for: nil)) }
  return outputs
}

private func bind(_ inputs: [Tensor], to graph: Graph, _ values: inout [Tensor?]) throws(Diagnostic) {
  guard inputs.count == graph.inputs.count else {
    let expected = graph.inputs.map { "'\($0.name)': \(graph.type(of: $0.value))" }.joined(separator: ", ")
    throw Diagnostic(
      "graph '\(graph.name)' was given \(inputs.count) inputs, expected \(graph.inputs.count)",
      advice: expected.isEmpty ? "" : "give \(expected)")
  }
  for (port, tensor) in zip(graph.inputs, inputs) {
    let type = graph.type(of: port.value)
    guard tensor.element == type.element, tensor.shape == type.shape else {
      throw Diagnostic(
        "input '\(port.name)' of graph '\(graph.name)' is \(TensorType(tensor.element, tensor.shape)), expected \(type)"
      )
    }
    values[port.value.index] = tensor
  }
}

private func read(_ value: ValueID, of graph: Graph, _ values: [Tensor?], for node: Node?) throws(Diagnostic)
  -> Tensor
{
  if let tensor = values[value.index] { return tensor }
  if let weight = graph.weight(value) {
    if let tensor = weight.tensor { return tensor }
    throw Diagnostic(
      "weight '\(weight.name)', \(graph.type(of: value)), has no contents", at: node?.location ?? .unknown,
      op: node?.op.name ?? "", advice: "bind a checkpoint that holds it")
  }
  throw Diagnostic(
    "value '\(graph[value].name)' of graph '\(graph.name)' is read before it is defined",
    at: node?.location ?? .unknown,
    op: node?.op.name ?? "", advice: "verify the graph")
}

private func located(_ error: OpError, _ node: Node) -> Diagnostic {
  var diagnostic = error.located(at: node.location, op: node.op.name)
  if !node.name.isEmpty { diagnostic.notes.append("in node '\(node.name)'") }
  return diagnostic
}
