import Tensors

/// Collects every breach of the invariants of a graph, see ``verify(_:)-(Graph)``. What a breach leaves no sense to is
/// not checked.
struct GraphVerifier {
  private let graph: Graph
  private(set) var problems: [Diagnostic] = []
  /// Names for messages; only a failure asks for them.
  private lazy var names = ValueNames(graph)
  /// Whether the order and the operands are such that users follow from them.
  private var nodesAreSound = true

  init(_ graph: Graph) { self.graph = graph }

  mutating func run() {
    if graph.name.isEmpty { report(1, "the function has no name") }
    checkLength(graph.name, "the function's name")
    checkPorts(graph.inputs, "input")
    checkPorts(graph.outputs, "output")
    for (index, port) in graph.inputs.enumerated() {
      if graph.contains(port.value), case .input(index) = graph[port.value].definition { continue }
      report(3, "input \(index), \(stringLiteral(port.name)), is no value that says so")
    }
    let missing = graph.outputs.filter { !graph.contains($0.value) }
    for port in missing {
      report(
        4, "output \(stringLiteral(port.name)) is value \(port.value.index), which the graph does not have")
    }
    if missing.isEmpty {
      for (output, problem) in graph.problemsInSizes() {
        report(17, "output \(stringLiteral(graph.outputs[output].name)): \(problem)")
      }
    }
    let position = checkOrder()
    for (index, node) in graph.order.enumerated() where graph.contains(node) {
      if position[node.index] == index { check(node, position) }
    }
    for value in graph.values { check(value) }
    if nodesAreSound { checkUsers() }
  }

  private mutating func checkPorts(_ ports: [Port], _ kind: String) {
    var seen: Set<String> = []
    for port in ports {
      if port.name.isEmpty {
        report(2, "an \(kind) has no name")
      } else if !seen.insert(port.name).inserted {
        report(2, "two \(kind)s are named \(stringLiteral(port.name))")
      }
      checkLength(port.name, "the name of an \(kind)")
    }
  }

  // MARK: Nodes

  /// Where each node stands first in the order, by node index; -1 for those that do not.
  private mutating func checkOrder() -> [Int] {
    var position = Array(repeating: -1, count: graph.nodeCapacity)
    for (index, node) in graph.order.enumerated() {
      if !graph.contains(node) {
        reportNode(5, "the order lists node \(node.index), which the graph does not have")
      } else if position[node.index] >= 0 {
        reportNode(5, "the order lists the node twice", node)
      } else {
        position[node.index] = index
      }
    }
    for index in position.indices where graph.contains(NodeID(index)) && position[index] < 0 {
      reportNode(5, "the order does not list the node", NodeID(index))
    }
    return position
  }

  private mutating func check(_ id: NodeID, _ position: [Int]) {
    let node = graph[id]
    checkLength(node.name, "the node's name", id)
    checkOperands(of: id, position)
    for (index, result) in node.results.enumerated() {
      if graph.contains(result), case .node(id, index) = graph[result].definition { continue }
      report(7, "result \(index) is no value that names the node and this position", id)
    }
    do { try node.op.checkAttributes() } catch { report(13, error, id) }
    if node.operands.allSatisfy(graph.contains) { checkTypes(of: id) }
  }

  private mutating func checkOperands(of id: NodeID, _ position: [Int]) {
    for (index, operand) in graph[id].operands.enumerated() {
      guard graph.contains(operand) else {
        reportNode(6, "operand \(index) is value \(operand.index), which the graph does not have", id)
        continue
      }
      guard let producer = graph.producer(of: operand) else { continue }
      let isBefore =
        graph.contains(producer) && position[producer.index] >= 0
        && position[producer.index] < position[id.index]
      if !isBefore { report(6, "operand \(index), %\(names[operand]), is read before it is defined", id) }
    }
  }

  private mutating func checkTypes(of id: NodeID) {
    let node = graph[id]
    let types: [TensorType]
    do { types = try node.op.infer(node.operands.map { graph.type(of: $0) }) } catch {
      return report(9, error, id)
    }
    guard types.count == node.results.count else {
      return report(9, "the node has \(node.results.count) results, the op gives \(types.count)", id)
    }
    for (result, type) in zip(node.results, types) where graph.contains(result) {
      let found = graph.type(of: result)
      if found != type { report(9, "%\(names[result]) is \(found), the op infers \(type)", id) }
    }
  }

  private mutating func checkUsers() {
    var readers = Array(repeating: [NodeID](), count: graph.valueCapacity)
    for node in graph.order { for operand in graph[node].operands { readers[operand.index].append(node) } }
    for value in graph.values where graph.users(of: value).sorted() != readers[value.index].sorted() {
      report(8, "value \(value.index), %\(names[value]), lists users that differ from the nodes that read it")
    }
  }

  // MARK: Values

  private mutating func check(_ id: ValueID) {
    let value = graph[id]
    switch value.definition {
    case .input(let index):
      guard graph.inputs.indices.contains(index), graph.inputs[index].value == id else {
        return report(3, "%\(names[id]) says that it is input \(index), the graph has another there")
      }
      if let problem = shapeProblem(id) {
        report(12, "input \(stringLiteral(graph.inputs[index].name)): \(problem)")
      }
    case .node(let node, let result):
      guard graph.contains(node), graph[node].results.indices.contains(result),
        graph[node].results[result] == id
      else {
        return report(
          7, "value \(id.index) says that it is result \(result) of node \(node.index), which has another")
      }
      if let problem = shapeProblem(id) { report(12, "%\(names[id]): \(problem)", node) }
    case .weight(let name): checkWeight(id, name)
    }
  }

  private mutating func checkWeight(_ id: ValueID, _ name: String) {
    if name.isEmpty {
      report(10, "a weight has no name")
    } else if graph.findWeight(name) != id {
      report(10, "two weights are named \(symbol(name))")
    }
    checkLength(name, "the name of a weight")
    let type = graph.type(of: id)
    if let problem = shapeProblem(id) { report(12, "weight \(symbol(name)): \(problem)") }
    if let tensor = graph.constant(id), tensor.element != type.element || tensor.shape != type.shape {
      report(11, "weight \(symbol(name)) is \(type), contents \(tensor.element.rawValue)\(tensor.shape)")
    }
  }

  private func shapeProblem(_ value: ValueID) -> OpError? {
    do { try graph.type(of: value).checkShape() } catch { return error }
    return nil
  }

  private mutating func checkLength(_ name: String, _ what: String, _ node: NodeID? = nil) {
    guard name.utf8.count > Limits.nameBytes else { return }
    report(13, "\(what) has \(name.utf8.count) bytes, expected at most \(Limits.nameBytes)", node)
  }

  // MARK: Reports

  /// A breach that leaves the users of values without meaning.
  private mutating func reportNode(_ invariant: Int, _ message: String, _ node: NodeID? = nil) {
    nodesAreSound = false
    report(invariant, message, node)
  }

  private mutating func report(_ invariant: Int, _ error: OpError, _ node: NodeID) {
    report(invariant, error.message, node)
    problems[problems.count - 1].advice = error.advice
  }

  /// Notes that an invariant does not hold, at a node or of the whole function.
  private mutating func report(_ invariant: Int, _ message: String, _ node: NodeID? = nil) {
    guard let node, graph.contains(node) else {
      problems.append(Diagnostic("[V\(invariant)] \(symbol(graph.name)): \(message)"))
      return
    }
    let entry = graph[node]
    let name =
      entry.name.isEmpty ? entry.results.first.map { "%\(names[$0])" } ?? "" : stringLiteral(entry.name)
    problems.append(
      Diagnostic(
        "[V\(invariant)] \(symbol(graph.name)), node \(name): \(message)", at: entry.location,
        op: entry.op.name))
  }
}
