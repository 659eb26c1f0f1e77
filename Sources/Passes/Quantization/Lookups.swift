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
  guard case .quantize = entry.op, let steps = graph.steps(of: entry), let zero = steps.zero,
    steps.element != .i32,
    graph.isOnlyQuantized(entry.operands[0]),
    let function = QuantizedFunction(entry.operands[0], in: graph),
    graph.shape(of: function.integers) == graph.shape(of: entry.results[0])
  else { return false }
  let name = graph[node].name
  let description = "made a table of \(graph.describe(node))"
  if function.steps.element != .i16, steps.isWhole {
    guard let table = function.table(quantizing: entry, in: graph) else { return false }
    try context.rewrite(
      node, as: .lookup(Lookup()), [function.integers, context.addWeight(name + ".table", table)], description
    )
    return true
  }
  guard let curve = ScaledTable(function, quantizing: entry, steps, in: graph) else { return false }
  let scalar =
    graph.shape(of: entry.operands[2]).rank == 0
    ? entry.operands[2]
    : context.addWeight(name + ".zero", Tensor([zero], shape: [], element: steps.element))
  try context.rewrite(
    node, as: .lookup(curve.op),
    [function.integers, context.addWeight(name + ".table", curve.table)]
      + curve.factors.weights(of: name, &context) + [scalar], description)
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

/// A table of a function in 16 bits, and what makes steps of the result of them: 513 entries for integers of 16 bits, between which is
/// interpolated, 256 for those of 8.
private struct ScaledTable {
  let table: Tensor
  let factors: Factors
  let op: Lookup

  init?(_ function: QuantizedFunction, quantizing quantize: Node, _ steps: Steps, in graph: Graph) {
    guard case .quantize(let quantization) = quantize.op, let range = function.steps.element.integerRange,
      let zero = steps.zero
    else { return nil }
    let isWide = function.steps.element == .i16
    let places = isWide ? (0...512).map { Int64($0) * 128 - 32768 } : Array(range)
    guard let curve = function(places, in: graph)?.floats, curve.allSatisfy({ $0.isFinite }) else {
      return nil
    }
    let largest = Double(curve.reduce(0) { max($0, abs($1)) })
    let step = largest > 0 ? largest / 32767 : 1
    table = Tensor(curve.map { Int64((Double($0) / step).rounded()) }, shape: [places.count], element: .i16)
    let entry = isWide ? step / 128 : step
    guard let factors = Factors(steps.scales.map { entry / Double($0) }) else { return nil }
    self.factors = factors
    op = Lookup(Rescaling(quantization.rounding), axis: steps.isWhole ? Lookup().axis : steps.axis)
    // Steps are finest where the scale is smallest.
    let finest = steps.scales.min() ?? 1
    guard let fine = Factors([entry / Double(finest)]),
      let error = error(
        function, fine, [Tensor(scalar: finest), Tensor([zero], shape: [], element: steps.element)],
        quantization.rounding, in: graph)
    else { return nil }
    guard error <= (steps.element == .i16 ? 4 : 1) else { return nil }
  }

  /// The most steps by which a result lies off, with one scale and zero point.
  private func error(
    _ function: QuantizedFunction, _ factors: Factors, _ parameters: [Tensor],
    _ rounding: Rescaling.Rounding, in graph: Graph
  ) -> Int64? {
    let integers = Array(function.steps.element.integerRange ?? 0...0)
    let argument = Tensor(integers, shape: [integers.count], element: function.steps.element)
    guard let numbers = function(integers, in: graph),
      let wanted = try? Op.quantize(Quantize(rounding: rounding)).evaluate([numbers] + parameters)[0],
      let found = try? Op.lookup(Lookup(Rescaling(rounding))).evaluate(
        [argument, table] + factors.tensors + [parameters[1]])[0]
    else { return nil }
    return zip(wanted.integers, found.integers).map { abs($0 - $1) }.max()
  }
}
