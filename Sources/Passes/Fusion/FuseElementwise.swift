import IR
import Tensors

/// Fuses elementwise ops that only read each other into one `elementwise` op, which needs no intermediate
/// tensors.
///
///     %a = mul %x, %y                              ->      %z = elementwise %x, %y, %r
///     %b = add %a, %r                                        {steps = [mul(0, 1), add(3, 2), relu(4)]}
///     %z = relu %b
///
/// An op joins its reader when nobody else reads it, its result has the shape of the whole (so that
/// broadcasting never computes it twice) and the arithmetic stays the same: all f32 and bool, or all i64 and
/// bool. A cast joins at the borders, where the fused op converts anyway.
package let fuseElementwise = Pass(
  "fuse-elementwise", "Fuses elementwise ops into one without intermediate tensors."
) {
  (context: inout PassContext) throws(Diagnostic) in
  var positions = [Int](repeating: 0, count: context.graph.nodeCapacity)
  for (index, node) in context.graph.order.enumerated() { positions[node.index] = index }
  for root in context.graph.order.reversed() where context.graph.contains(root) {
    guard let cluster = Cluster(root: root, in: context.graph, positions) else { continue }
    let names = cluster.nodes.map { context.graph.describe($0) }.joined(separator: ", ")
    try context.rewrite(root, as: .elementwise(cluster.op), cluster.operands, "fused \(names)")
  }
}

/// A set of elementwise nodes that become one.
private struct Cluster {
  /// In execution order; the last is the root.
  private(set) var nodes: [NodeID]
  private(set) var operands: [ValueID] = []
  private(set) var op = Elementwise()

  init?(root: NodeID, in graph: Graph, _ positions: [Int]) {
    guard let arithmetic = Arithmetic(ofRoot: root, in: graph) else { return nil }
    let shape = graph.shape(of: graph.result(root))
    var members: Set<NodeID> = [root]
    var rejected: Set<NodeID> = []
    nodes = [root]
    // Consumers come before producers, so that a producer is judged when all its readers have been.
    while let next = Self.candidates(of: members, in: graph).subtracting(rejected).max(by: {
      positions[$0.index] < positions[$1.index]
    }) {
      let result = graph.result(next)
      let isFree = !graph.isOutput(result) && graph.users(of: result).allSatisfy { members.contains($0) }
      let widened = members.union([next])
      if isFree, graph.shape(of: result) == shape, arithmetic.admits(next, in: graph),
        Self.isWithinLimits(widened, in: graph)
      {
        members = widened
      } else {
        rejected.insert(next)
      }
    }
    nodes = members.sorted { positions[$0.index] < positions[$1.index] }
    guard nodes.count > 1 else { return nil }
    operands = Self.external(members, nodes, in: graph)
    guard let steps = steps(in: graph), !steps.isEmpty else { return nil }
    op = Elementwise(steps, element: graph.type(of: graph.result(root)).element)
  }

  private static func candidates(of members: Set<NodeID>, in graph: Graph) -> Set<NodeID> {
    var found: Set<NodeID> = []
    for member in members {
      for operand in graph[member].operands {
        if let producer = graph.producer(of: operand), !members.contains(producer) { found.insert(producer) }
      }
    }
    return found
  }

  /// What the members read from outside, each once, in order of first use.
  private static func external(_ members: Set<NodeID>, _ nodes: [NodeID], in graph: Graph) -> [ValueID] {
    var values: [ValueID] = []
    for node in nodes {
      for operand in graph[node].operands where !values.contains(operand) {
        if let producer = graph.producer(of: operand), members.contains(producer) { continue }
        values.append(operand)
      }
    }
    return values
  }

  private static func isWithinLimits(_ members: Set<NodeID>, in graph: Graph) -> Bool {
    members.count <= Elementwise.stepLimit
      && external(members, Array(members), in: graph).count <= Elementwise.operandLimit
  }

  private func steps(in graph: Graph) -> [Elementwise.Step]? {
    var registers: [ValueID: Int] = [:]
    for (index, operand) in operands.enumerated() { registers[operand] = index }
    var steps: [Elementwise.Step] = []
    for node in nodes {
      let entry = graph[node]
      let read = entry.operands.compactMap { registers[$0] }
      guard read.count == entry.operands.count else { return nil }
      switch entry.op {
      case .unary(let op): steps.append(Elementwise.Step(.unary(op.function), read, p0: op.p0, p1: op.p1))
      case .binary(let op): steps.append(Elementwise.Step(.binary(op.function), read))
      case .select: steps.append(Elementwise.Step(.select, read))
      case .cast:
        // Conversion happens on reading an operand or writing the result.
        registers[entry.results[0]] = read[0]
        continue
      default: return nil
      }
      registers[entry.results[0]] = operands.count + steps.count - 1
    }
    // The result must be the last step.
    guard let root = nodes.last, registers[graph.result(root)] == operands.count + steps.count - 1 else {
      return nil
    }
    return steps
  }
}

/// The registers in which a cluster computes.
private enum Arithmetic {
  case float, integer

  init?(ofRoot root: NodeID, in graph: Graph) {
    let entry = graph[root]
    let types = entry.operands.map { graph.type(of: $0).element }
    let result = graph.type(of: entry.results[0]).element
    switch entry.op {
    case .unary, .binary, .select, .cast: break
    default: return nil
    }
    if types.contains(.f32) {
      self = .float
    } else if types.allSatisfy({ $0 == .i64 || $0 == .bool }), !result.isFloat {
      self = .integer
    } else {
      return nil
    }
    if case .cast = entry.op { return }
    guard admits(root, in: graph) else { return nil }
  }

  /// Whether a node computes the same in these registers.
  func admits(_ node: NodeID, in graph: Graph) -> Bool {
    let entry = graph[node]
    let own: ElementType = self == .float ? .f32 : .i64
    let result = graph.type(of: entry.results[0]).element
    guard result == own || result == .bool else { return false }
    switch entry.op {
    case .unary, .binary, .select:
      return entry.operands.allSatisfy { [own, .bool].contains(graph.type(of: $0).element) }
    case .cast:
      // Converting from another type is what reading the operand does; from the own type it would be lost.
      let source = graph.type(of: entry.operands[0]).element
      return result == own && source != own && (self == .float || source == .bool)
    default: return false
    }
  }
}
