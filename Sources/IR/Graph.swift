package import Tensors

/// Names a value of one graph.
package struct ValueID: Hashable, Comparable, Sendable {
  package let index: Int
  package init(_ index: Int) { self.index = index }
  package static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// Names a node of one graph.
package struct NodeID: Hashable, Comparable, Sendable {
  package let index: Int
  package init(_ index: Int) { self.index = index }
  package static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
}

/// What defines a value.
package enum Definition: Sendable {
  case input(Int)
  case node(NodeID, result: Int)
  /// The weight of this name.
  case weight(String)
}

/// One SSA value.
package struct Value: Sendable {
  package var type: TensorType
  package var definition: Definition
  /// The name from the source model, for messages; may be empty, need not be unique.
  package var name: String
}

/// One use of an op.
package struct Node: Sendable {
  package var op: Op
  package var operands: [ValueID]
  package var results: [ValueID]
  /// The name from the source model, for messages; may be empty.
  package var name: String
  package var location: Location
}

/// A named input or output of a graph.
package struct Port: Hashable, Sendable {
  package var name: String
  package var value: ValueID
  /// Axes of an output whose extent only a run tells, in ascending order.
  package var sizes: [OutputSize]
  package init(name: String, value: ValueID, sizes: [OutputSize] = []) {
    self.name = name
    self.value = value
    self.sizes = sizes
  }
}

/// A function: typed inputs and outputs, and nodes in an order in which they can be executed.
///
/// A value type; ids stay valid until their value or node is removed. Uses are kept up to date by the
/// mutating methods, which are the only way to change a graph. Weights are values that name one; what they are stands
/// in the graph's ``table``, which a function of a module shares with all others.
package struct Graph: Sendable {
  package var name: String
  package private(set) var inputs: [Port] = []
  package private(set) var outputs: [Port] = []
  /// The nodes in execution order.
  package private(set) var order: [NodeID] = []

  private var nodeTable: [Node?] = []
  private var valueTable: [Value?] = []
  private var userTable: [[NodeID]] = []
  private var weightIDs: [String: ValueID] = [:]
  /// The weights at hand: all that values name, and perhaps others of a module.
  package internal(set) var table = WeightTable()

  package init(name: String) { self.name = name }

  // MARK: Reading

  package subscript(node: NodeID) -> Node {
    guard let found = nodeTable[node.index] else { preconditionFailure("node was removed") }
    return found
  }

  package subscript(value: ValueID) -> Value {
    guard let found = valueTable[value.index] else { preconditionFailure("value was removed") }
    return found
  }

  package func contains(_ node: NodeID) -> Bool {
    nodeTable.indices.contains(node.index) && nodeTable[node.index] != nil
  }
  package func contains(_ value: ValueID) -> Bool {
    valueTable.indices.contains(value.index) && valueTable[value.index] != nil
  }

  package func type(of value: ValueID) -> TensorType { self[value].type }
  package func shape(of value: ValueID) -> Shape { self[value].type.shape }

  /// The node that defines a value; nil for inputs and weights.
  package func producer(of value: ValueID) -> NodeID? {
    if case .node(let node, _) = self[value].definition { return node }
    return nil
  }

  /// The contents of a bound weight; nil for everything else.
  package func constant(_ value: ValueID) -> Tensor? {
    if case .weight(let name) = self[value].definition { return table[name]?.tensor }
    return nil
  }

  /// The weight behind a value; nil for inputs and node results.
  package func weight(_ value: ValueID) -> Weight? {
    if case .weight(let name) = self[value].definition {
      return Weight(name: name, tensor: table[name]?.tensor)
    }
    return nil
  }

  /// The nodes that read a value, once for each operand, in no particular order; graph outputs do not count.
  package func users(of value: ValueID) -> [NodeID] { userTable[value.index] }

  package func isOutput(_ value: ValueID) -> Bool { outputs.contains { $0.value == value } }

  /// The only reader of a value that is no output; nil if there is none or more than one use.
  package func onlyUser(of value: ValueID) -> NodeID? {
    let users = userTable[value.index]
    return users.count == 1 && !isOutput(value) ? users[0] : nil
  }

  /// All live values in id order.
  package var values: [ValueID] {
    valueTable.indices.lazy.filter { valueTable[$0] != nil }.map { ValueID($0) }
  }

  /// All weights in id order.
  package var weights: [ValueID] {
    values.filter { if case .weight = self[$0].definition { true } else { false } }
  }

  /// Names of all weights, in id order.
  var weightNames: [String] {
    valueTable.compactMap { if case .weight(let name)? = $0?.definition { name } else { nil } }
  }

  /// One past the largest value index in use, for tables indexed by value.
  package var valueCapacity: Int { valueTable.count }
  /// One past the largest node index in use, for tables indexed by node.
  package var nodeCapacity: Int { nodeTable.count }

  // MARK: Changing

  /// Adds an input after the others.
  package mutating func addInput(_ name: String, _ type: TensorType) -> ValueID {
    let value = makeValue(type, .input(inputs.count), name)
    inputs.append(Port(name: name, value: value))
    return value
  }

  /// Adds an output after the others. Those that `sizes` name may follow later.
  package mutating func addOutput(_ name: String, _ value: ValueID, sizes: [OutputSize] = []) {
    outputs.append(Port(name: name, value: value, sizes: sizes))
  }

  /// Adds a weight, or returns the one with this name if it has the same type and contents. A different
  /// weight of the same name gets a number appended to its name.
  package mutating func addWeight(_ name: String, _ tensor: Tensor) -> ValueID {
    valueOfWeight(table.add(name, tensor), TensorType(tensor.element, tensor.shape))
  }

  /// Declares a weight whose contents come from a checkpoint later, or returns the one declared before under
  /// this name.
  package mutating func declareWeight(_ name: String, _ type: TensorType) throws(OpError) -> ValueID {
    if let existing = table[name] {
      guard existing.type == type else {
        throw OpError("parameter '\(name)' is used as \(type) and as \(existing.type)")
      }
    } else {
      table[name] = WeightTable.Entry(type: type)
    }
    return valueOfWeight(name, type)
  }

  /// The weight of this name.
  package func findWeight(_ name: String) -> ValueID? { weightIDs[name] }

  /// Gives a weight its contents, whose shape must be the declared one. The value takes the tensor's element type.
  package mutating func bind(_ value: ValueID, to tensor: Tensor) {
    guard case .weight(let name) = self[value].definition else { return }
    table.bind(name, to: tensor)
    valueTable[value.index]?.type.element = tensor.element
  }

  /// Appends a node, or inserts it before another one. Types come from the op's `infer`.
  @discardableResult
  package mutating func add(
    _ op: Op, _ operands: [ValueID], name: String = "", at location: Location = .unknown,
    before next: NodeID? = nil
  ) throws(Diagnostic) -> [ValueID] {
    let types: [TensorType]
    do {
      types = try op.infer(operands.map { type(of: $0) })
    } catch {
      throw error.located(at: location, op: op.name)
    }
    let node = NodeID(nodeTable.count)
    let results = types.indices.map { makeValue(types[$0], .node(node, result: $0), $0 == 0 ? name : "") }
    nodeTable.append(Node(op: op, operands: operands, results: results, name: name, location: location))
    for operand in operands { userTable[operand.index].append(node) }
    if let next, let position = order.firstIndex(of: next) {
      order.insert(node, at: position)
    } else {
      order.append(node)
    }
    return results
  }

  /// Makes every reader of `value`, and every output that is it, use `replacement`. Types of readers are not
  /// recomputed, so both must have the same type.
  package mutating func replaceUses(of value: ValueID, with replacement: ValueID) {
    guard value != replacement else { return }
    let users = userTable[value.index]
    userTable[value.index] = []
    var seen: Set<NodeID> = []
    for user in users where seen.insert(user).inserted {
      guard var node = nodeTable[user.index] else { continue }
      for index in node.operands.indices where node.operands[index] == value {
        node.operands[index] = replacement
        userTable[replacement.index].append(user)
      }
      nodeTable[user.index] = node
    }
    for index in outputs.indices where outputs[index].value == value { outputs[index].value = replacement }
  }

  /// Lets an output be another value of the same type.
  package mutating func setOutput(_ index: Int, to value: ValueID) { outputs[index].value = value }

  /// Replaces one operand of a node by a value of the same type.
  package mutating func setOperand(_ index: Int, of node: NodeID, to value: ValueID) {
    guard var entry = nodeTable[node.index] else { return }
    let old = entry.operands[index]
    if let position = userTable[old.index].firstIndex(of: node) { userTable[old.index].remove(at: position) }
    entry.operands[index] = value
    userTable[value.index].append(node)
    nodeTable[node.index] = entry
  }

  /// Removes a node whose results nobody reads, and its results.
  package mutating func remove(_ node: NodeID) {
    guard let entry = nodeTable[node.index] else { return }
    for result in entry.results {
      precondition(
        userTable[result.index].isEmpty && !isOutput(result), "removing a node whose result is read")
      valueTable[result.index] = nil
    }
    for operand in entry.operands {
      if let position = userTable[operand.index].firstIndex(of: node) {
        userTable[operand.index].remove(at: position)
      }
    }
    nodeTable[node.index] = nil
    if let position = order.firstIndex(of: node) { order.remove(at: position) }
  }

  /// Removes many nodes at once, each of whose results is read only by nodes of the set.
  package mutating func remove(_ nodes: Set<NodeID>) {
    guard !nodes.isEmpty else { return }
    for id in order.reversed() where nodes.contains(id) {
      guard let entry = nodeTable[id.index] else { continue }
      for result in entry.results {
        precondition(
          userTable[result.index].isEmpty && !isOutput(result), "removing a node whose result is read")
        valueTable[result.index] = nil
      }
      for operand in entry.operands {
        if let position = userTable[operand.index].firstIndex(of: id) {
          userTable[operand.index].remove(at: position)
        }
      }
      nodeTable[id.index] = nil
    }
    order.removeAll { nodes.contains($0) }
  }

  /// Removes a weight that nobody reads.
  package mutating func removeWeight(_ value: ValueID) {
    guard case .weight(let name) = self[value].definition, userTable[value.index].isEmpty, !isOutput(value)
    else { return }
    weightIDs[name] = nil
    table[name] = nil
    valueTable[value.index] = nil
  }

  /// Gives the nodes another valid execution order: a permutation of ``order``.
  package mutating func reorder(_ newOrder: [NodeID]) {
    precondition(newOrder.count == order.count, "reorder needs a permutation")
    order = newOrder
  }

  /// Gives every weight another name; names must stay different.
  package mutating func renameWeights(_ newName: (String) -> String) {
    var ids: [String: ValueID] = [:]
    var renamed = WeightTable()
    for value in weights {
      guard case .weight(let old) = self[value].definition else { continue }
      let name = newName(old)
      precondition(ids.updateValue(value, forKey: name) == nil, "two weights named '\(name)'")
      renamed[name] = table[old]
      valueTable[value.index]?.definition = .weight(name)
      valueTable[value.index]?.name = name
    }
    weightIDs = ids
    table = renamed
  }

  /// Lets nodes that run functions run others of the same types.
  package mutating func renameCallees(_ newName: (String) -> String) {
    for id in order {
      switch nodeTable[id.index]?.op {
      case .call(var op):
        op.function = newName(op.function)
        nodeTable[id.index]?.op = .call(op)
      case .loop(var op):
        op.function = newName(op.function)
        nodeTable[id.index]?.op = .loop(op)
      default: break
      }
    }
  }

  /// Sets a value's name, which only appears in text and messages.
  package mutating func rename(_ value: ValueID, to name: String) { valueTable[value.index]?.name = name }

  private mutating func makeValue(_ type: TensorType, _ definition: Definition, _ name: String) -> ValueID {
    valueTable.append(Value(type: type, definition: definition, name: name))
    userTable.append([])
    return ValueID(valueTable.count - 1)
  }

  /// The value that names a weight of the table.
  private mutating func valueOfWeight(_ name: String, _ type: TensorType) -> ValueID {
    if let existing = weightIDs[name] { return existing }
    let value = makeValue(type, .weight(name), name)
    weightIDs[name] = value
    return value
  }
}
