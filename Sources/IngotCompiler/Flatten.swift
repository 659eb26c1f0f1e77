import IR
import Tensors

/// A function without calls: what it runs stands in its place, loops as ranges of nodes that repeat.
struct FlatFunction {
  /// Node order is execution order; ``LoopStep`` nodes move what a loop carries.
  var graph: Graph
  /// Outer loops before those inside them.
  var loops: [FlatLoop] = []
  /// The calls and loops that stood in the function and in what it runs, each after the one that it lies in.
  var calls: [FlatCall] = []
  /// The call in whose function a node's result lies; none for those of the function itself.
  var callOfValue: [ValueID: Int] = [:]
}

/// A call or loop that was replaced by the nodes of what it runs.
struct FlatCall {
  /// The call that it lies in; nil for one of the function itself.
  var caller: Int?
  /// What it runs.
  var function: String
  /// Name of its first result.
  var name: String
}

/// Nodes at consecutive places of the order that run several times.
struct FlatLoop {
  /// Positions in the order.
  var range: Range<Int>
  var count: Int
}

/// Replaces the calls and loops of a function by the nodes of what they run.
///
/// ```
/// %y, %s = loop %x, @steps, %z {function = @f, count = 8, carried = 1, stepped = 1}
///     ->
/// %c = start %x;  %whole = space
/// repeated 8 times:  %p = take @steps;  (nodes of @f on %c, %p, %z giving %n, %o)
///                    %y = update %c, %n;  %s = put %whole, %o
/// ```
/// The graph must be one that the verifier accepts together with `functions`.
func flatten(_ graph: Graph, _ functions: [Graph]) throws(Diagnostic) -> FlatFunction {
  guard graph.runsFunctions else { return FlatFunction(graph: graph) }
  let named = Dictionary(functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  try checkFlatSize(graph, named)
  var flattener = Flattener(graph.name, named)
  return try flattener.run(graph)
}

/// Nodes of a flat function at most. Functions that call others several times grow with every level.
private let flatNodeLimit = 1 << 20

private func checkFlatSize(_ graph: Graph, _ functions: [String: Graph]) throws(Diagnostic) {
  var sizes: [String: Int] = [:]
  func size(_ graph: Graph) -> Int {
    if let known = sizes[graph.name] { return known }
    let total = graph.order.reduce(0) { sum, id in
      // A loop moves each operand and each result at most twice.
      let moves = 1 + 2 * (graph[id].operands.count + graph[id].results.count)
      let callee = graph[id].op.callee.flatMap { functions[$0] }
      return min(sum + (callee.map { size($0) + moves } ?? 1), flatNodeLimit + 1)
    }
    sizes[graph.name] = total
    return total
  }
  guard size(graph) <= flatNodeLimit else {
    throw Diagnostic(
      "function '\(graph.name)' has more than \(flatNodeLimit) nodes with those of all functions that it runs",
      advice: "repeat a function by 'loop', which takes its nodes once")
  }
}

private struct Flattener {
  private var flat: FlatFunction
  private let functions: [String: Graph]

  init(_ name: String, _ functions: [String: Graph]) {
    flat = FlatFunction(graph: Graph(name: name))
    self.functions = functions
  }

  mutating func run(_ graph: Graph) throws(Diagnostic) -> FlatFunction {
    let inputs = graph.inputs.map { flat.graph.addInput($0.name, graph.type(of: $0.value)) }
    let outputs = try inline(graph, inputs, prefix: "", call: nil)
    for (port, value) in zip(graph.outputs, outputs) {
      flat.graph.addOutput(port.name, value, sizes: port.sizes)
    }
    return flat
  }

  /// Appends the nodes of a function on `inputs`; gives the values of its outputs.
  private mutating func inline(
    _ graph: Graph, _ inputs: [ValueID], prefix: String, call: Int?
  ) throws(Diagnostic) -> [ValueID] {
    var values: [ValueID: ValueID] = [:]
    for (port, value) in zip(graph.inputs, inputs) { values[port.value] = value }
    for value in graph.weights { values[value] = try weight(value, graph) }
    for id in graph.order {
      let node = graph[id]
      let name = prefix.isEmpty || node.name.isEmpty ? node.name : "\(prefix)/\(node.name)"
      let results = try append(node, read(node.operands, values), name, graph, call)
      for (old, new) in zip(node.results, results) { values[old] = new }
    }
    return read(graph.outputs.map(\.value), values)
  }

  private func read(_ operands: [ValueID], _ values: [ValueID: ValueID]) -> [ValueID] {
    operands.map { operand in
      guard let value = values[operand] else { preconditionFailure("a value is read before it is defined") }
      return value
    }
  }

  private mutating func weight(_ value: ValueID, _ graph: Graph) throws(Diagnostic) -> ValueID {
    guard let weight = graph.weight(value), let tensor = weight.tensor else {
      throw Diagnostic(
        "weight '\(graph[value].name)' of function '\(graph.name)' has no contents",
        advice: "give a checkpoint that holds it with --checkpoint")
    }
    return flat.graph.addWeight(weight.name, tensor)
  }

  /// Appends a node, or what it runs.
  private mutating func append(
    _ node: Node, _ operands: [ValueID], _ name: String, _ graph: Graph, _ call: Int?
  ) throws(Diagnostic) -> [ValueID] {
    guard let callee = node.op.callee else {
      let results = try flat.graph.add(node.op, operands, name: name, at: node.location)
      for result in results { flat.callOfValue[result] = call }
      describe(results, as: node.results, of: graph)
      return results
    }
    guard let function = functions[callee] else {
      throw Diagnostic(
        "runs function '\(callee)', which is not among the functions given", at: node.location,
        op: node.op.name,
        advice: "give all functions of the module")
    }
    let inner = flat.calls.count
    flat.calls.append(
      FlatCall(caller: call, function: callee, name: node.results.first.map { graph[$0].name } ?? ""))
    guard case .loop(let loop) = node.op else {
      return try inline(function, operands, prefix: name, call: inner)
    }
    let results = try repeated(loop, function, operands, name: name, call: inner)
    describe(results, as: node.results, of: graph)
    return results
  }

  /// Gives values the names of those that they stand for.
  private mutating func describe(_ values: [ValueID], as others: [ValueID], of graph: Graph) {
    for (value, other) in zip(values, others) { flat.graph.rename(value, to: graph[other].name) }
  }

  /// Appends a loop; gives the values of its results.
  private mutating func repeated(
    _ loop: Loop, _ body: Graph, _ operands: [ValueID], name: String, call: Int
  ) throws(Diagnostic) -> [ValueID] {
    var carried: [ValueID] = []
    for operand in operands.prefix(loop.carried) {
      carried.append(try step(.start, [operand], type(operand), name))
    }
    var stacks: [ValueID] = []
    for type in loop.results.dropFirst(loop.carried) { stacks.append(try step(.space, [], type, name)) }

    let index = flat.loops.count
    let first = flat.graph.order.count
    flat.loops.append(FlatLoop(range: first..<first, count: loop.count))
    var inputs = carried
    for (position, operand) in operands.enumerated().dropFirst(loop.carried) {
      let isStepped = position < loop.carried + loop.stepped
      inputs.append(isStepped ? try step(.take, [operand], type(operand).withoutFirstAxis, name) : operand)
    }
    var outputs = try inline(body, inputs, prefix: name, call: call)
    // All updates happen at once by meaning, one after the other in memory: what an earlier one would overwrite
    // is copied.
    for position in carried.indices where carried[..<position].contains(root(of: outputs[position])) {
      outputs[position] = try step(.start, [outputs[position]], type(outputs[position]), name)
    }
    var results: [ValueID] = []
    for (position, whole) in stacks.enumerated() {
      results.append(try step(.put, [whole, outputs[loop.carried + position]], type(whole), name))
    }
    var updated: [ValueID] = []
    for (position, old) in carried.enumerated() {
      updated.append(try step(.update, [old, outputs[position]], type(old), name))
    }
    flat.loops[index].range = first..<flat.graph.order.count
    return updated + results
  }

  /// The value whose memory a view shows.
  private func root(of value: ValueID) -> ValueID {
    var value = value
    while let producer = flat.graph.producer(of: value) {
      let node = flat.graph[producer]
      guard let operand = node.operands.first, node.op.viewStart(in: flat.graph.shape(of: operand)) != nil
      else {
        return value
      }
      value = operand
    }
    return value
  }

  private func type(_ value: ValueID) -> TensorType { flat.graph.type(of: value) }

  private mutating func step(
    _ kind: LoopStep.Kind, _ operands: [ValueID], _ type: TensorType, _ name: String
  ) throws(Diagnostic) -> ValueID {
    try flat.graph.add(.loopStep(LoopStep(kind, type)), operands, name: name)[0]
  }
}
