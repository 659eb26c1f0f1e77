package import IR
package import Tensors

/// A graph while a pass works on it. Every change goes through a method here, so that the change log is
/// complete, nodes keep the names and locations of what they replace, and replaced nodes disappear together
/// with what only they read.
package struct PassContext: Sendable {
  package private(set) var graph: Graph
  package private(set) var changes: [Change] = []
  /// What may become one op.
  let fusion: FusionRules
  private let pass: String
  /// Values with at least this index were made by this pass; their names are free to change.
  private let firstNewValue: Int
  private static let foldedSuffix = ".folded"

  package init(_ graph: Graph, pass: String, fusing fusion: FusionRules = .everything) {
    self.graph = graph
    self.fusion = fusion
    self.pass = pass
    firstNewValue = graph.valueCapacity
  }

  /// Inserts a node with one result before `next`. It inherits name and location of `source`, or of `next`.
  package mutating func insert(
    _ op: Op, _ operands: [ValueID], before next: NodeID, named source: NodeID? = nil
  ) throws(Diagnostic) -> ValueID {
    try insertAll(op, operands, before: next, named: source)[0]
  }

  /// Inserts a node with any number of results, as above.
  package mutating func insertAll(
    _ op: Op, _ operands: [ValueID], before next: NodeID, named source: NodeID? = nil
  ) throws(Diagnostic) -> [ValueID] {
    let origin = graph[source ?? next]
    let values = try graph.add(op, operands, name: origin.name, at: origin.location, before: next)
    // Two values of one name would read badly; `replace` gives the name of the value that it replaces.
    for value in values { graph.rename(value, to: "") }
    return values
  }

  /// Lets all readers of `node` read `value`, which is defined before it and has the type of its result,
  /// then removes the node and everything that it alone read.
  package mutating func replace(
    _ node: NodeID, with value: ValueID, _ description: String
  ) throws(Diagnostic) {
    try replace(node, with: [value], description)
  }

  /// The same for each result of a node in order; nil where nobody reads a result.
  package mutating func replace(
    _ node: NodeID, with values: [ValueID?], _ description: String
  ) throws(Diagnostic) {
    for (result, value) in zip(graph[node].results, values) {
      guard let value else { continue }
      let (old, new) = (graph.type(of: result), graph.type(of: value))
      guard old == new else {
        throw Diagnostic(
          "pass '\(pass)' would change the type of \(graph.describe(node)) from \(old) to \(new)",
          at: graph[node].location,
          op: graph[node].op.name, advice: "this is a defect of the pass")
      }
    }
    record(description, [node])
    for (result, value) in zip(graph[node].results, values) {
      guard let value else { continue }
      if value.index >= firstNewValue, graph.producer(of: value) != nil {
        graph.rename(value, to: graph[result].name)
      }
      graph.replaceUses(of: result, with: value)
    }
    removeUnread(node)
  }

  /// Replaces a node by another op on other operands.
  package mutating func rewrite(
    _ node: NodeID, as op: Op, _ operands: [ValueID], named source: NodeID? = nil,
    _ description: String
  ) throws(Diagnostic) {
    let value = try insert(op, operands, before: node, named: source)
    try replace(node, with: value, description)
  }

  /// Changes one operand of a node. The node must accept the new operand with the same result type.
  package mutating func setOperand(
    _ index: Int, of node: NodeID, to value: ValueID, _ description: String
  ) {
    record(description, [node])
    let old = graph[node].operands[index]
    graph.setOperand(index, of: node, to: value)
    if let producer = graph.producer(of: old) { removeUnread(producer) }
  }

  /// Lets every output that is `value` be another one of its type.
  package mutating func setOutputs(
    of value: ValueID, to replacement: ValueID, _ description: @autoclosure () -> String
  ) {
    let found = graph.outputs.indices.filter { graph.outputs[$0].value == value }
    guard !found.isEmpty else { return }
    record(description(), [])
    for index in found { graph.setOutput(index, to: replacement) }
  }

  /// Removes nodes whose results are read only among themselves.
  package mutating func remove(_ nodes: Set<NodeID>, _ description: String) {
    guard !nodes.isEmpty else { return }
    record(description, nodes.sorted())
    graph.remove(nodes)
  }

  /// Adds a weight that a pass computed, or returns an equal one. `name` tells what it was made from.
  package mutating func addWeight(_ name: String, _ tensor: Tensor) -> ValueID {
    graph.addWeight(name, tensor)
  }

  /// Adds a weight computed from another one. Its name ends in `.folded`, so that the checkpoint's own names
  /// keep meaning the checkpoint's own values.
  package mutating func addWeight(foldedFrom source: ValueID, _ tensor: Tensor) -> ValueID {
    let name = graph[source].name
    let stem = name.firstRange(of: Self.foldedSuffix).map { String(name[..<$0.lowerBound]) } ?? name
    return graph.addWeight(stem + Self.foldedSuffix, tensor)
  }

  /// Gives a weight other contents of the same shape, which may have another element type. The caller sees
  /// to readers whose result type follows from the weight's.
  package mutating func setWeight(
    _ value: ValueID, to tensor: Tensor, _ description: @autoclosure () -> String
  ) {
    record(description(), [])
    graph.bind(value, to: tensor)
  }

  /// Removes a weight that nobody reads.
  package mutating func removeWeight(_ value: ValueID, _ description: String) {
    record(description, [])
    graph.removeWeight(value)
  }

  /// Lets all readers of one weight read another of the same type.
  package mutating func mergeWeight(_ value: ValueID, into other: ValueID) {
    record("merged weight '\(graph[value].name)' into '\(graph[other].name)' of the same contents", [])
    graph.replaceUses(of: value, with: other)
    graph.removeWeight(value)
  }

  private mutating func removeUnread(_ node: NodeID) {
    var pending = [node]
    while let next = pending.popLast() {
      guard graph.contains(next), graph[next].results.allSatisfy({ graph.isUnread($0) }) else { continue }
      let operands = graph[next].operands
      graph.remove(next)
      for operand in operands where graph.contains(operand) {
        if let producer = graph.producer(of: operand) {
          pending.append(producer)
        } else if graph.isUnread(operand), graph[operand].name.contains(Self.foldedSuffix) {
          // An intermediate result of folding; the model's own weights go in `remove-dead-code`, with a log
          // entry.
          graph.removeWeight(operand)
        }
      }
    }
  }

  private mutating func record(_ description: String, _ nodes: [NodeID]) {
    let names = nodes.map { graph[$0].name }.filter { !$0.isEmpty }
    changes.append(Change(pass: pass, description: description, nodes: names))
  }
}
