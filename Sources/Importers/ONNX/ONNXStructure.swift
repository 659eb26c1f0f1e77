import IR

/// Holds a model to what its graphs promise: each name is defined once in a graph or function, no node redefines one of a
/// graph around its own, and nodes stand after those that they read, into which order they are put where they do not.
/// Inputs that can't be imported are left out if nothing reads them.
struct ONNXStructure {
  private let file: String
  private(set) var notes: [Note] = []

  init(file: String) { self.file = file }

  mutating func checked(_ model: ONNXModel) throws(ImportError) -> ONNXModel {
    var model = model
    model.graph = withoutUnreadInputs(
      try checked(model.graph, in: ONNXPath(), around: []).graph, file: file, notes: &notes)
    for (index, function) in model.functions.enumerated() {
      let scope = ONNXPath().inside(function.place)
      var names = ONNXDefinitions(file: file, scope: scope)
      for (position, name) in function.inputs.enumerated() {
        try names.define(name, as: .input(position))
      }
      model.functions[index].nodes = try checked(function.nodes, &names, scope, around: []).nodes
    }
    return model
  }

  /// The graph in order, and the names that it takes from around it. `around` are the definitions that it sees there.
  private mutating func checked(
    _ graph: ONNXGraph, in scope: ONNXPath, around: [ONNXDefinitions]
  ) throws(ImportError) -> (graph: ONNXGraph, captured: Set<String>) {
    var names = ONNXDefinitions(file: file, scope: scope)
    for (position, input) in graph.inputs.enumerated() { try names.define(input.name, as: .input(position)) }
    for (position, initializer) in graph.initializers.enumerated() {
      try names.define(initializer.name, as: .initializer(position))
    }
    for (name, _) in graph.opaqueInitializers {
      try names.define(name, as: .unreadInitializer(name))
    }
    var (nodes, read) = try checked(graph.nodes, &names, scope, around: around)
    var ordered = graph
    swap(&ordered.nodes, &nodes)
    read.formUnion(graph.outputs.map(\.name))
    return (ordered, read.filter { !names.contains($0) })
  }

  /// The nodes in order, and all names that they read.
  private mutating func checked(
    _ nodes: [ONNXNode], _ names: inout ONNXDefinitions, _ scope: ONNXPath, around: [ONNXDefinitions]
  ) throws(ImportError) -> (nodes: [ONNXNode], read: Set<String>) {
    var nodes = nodes
    var order = ONNXOrder()
    for position in nodes.indices {
      let captured = try checkNested(&nodes[position], scope, around: around + [names])
      let place = nodes[position].place
      for name in nodes[position].outputs {
        try names.define(name, as: .node(place))
        if let outer = around.lazy.compactMap({ $0.place(of: name) }).first {
          throw names.refusal(of: name, at: place, definedBy: outer)
        }
      }
      let read = nodes[position].inputs + captured
      order.add(reads: read, defines: nodes[position].outputs)
    }
    if let late = order.firstLate {
      if notes.isEmpty {
        notes.append(
          Note(
            .note,
            "\(file): \(scope.place(nodes[late.reader].place)): reads \(ImportError.quoted(late.name)), which "
              + "\(nodes[late.definer].place) defines only later; nodes were put into execution order"))
      }
      switch order.sorted() {
      case .order(let positions): nodes = positions.map { nodes[$0] }
      case .cycle(let positions): throw cycle(positions.map { nodes[$0] }, scope)
      }
    }
    return (nodes, order.names)
  }

  /// Checks the graphs in a node's attributes; gives the names that they take from around the node.
  private mutating func checkNested(
    _ node: inout ONNXNode, _ scope: ONNXPath, around: [ONNXDefinitions]
  ) throws(ImportError) -> [String] {
    var captured: [String] = []
    for (index, attribute) in node.attributes.enumerated() {
      let inner = scope.inside(node.place, attribute.name)
      switch attribute.value {
      case .graph(let graph):
        let (ordered, names) = try checked(graph, in: inner, around: around)
        node.attributes[index].value = .graph(ordered)
        captured += names
      case .graphs(var graphs):
        for position in graphs.indices {
          let (ordered, names) = try checked(graphs[position], in: inner, around: around)
          graphs[position] = ordered
          captured += names
        }
        node.attributes[index].value = .graphs(graphs)
      default: break
      }
    }
    return captured
  }

  private func cycle(_ nodes: [ONNXNode], _ scope: ONNXPath) -> ImportError {
    let others = nodes.dropFirst().map(\.place)
    let shown = others.count <= 8 ? others : others.prefix(7) + ["\(others.count - 7) more"]
    return ImportError(
      file: file, place: scope.place(nodes[0].place),
      found: shown.isEmpty
        ? "reads what it defines" : "reads what it defines, by way of \(shown.joined(separator: ", "))",
      expected: "a graph without cycles", advice: "check what edited the graph")
  }
}

/// Who defines the names of one graph or function.
private struct ONNXDefinitions {
  enum Definition {
    case input(Int)
    case initializer(Int)
    case unreadInitializer(String)
    case node(String)

    var place: String {
      switch self {
      case .input(let position): "input \(position)"
      case .initializer(let position): "initializer \(position)"
      case .unreadInitializer(let name): "initializer \(ImportError.quoted(name))"
      case .node(let place): place
      }
    }
  }

  private let file: String
  private let scope: ONNXPath
  private var definitions: [String: Definition] = [:]

  init(file: String, scope: ONNXPath) {
    self.file = file
    self.scope = scope
  }

  func contains(_ name: String) -> Bool { definitions[name] != nil }

  /// Where a name is defined; nil if it is not.
  func place(of name: String) -> String? { definitions[name].map { scope.place($0.place) } }

  /// Refuses a name that has a definition; only an initializer may give an input its default.
  mutating func define(_ name: String, as definition: Definition) throws(ImportError) {
    guard !name.isEmpty else { return }
    guard let first = definitions.updateValue(definition, forKey: name) else { return }
    switch (first, definition) {
    case (.input, .initializer), (.input, .unreadInitializer): return
    default: break
    }
    throw refusal(of: name, at: definition.place, definedBy: first.place)
  }

  func refusal(of name: String, at place: String, definedBy first: String) -> ImportError {
    ImportError(
      file: file, place: scope.place(place),
      found: "defines \(ImportError.quoted(name)), which \(first) defines too",
      expected: "one definition of each name", advice: "give one of the two another name")
  }
}
