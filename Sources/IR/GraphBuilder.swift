package import Tensors

/// Writes a graph by hand, one method call a layer.
///
/// ```swift
/// var b = GraphBuilder("classifier")
/// var x = try b.input("image", [1, 3, 32, 32])
/// x = try b.scope("stem") { b in
///   try b.relu(b.conv2d("conv", x, channels: 16, kernel: 3, padding: 1))
/// }
/// x = try b.linear("head", b.mean(x, axes: [2, 3]), features: 10)
/// try b.output("logits", x)
/// let graph = try b.finish()
/// // Parameters: stem.conv.weight, stem.conv.bias, head.weight, head.bias.
/// ```
///
/// Parameters are declared, not filled: a checkpoint is bound to them by name later. Scopes push the prefixes
/// that make up a checkpoint's names. An op whose operands do not fit throws, naming the Swift line of the
/// call.
package struct GraphBuilder: Sendable {
  /// What is built so far.
  package private(set) var graph: Graph
  /// Element type of inputs and parameters that state none.
  package var element: ElementType
  /// The functions that the graph runs, and all that these run.
  package internal(set) var callees: [Graph] = []
  private var path: [String] = []

  package init(_ name: String, element: ElementType = .f32) {
    graph = Graph(name: name)
    self.element = element
  }

  // MARK: Names

  /// Runs `body` with `name` appended to the prefix of all parameters and nodes.
  package mutating func scope<Result>(
    _ name: String, _ body: (inout GraphBuilder) throws(Diagnostic) -> Result
  ) throws(Diagnostic) -> Result {
    path.append(name)
    defer { path.removeLast() }
    return try body(&self)
  }

  /// The same for a numbered member, `blocks.3`.
  package mutating func scope<Result>(
    _ name: String, _ index: Int, _ body: (inout GraphBuilder) throws(Diagnostic) -> Result
  ) throws(Diagnostic) -> Result {
    try scope("\(name).\(index)", body)
  }

  /// A name under the current prefix.
  package func qualified(_ name: String) -> String { (path + [name]).joined(separator: ".") }

  // MARK: Values

  package func type(of value: ValueID) -> TensorType { graph.type(of: value) }
  package func shape(of value: ValueID) -> Shape { graph.shape(of: value) }

  /// Declares an input of the graph. Its name takes no prefix.
  package mutating func input(
    _ name: String, _ shape: Shape, _ element: ElementType? = nil, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    guard !graph.inputs.contains(where: { $0.name == name }) else {
      throw Diagnostic("there is an input '\(name)' already", at: .builder(file: file, line: line))
    }
    guard shape.checkedCount != nil else {
      throw Diagnostic("input '\(name)' can't have shape \(shape)", at: .builder(file: file, line: line))
    }
    return graph.addInput(name, TensorType(element ?? self.element, shape))
  }

  /// Declares an output of the graph. Its name takes no prefix.
  package mutating func output(
    _ name: String, _ value: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) {
    guard !graph.outputs.contains(where: { $0.name == name }) else {
      throw Diagnostic("there is an output '\(name)' already", at: .builder(file: file, line: line))
    }
    graph.addOutput(name, value)
  }

  /// Declares a weight that a checkpoint fills, under the current prefix. A second declaration of one name is
  /// the same weight and must have the same type.
  package mutating func parameter(
    _ name: String, _ shape: Shape, _ element: ElementType? = nil, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let location = Location.builder(file: file, line: line)
    guard shape.checkedCount != nil else {
      throw Diagnostic("parameter '\(qualified(name))' can't have shape \(shape)", at: location)
    }
    do {
      return try graph.declareWeight(qualified(name), TensorType(element ?? self.element, shape))
    } catch {
      throw error.located(at: location, op: "parameter")
    }
  }

  /// Adds a tensor that belongs to the definition and not to the checkpoint.
  package mutating func constant(_ name: String, _ tensor: Tensor) -> ValueID {
    graph.addWeight(qualified(name), tensor)
  }

  // MARK: Nodes

  /// Appends an op with one result. The node is called `name`, or else like the op, under the current prefix.
  package mutating func add(
    _ op: Op, _ operands: [ValueID], name: String = "", file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try addAll(op, operands, name: name, file: file, line: line)[0]
  }

  /// Appends an op; gives all its results.
  package mutating func addAll(
    _ op: Op, _ operands: [ValueID], name: String = "", file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> [ValueID] {
    let name = qualified(name.isEmpty ? op.name : name)
    do {
      return try graph.add(op, operands, name: name, at: .builder(file: file, line: line))
    } catch {
      var located = error
      located.notes.append("building '\(name)' of graph '\(graph.name)'")
      throw located
    }
  }

  /// The graph, which must have an output.
  package func finish(file: String = #fileID, line: Int = #line) throws(Diagnostic) -> Graph {
    guard !graph.outputs.isEmpty else {
      throw Diagnostic(
        "graph '\(graph.name)' has no output", at: .builder(file: file, line: line),
        advice: "call output(_:_:) before finish()")
    }
    return graph
  }
}
