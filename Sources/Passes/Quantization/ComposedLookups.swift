import IR
import Tensors

/// Reads from one table what integer ops make of a single number of 8 bits.
///
///     %b = lookup %q, @sigmoid                             ->      %y = lookup %q, @y.table
///     %y = mul_integer %q, @z, %b, @bz, @m, @s, @yz
///
/// A number of 8 bits has 256 values, and the table holds what the ops give for each, bit by bit. So a gate such as
/// x·sigmoid(x), which models that come quantized spell out, reads its operand once, and no memory holds the factor.
@Sendable func composeLookups(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let function = IntegerFunction(node, in: graph), let table = function.table(in: graph) else {
    return false
  }
  try context.rewrite(
    node, as: .lookup(Lookup()),
    [function.argument, context.addWeight(graph[node].name + ".table", table)],
    "made a table of \(graph.describe(node)) and what it is computed of")
  return true
}

/// Two or more ops, each result of which depends at its place on one number of 8 bits and on constants.
private struct IntegerFunction {
  let argument: ValueID
  private let result: ValueID
  /// In execution order.
  private let nodes: [NodeID]

  /// The nearest number that everything is computed of; a function of that composes in turn.
  init?(_ node: NodeID, in graph: Graph) {
    guard graph[node].op.mapsIntegers else { return nil }
    result = graph.result(node)
    var place = node
    for _ in 0..<Self.depth {
      // What is computed of one number is so by every path, the one by first operands too.
      let value = graph[place].operands[0]
      guard graph.constant(value) == nil else { return nil }
      var search = Search(value, graph)
      if graph.type(of: value).element.hasTable, search.visit(result, depth: Self.depth),
        search.nodes.count > 1
      {
        argument = value
        nodes = search.nodes
        return
      }
      guard let producer = graph.producer(of: value), graph[producer].op.mapsIntegers else { return nil }
      place = producer
    }
    return nil
  }

  private static let depth = 8

  func table(in graph: Graph) -> Tensor? {
    let element = graph.type(of: argument).element
    guard let range = element.integerRange else { return nil }
    var known = [argument: Tensor(Array(range), shape: [range.count], element: element)]
    for node in nodes {
      let operands = graph[node].operands.compactMap { known[$0] ?? graph.constant($0).map(Self.scalar) }
      guard let value = try? graph[node].op.evaluate(operands)[0] else { return nil }
      known[graph.result(node)] = value
    }
    return known[result]
  }

  /// A single number whatever its shape, and a table as it is.
  private static func scalar(_ constant: Tensor) -> Tensor {
    constant.elementCount == 1 ? constant.reshaped([]) : constant
  }

  private struct Search {
    let graph: Graph
    let argument: ValueID
    var nodes: [NodeID] = []

    init(_ argument: ValueID, _ graph: Graph) {
      self.argument = argument
      self.graph = graph
    }

    mutating func visit(_ value: ValueID, depth: Int) -> Bool {
      if value == argument { return true }
      guard depth > 0, let id = graph.producer(of: value) else { return false }
      if nodes.contains(id) { return true }
      let node = graph[id]
      guard node.op.mapsIntegers, graph.shape(of: value) == graph.shape(of: argument) else { return false }
      for (place, operand) in node.operands.enumerated() {
        if let constant = graph.constant(operand) {
          guard constant.elementCount == 1 || node.op.readsTable(place) else { return false }
        } else if !visit(operand, depth: depth - 1) {
          return false
        }
      }
      nodes.append(id)
      return nodes.count <= 32
    }
  }
}

extension Op {
  /// Whether every integer of the result is computed of those at its place.
  fileprivate var mapsIntegers: Bool {
    switch self {
    case .lookup, .rescale, .addInteger, .mulInteger: true
    default: false
    }
  }

  fileprivate func readsTable(_ operand: Int) -> Bool {
    if case .lookup = self { operand == 1 } else { false }
  }
}

extension ElementType {
  fileprivate var hasTable: Bool { self == .i8 || self == .u8 }
}
