import IR
import Tensors

/// Reads a function of a quantized number from a table of what its integers give.
///
///     %a = dequantize %q, @s, @z                   ->      %y = lookup %q, @table
///     %b = sigmoid %a
///     %c = mul %a, %b
///     %y = quantize %c, @ys, @yz
///
/// The function is whatever elementwise ops make of the number and of constants. Integers of 8 bits have an entry each, by
/// which the result is what it was. Of those of 16 bits every 128th has one, and what lies between is interpolated, if that
/// gives every result within 1 step of 8 bits or 4 of 16.
@Sendable func lookUpFunction(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  let entry = graph[node]
  guard case .quantize = entry.op, let steps = graph.steps(of: entry), steps.isWhole, steps.element != .i32,
    graph.isOnlyQuantized(entry.operands[0]),
    let function = QuantizedFunction(entry.operands[0], in: graph),
    graph.shape(of: function.integers) == graph.shape(of: entry.results[0])
  else { return false }
  let name = graph[node].name
  let description = "made a table of \(graph.describe(node))"
  if function.steps.element != .i16 {
    guard let table = function.table(quantizing: entry, in: graph) else { return false }
    try context.rewrite(
      node, as: .lookup(Lookup()), [function.integers, context.addWeight(name + ".table", table)], description
    )
    return true
  }
  guard let curve = InterpolatedTable(function, quantizing: entry, steps, in: graph) else { return false }
  try context.rewrite(
    node, as: .lookup(curve.op),
    [function.integers, context.addWeight(name + ".table", curve.table)]
      + curve.factors.weights(of: name, &context) + [entry.operands[2]], description)
  return true
}

/// A number that elementwise nodes compute of one that is dequantized and of constants.
private struct QuantizedFunction {
  let integers: ValueID
  let steps: Steps
  private let value: ValueID
  private let source: Node
  /// In execution order.
  private let nodes: [NodeID]

  init?(_ value: ValueID, in graph: Graph) {
    var search = Search(graph)
    guard search.visit(value, depth: 24), let source = search.source, let steps = graph.steps(of: source),
      !search.nodes.isEmpty
    else { return nil }
    self.value = value
    self.source = source
    self.steps = steps
    integers = source.operands[0]
    nodes = search.nodes
  }

  /// The function of integers, also of those beyond the range of their type.
  func callAsFunction(_ integers: [Int64], in graph: Graph) -> Tensor? {
    let numbers = integers.map { Float($0 - steps.zeros[0]) * steps.scales[0] }
    var known: [ValueID: Tensor] = [:]
    let argument = Tensor(numbers, shape: [integers.count])
    for node in nodes {
      var operands: [Tensor] = []
      for operand in graph[node].operands {
        if let result = known[operand] {
          operands.append(result)
        } else if let number = graph.numbers(operand) {
          operands.append(Tensor([number.floats[0]], shape: [], element: .f32).converted(to: number.element))
        } else {
          operands.append(argument)
        }
      }
      guard let result = try? graph[node].op.evaluate(operands)[0] else { return nil }
      known[graph.result(node)] = result
    }
    return known[value]
  }

  /// An entry for each integer of 8 bits.
  func table(quantizing quantize: Node, in graph: Graph) -> Tensor? {
    guard let range = steps.element.integerRange, let results = self(Array(range), in: graph) else {
      return nil
    }
    let parameters = quantize.operands.dropFirst().compactMap { graph.constant($0) }
    return try? quantize.op.evaluate([results] + parameters)[0]
  }

  /// Finds the nodes and the one number that they are computed of.
  private struct Search {
    let graph: Graph
    var source: Node?
    var nodes: [NodeID] = []

    init(_ graph: Graph) { self.graph = graph }

    mutating func visit(_ value: ValueID, depth: Int) -> Bool {
      if let numbers = graph.numbers(value) { return numbers.elementCount == 1 }
      guard depth > 0, let id = graph.producer(of: value) else { return false }
      let node = graph[id]
      if nodes.contains(id) { return true }
      if case .dequantize = node.op { return start(node) }
      guard node.op.isElementwise,
        graph.type(of: value).element == .f32 || graph.type(of: value).element == .bool
      else { return false }
      for operand in node.operands { guard visit(operand, depth: depth - 1) else { return false } }
      nodes.append(id)
      return nodes.count <= 64
    }

    private mutating func start(_ node: Node) -> Bool {
      guard let steps = graph.steps(of: node), steps.isWhole, steps.element != .i32 else { return false }
      guard let source else {
        self.source = node
        return true
      }
      return source.operands[0] == node.operands[0] && graph.steps(of: source) == steps
    }
  }
}

/// A table of 513 entries for a function of integers of 16 bits.
private struct InterpolatedTable {
  let table: Tensor
  let factors: Factors
  let op: Lookup

  init?(_ function: QuantizedFunction, quantizing quantize: Node, _ steps: Steps, in graph: Graph) {
    guard case .quantize(let rounding) = quantize.op else { return nil }
    let places = (0...512).map { Int64($0) * 128 - 32768 }
    guard let curve = function(places, in: graph)?.floats, curve.allSatisfy({ $0.isFinite }) else {
      return nil
    }
    let largest = Double(curve.reduce(0) { max($0, abs($1)) })
    let step = largest > 0 ? largest / 32767 : 1
    table = Tensor(curve.map { Int64((Double($0) / step).rounded()) }, shape: [513], element: .i16)
    guard let factors = Factors([step / 128 / Double(steps.scales[0])]) else { return nil }
    self.factors = factors
    op = Lookup(Rescaling(rounding.rounding))
    guard let error = error(function, quantizing: quantize, in: graph) else { return nil }
    guard error <= (steps.element == .i16 ? 4 : 1) else { return nil }
  }

  /// The most steps by which a result lies off.
  private func error(_ function: QuantizedFunction, quantizing quantize: Node, in graph: Graph) -> Int64? {
    let integers = Array(Int64(-32768)...32767)
    let parameters = quantize.operands.dropFirst().compactMap { graph.constant($0) }
    guard parameters.count == 2, let numbers = function(integers, in: graph),
      let wanted = try? quantize.op.evaluate([numbers] + parameters)[0],
      let found = try? Op.lookup(op).evaluate(
        [Tensor(integers, shape: [integers.count], element: .i16), table] + factors.tensors + [parameters[1]])[
          0]
    else { return nil }
    return zip(wanted.integers, found.integers).map { abs($0 - $1) }.max()
  }
}
