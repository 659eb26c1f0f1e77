package import Tensors

/// Runs a graph by the definitions of its ops and returns its outputs in order.
///
/// `inputs` stand in the order of the graph's inputs. Every weight that is read must be bound. A value is released
/// after its last reader. `functions` are those that its nodes run.
///
/// `observe` is called after every node, in the order of execution, at every depth: nodes of a function come, with the
/// calls and loops around them, before the node that runs it, as often as it is run. `enter` is called before each
/// run of a function.
package func evaluate(
  _ graph: Graph, _ inputs: [Tensor], functions: [Graph] = [],
  observe: (EvaluatedNode) throws(Diagnostic) -> Void = { _ in },
  enter: (EvaluatedFunction) throws(Diagnostic) -> Void = { _ in }
) throws(Diagnostic) -> [Tensor] {
  try withoutActuallyEscaping(enter) { (enter) throws(Diagnostic) in
    try withoutActuallyEscaping(observe) { (observe) throws(Diagnostic) in
      try Evaluation(functions: functions, enter: enter, observe: observe).run(graph, inputs, path: [])
    }
  }
}

/// Runs a function of a module; see ``evaluate(_:_:functions:observe:enter:)``.
package func evaluate(
  _ module: Module, function: Int = 0, _ inputs: [Tensor]
) throws(Diagnostic) -> [Tensor] {
  try evaluate(module.functions[function], inputs, functions: module.functions)
}

/// What stays the same at every depth of an evaluation.
private struct Evaluation {
  let functions: [Graph]
  let enter: (EvaluatedFunction) throws(Diagnostic) -> Void
  let observe: (EvaluatedNode) throws(Diagnostic) -> Void

  func run(_ graph: Graph, _ inputs: [Tensor], path: [EvaluationCall]) throws(Diagnostic) -> [Tensor] {
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
      let results = try run(id, of: graph, operands, path)
      for (result, tensor) in zip(node.results, results) {
        let type = graph.type(of: result)
        guard tensor.element == type.element, tensor.shape == type.shape else {
          let found = TensorType(tensor.element, tensor.shape)
          throw located(
            OpError("gives \(found), but the graph says \(type)", advice: "infer types again"), node)
        }
        if readersLeft[result.index] > 0 { values[result.index] = tensor }
      }
      try observe(EvaluatedNode(path: path, graph: graph, node: id, results: results))
      for operand in node.operands {
        readersLeft[operand.index] -= 1
        if readersLeft[operand.index] == 0 { values[operand.index] = nil }
      }
    }

    var outputs: [Tensor] = []
    for output in graph.outputs { outputs.append(try read(output.value, of: graph, values, for: nil)) }
    return outputs
  }

  private func run(
    _ id: NodeID, of graph: Graph, _ operands: [Tensor], _ path: [EvaluationCall]
  ) throws(Diagnostic) -> [Tensor] {
    let node = graph[id]
    do {
      guard let callee = node.op.callee.flatMap({ name in functions.first { $0.name == name } }) else {
        return try node.op.evaluate(operands)
      }
      func run(_ inputs: [Tensor], step: Int?) throws(Diagnostic) -> [Tensor] {
        let path = path + [EvaluationCall(function: graph.name, node: id, step: step)]
        try enter(EvaluatedFunction(path: path, graph: callee, inputs: inputs))
        return try self.run(callee, inputs, path: path)
      }
      guard case .loop(let loop) = node.op else { return try run(operands, step: nil) }
      return try loop.run(operands) { (inputs, step) throws(Diagnostic) in try run(inputs, step: step) }
    } catch let error as OpError {
      throw located(error, node)
    } catch var error as Diagnostic {
      error.notes.append("run by node '\(node.name)'")
      throw error
    } catch {
      throw Diagnostic("\(error)", at: node.location, op: node.op.name)
    }
  }
}

extension Loop {
  /// Runs the body as often as the loop says; `body` is given its inputs and the step.
  fileprivate func run(
    _ operands: [Tensor], body: ([Tensor], Int) throws(Diagnostic) -> [Tensor]
  ) throws(Diagnostic) -> [Tensor] {
    let steps = carried..<(carried + stepped)
    var current = Array(operands.prefix(carried))
    var parts: [[Tensor]] = []
    for step in 0..<count {
      let outputs = try body(
        current + steps.map { operands[$0].part(step) } + operands.dropFirst(steps.upperBound), step)
      current = Array(outputs.prefix(carried))
      parts.append(Array(outputs.dropFirst(carried)))
    }
    return current
      + results.dropFirst(carried).enumerated().map { index, type in
        Tensor(stacking: parts.map { $0[index] }, as: type)
      }
  }
}

extension Tensor {
  /// The i-th part along the first axis.
  fileprivate func part(_ index: Int) -> Tensor {
    let type = TensorType(element, shape).withoutFirstAxis
    return Tensor(
      element: element, shape: type.shape, storage: storage, byteOffset: byteOffset + index * type.byteCount)
  }

  /// Parts one after the other.
  fileprivate init(stacking parts: [Tensor], as type: TensorType) {
    self.init(element: type.element, shape: type.shape) { bytes in
      var offset = 0
      for part in parts {
        part.withBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: $0) }
        offset += part.byteCount
      }
    }
  }
}

private func bind(_ inputs: [Tensor], to graph: Graph, _ values: inout [Tensor?]) throws(Diagnostic) {
  guard inputs.count == graph.inputs.count else {
    let expected = listed(graph.inputs.map { "'\($0.name)': \(graph.type(of: $0.value))" })
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
