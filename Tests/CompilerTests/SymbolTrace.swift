import IR
import Tensors

/// What a function of a module computes, in symbols: every element that a node computes is a new one each time
/// that the node runs, and what only moves elements (reshape, slice, concat, calls, loops) moves symbols.
///
/// Nodes need names of their own within their function.
struct SymbolTrace {
  /// The symbols of a tensor's elements.
  struct Symbols: Equatable {
    var type: TensorType
    var elements: [Int64]

    /// A symbol for each byte.
    var bytes: [Int64] {
      let size = Int64(type.element.byteCount)
      return elements.flatMap { symbol in (0..<size).map { symbol * 8 + $0 } }
    }
  }

  /// One run of a node.
  struct Run {
    var op: Op
    var operands: [Symbols]
    var results: [Symbols]
  }

  private(set) var inputs: [Symbols] = []
  private(set) var outputs: [Symbols] = []
  /// By name; functions share them.
  private(set) var weights: [String: Symbols] = [:]
  /// Runs of each node in order of time. A node's name has those of the calls and loops that it is run by in
  /// front: `sampler/block/add`.
  private(set) var runs: [String: [Run]] = [:]
  private var next: Int64 = 0
  private let functions: [Graph]

  init(_ graph: Graph, _ functions: [Graph]) throws {
    self.functions = functions
    for port in graph.inputs { inputs.append(fresh(graph.type(of: port.value))) }
    outputs = try evaluate(graph, inputs, prefix: "")
  }

  private mutating func fresh(_ type: TensorType) -> Symbols {
    let count = Int64(type.shape.elementCount)
    defer { next += count }
    return Symbols(type: type, elements: Array(next..<(next + count)))
  }

  private mutating func evaluate(_ graph: Graph, _ inputs: [Symbols], prefix: String) throws -> [Symbols] {
    var values: [ValueID: Symbols] = [:]
    for (port, symbols) in zip(graph.inputs, inputs) { values[port.value] = symbols }
    for value in graph.weights {
      let name = graph.weight(value)?.name ?? ""
      let symbols = weights[name] ?? fresh(graph.type(of: value))
      weights[name] = symbols
      values[value] = symbols
    }
    for id in graph.order {
      let node = graph[id]
      let operands = node.operands.compactMap { values[$0] }
      let name = prefix.isEmpty ? node.name : "\(prefix)/\(node.name)"
      let results = try run(node, operands, node.results.map { graph.type(of: $0) }, name)
      for (result, symbols) in zip(node.results, results) { values[result] = symbols }
    }
    return graph.outputs.compactMap { values[$0.value] }
  }

  private mutating func run(
    _ node: Node, _ operands: [Symbols], _ types: [TensorType], _ name: String
  ) throws -> [Symbols] {
    let callee = functions.first { $0.name == node.op.callee }
    switch node.op {
    case .call:
      guard let callee else { throw SimulationError("'\(name)' runs what is not there") }
      return try evaluate(callee, operands, prefix: name)
    case .loop(let loop):
      guard let callee else { throw SimulationError("'\(name)' runs what is not there") }
      return try run(loop, callee, operands, types, name)
    case .reshape, .slice, .concat:
      let tensors = operands.map { Tensor($0.elements, shape: $0.type.shape) }
      let moved = Symbols(type: types[0], elements: try node.op.evaluate(tensors)[0].integers)
      runs[name, default: []].append(Run(op: node.op, operands: operands, results: [moved]))
      return [moved]
    default:
      let results = types.map { fresh($0) }
      runs[name, default: []].append(Run(op: node.op, operands: operands, results: results))
      return results
    }
  }

  private mutating func run(
    _ loop: Loop, _ body: Graph, _ operands: [Symbols], _ types: [TensorType], _ name: String
  ) throws -> [Symbols] {
    var carried = Array(operands.prefix(loop.carried))
    var stacks = types.dropFirst(loop.carried).map { Symbols(type: $0, elements: []) }
    for step in 0..<loop.count {
      var inputs = carried
      for (index, operand) in operands.enumerated().dropFirst(loop.carried) {
        guard index < loop.carried + loop.stepped else {
          inputs.append(operand)
          continue
        }
        let size = operand.elements.count / loop.count
        let part = Array(operand.elements[(step * size)..<((step + 1) * size)])
        inputs.append(Symbols(type: operand.type.withoutFirstAxis, elements: part))
      }
      let outputs = try evaluate(body, inputs, prefix: name)
      carried = Array(outputs.prefix(loop.carried))
      for (index, output) in outputs.dropFirst(loop.carried).enumerated() {
        stacks[index].elements += output.elements
      }
    }
    return carried + stacks
  }
}
