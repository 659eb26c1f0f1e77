import Tensors

// What holds of every graph and module between passes. Errors cite the number.
//
//   V1   Functions have names; those of a module differ.
//   V2   Input names are not empty and differ, and so do output names.
//   V3   Input number i of the graph is a value that says it is input i, and no other value says so.
//   V4   Outputs are values of the graph.
//   V5   The order lists every node of the graph once.
//   V6   Operands are inputs, weights or results of earlier nodes.
//   V7   A node's results are values that name it and their position, and no other value does.
//   V8   The users of a value are the nodes that read it, once for each operand.
//   V9   The op accepts its operands, and its results have the element types and shapes that it infers.
//   V10  Weight names are not empty, differ within a function and find their weight.
//   V11  Contents of a weight have the element type and shape of its value.
//   V12  Rank, extents and element counts keep to `Limits`.
//   V13  Integer attributes, but for those of slices, and lengths of names keep to `Limits`.
//   V14  A function's value of a weight has the type that the module's table gives the weight.
//   V15  Functions that nodes run are in the module, and take and give what the nodes do.
//   V16  No function reaches itself through the functions that it runs, and these keep to `Limits`.
//   V17  Sizes of an output name axes of it, in ascending order, and outputs that are one i64 each.

/// Checks every invariant of every function and of the module.
package func verify(_ module: Module) throws(Diagnostic) {
  var names: Set<String> = []
  for graph in module.functions {
    guard names.insert(graph.name).inserted else {
      throw Diagnostic("[V1] two functions of the module are named \(symbol(graph.name))")
    }
    try verifyWeights(of: graph, in: module)
    try verify(graph)
  }
  try verifyCalls(module)
}

/// Checks V14.
private func verifyWeights(of graph: Graph, in module: Module) throws(Diagnostic) {
  for value in graph.weights {
    let type = graph.type(of: value)
    guard let name = graph.weight(value)?.name, let entry = module.weights[name], entry.type != type else {
      continue
    }
    throw Diagnostic(
      "[V14] weight \(symbol(name)) of \(symbol(graph.name)) is \(type), the module's is \(entry.type)")
  }
}

/// Checks every invariant of a graph.
package func verify(_ graph: Graph) throws(Diagnostic) {
  try GraphVerifier(graph).run()
}

private struct GraphVerifier {
  let graph: Graph

  init(_ graph: Graph) { self.graph = graph }

  /// Names for messages; only a failure asks for them.
  private var names: ValueNames { ValueNames(graph) }

  func run() throws(Diagnostic) {
    guard !graph.name.isEmpty else { throw Diagnostic("[V1] the function has no name") }
    try checkLength(graph.name, "the function's name")
    try checkPorts(graph.inputs, "input")
    try checkPorts(graph.outputs, "output")
    for (index, port) in graph.inputs.enumerated() {
      guard graph.contains(port.value), case .input(index) = graph[port.value].definition else {
        throw failure(3, "input \(index), \(stringLiteral(port.name)), is no value that says so")
      }
    }
    for port in graph.outputs where !graph.contains(port.value) {
      throw failure(
        4, "output \(stringLiteral(port.name)) is value \(port.value.index), which the graph does not have")
    }
    if let (output, problem) = graph.problemInSizes() {
      throw failure(17, "output \(stringLiteral(graph.outputs[output].name)): \(problem)")
    }
    let position = try checkOrder()
    for node in graph.order { try check(node, position) }
    try checkValues()
    try checkUsers()
  }

  private func checkPorts(_ ports: [Port], _ kind: String) throws(Diagnostic) {
    var seen: Set<String> = []
    for port in ports {
      guard !port.name.isEmpty else { throw failure(2, "an \(kind) has no name") }
      guard seen.insert(port.name).inserted else {
        throw failure(2, "two \(kind)s are named \(stringLiteral(port.name))")
      }
      try checkLength(port.name, "the name of an \(kind)")
    }
  }

  /// Where each node stands in the order, by node index.
  private func checkOrder() throws(Diagnostic) -> [Int] {
    var position = Array(repeating: -1, count: graph.nodeCapacity)
    for (index, node) in graph.order.enumerated() {
      guard graph.contains(node) else {
        throw failure(5, "the order lists node \(node.index), which the graph does not have")
      }
      guard position[node.index] < 0 else { throw failure(5, "the order lists the node twice", node) }
      position[node.index] = index
    }
    for index in position.indices where graph.contains(NodeID(index)) && position[index] < 0 {
      throw failure(5, "the order does not list the node", NodeID(index))
    }
    return position
  }

  private func check(_ id: NodeID, _ position: [Int]) throws(Diagnostic) {
    let node = graph[id]
    try checkLength(node.name, "the node's name", id)
    for (index, operand) in node.operands.enumerated() {
      guard graph.contains(operand) else {
        throw failure(6, "operand \(index) is value \(operand.index), which the graph does not have", id)
      }
      guard let producer = graph.producer(of: operand) else { continue }
      guard graph.contains(producer), position[producer.index] < position[id.index] else {
        throw failure(6, "operand \(index), %\(names[operand]), is read before it is defined", id)
      }
    }
    for (index, result) in node.results.enumerated() {
      guard graph.contains(result), case .node(id, index) = graph[result].definition else {
        throw failure(7, "result \(index) is no value that names the node and this position", id)
      }
    }
    do { try node.op.checkAttributes() } catch { throw failure(13, error, id) }
    let types: [TensorType]
    do { types = try node.op.infer(node.operands.map { graph.type(of: $0) }) } catch {
      throw failure(9, error, id)
    }
    guard types.count == node.results.count else {
      throw failure(9, "the node has \(node.results.count) results, the op gives \(types.count)", id)
    }
    for (result, type) in zip(node.results, types) {
      let found = graph.type(of: result)
      guard found.element == type.element, found.shape == type.shape else {
        throw failure(9, "%\(names[result]) is \(found), the op infers \(type)", id)
      }
    }
  }

  private func checkValues() throws(Diagnostic) {
    for id in graph.values {
      let value = graph[id]
      switch value.definition {
      case .input(let index):
        guard graph.inputs.indices.contains(index), graph.inputs[index].value == id else {
          throw failure(3, "%\(names[id]) says that it is input \(index), the graph has another there")
        }
        try checkType(value.type, "input \(stringLiteral(graph.inputs[index].name))", nil)
      case .node(let node, let result):
        guard graph.contains(node), graph[node].results.indices.contains(result),
          graph[node].results[result] == id
        else {
          throw failure(
            7,
            "value \(id.index) says that it is result \(result) of node \(node.index), which has another"
          )
        }
        try checkType(value.type, "%\(names[id])", node)
      case .weight(let name): try checkWeight(id, name)
      }
    }
  }

  private func checkWeight(_ id: ValueID, _ name: String) throws(Diagnostic) {
    guard !name.isEmpty else { throw failure(10, "a weight has no name") }
    guard graph.findWeight(name) == id else { throw failure(10, "two weights are named \(symbol(name))") }
    try checkLength(name, "the name of a weight")
    let type = graph.type(of: id)
    try checkType(type, "weight \(symbol(name))", nil)
    if let tensor = graph.constant(id), tensor.element != type.element || tensor.shape != type.shape {
      throw failure(
        11, "weight \(symbol(name)) is \(type), contents \(tensor.element.rawValue)\(tensor.shape)")
    }
  }

  private func checkType(_ type: TensorType, _ place: @autoclosure () -> String, _ node: NodeID?)
    throws(Diagnostic)
  {
    do { try type.checkShape() } catch { throw failure(12, "\(place()): \(error)", node) }
  }

  private func checkUsers() throws(Diagnostic) {
    var readers = Array(repeating: [NodeID](), count: graph.valueCapacity)
    for node in graph.order { for operand in graph[node].operands { readers[operand.index].append(node) } }
    for value in graph.values where graph.users(of: value).sorted() != readers[value.index].sorted() {
      throw failure(
        8, "value \(value.index), %\(names[value]), lists users that differ from the nodes that read it")
    }
  }

  private func checkLength(_ name: String, _ what: String, _ node: NodeID? = nil) throws(Diagnostic) {
    guard name.utf8.count <= Limits.nameBytes else {
      throw failure(13, "\(what) has \(name.utf8.count) bytes, expected at most \(Limits.nameBytes)", node)
    }
  }

  private func failure(_ invariant: Int, _ error: OpError, _ node: NodeID) -> Diagnostic {
    var diagnostic = failure(invariant, error.message, node)
    diagnostic.advice = error.advice
    return diagnostic
  }

  /// The error that an invariant does not hold, at a node or of the whole function.
  private func failure(_ invariant: Int, _ message: String, _ node: NodeID? = nil) -> Diagnostic {
    guard let node, graph.contains(node) else {
      return Diagnostic("[V\(invariant)] \(symbol(graph.name)): \(message)")
    }
    let entry = graph[node]
    let name =
      entry.name.isEmpty ? entry.results.first.map { "%\(names[$0])" } ?? "" : stringLiteral(entry.name)
    return Diagnostic(
      "[V\(invariant)] \(symbol(graph.name)), node \(name): \(message)", at: entry.location, op: entry.op.name
    )
  }
}
