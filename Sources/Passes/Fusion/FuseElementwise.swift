import IR
import Tensors

/// Fuses elementwise ops that only read each other into one `elementwise` op, which needs no intermediate
/// tensors.
///
///     %a = mul %x, %y                       ->   %z = elementwise %x, %y, %n
///     %f = cast %n {to = f32}                      {steps = [mul.f32(0, 1), add.f32(3, 2), floor.f32(4)],
///     %b = add %a, %f                               to = i64}
///     %c = floor %b
///     %z = cast %c {to = i64}
///
/// An op joins its reader when nobody else reads it and its result has the shape of the whole, so that
/// broadcasting never computes it twice, and the target has the whole as one. Each step computes in the domain that its op's element type says,
/// and where a value goes from one domain into the other a step converts it; a cast at a border costs nothing,
/// as loading and storing convert. Not fused are ops on f16 and bf16, which round after every op, where a
/// fused one keeps fp32.
package let fuseElementwise = Pass(
  "fuse-elementwise", "Fuses elementwise ops into one without intermediate tensors."
) {
  (context: inout PassContext) throws(Diagnostic) in
  var positions = [Int](repeating: 0, count: context.graph.nodeCapacity)
  for (index, node) in context.graph.order.enumerated() { positions[node.index] = index }
  for root in context.graph.order.reversed() where context.graph.contains(root) {
    guard let cluster = Cluster(root: root, in: context.graph, positions, context.fusion) else { continue }
    let names = cluster.nodes.map { context.graph.describe($0) }.joined(separator: ", ")
    let element = context.graph.type(of: context.graph.result(root)).element
    try context.rewrite(
      root, as: .elementwise(Elementwise(cluster.program.steps, element: element)), cluster.program.operands,
      "fused \(names)")
  }
}

/// A set of elementwise nodes that become one.
private struct Cluster {
  /// In execution order; the last is the root.
  private(set) var nodes: [NodeID]
  private(set) var program: ElementwiseProgram

  init?(root: NodeID, in graph: Graph, _ positions: [Int], _ fusion: FusionRules) {
    guard Self.isFusable(root, in: graph) else { return nil }
    let shape = graph.shape(of: graph.result(root))
    var members: Set<NodeID> = [root]
    var rejected: Set<NodeID> = []
    nodes = [root]
    program = ElementwiseProgram(nodes, in: graph)
    // Consumers come before producers, so that a producer is judged when all its readers have been.
    func isAllowed(_ nodes: [NodeID], _ program: ElementwiseProgram) -> Bool {
      let op = Op.elementwise(
        Elementwise(program.steps, element: graph.type(of: graph.result(root)).element))
      let guests = nodes.filter { $0 != root }
      return fusion.allows(
        FusionRules.Candidate(host: root, guests: guests, op: op, operands: program.operands), graph)
    }
    while let next = Self.candidates(of: members, in: graph).subtracting(rejected).max(by: {
      positions[$0.index] < positions[$1.index]
    }) {
      let result = graph.result(next)
      let isFree = !graph.isOutput(result) && graph.users(of: result).allSatisfy { members.contains($0) }
      rejected.insert(next)
      guard isFree, graph.shape(of: result) == shape, Self.isFusable(next, in: graph), !isHalf(result) else {
        continue
      }
      let widened = members.union([next]).sorted { positions[$0.index] < positions[$1.index] }
      let candidate = ElementwiseProgram(widened, in: graph)
      guard candidate.isWithinLimits, isAllowed(widened, candidate) else { continue }
      members.insert(next)
      (nodes, program) = (widened, candidate)
    }
    guard nodes.count > 1 else { return nil }

    func isHalf(_ value: ValueID) -> Bool { [.f16, .bf16].contains(graph.type(of: value).element) }
  }

  /// Whether steps compute what the node does, of operands and a result of any element.
  private static func isFusable(_ node: NodeID, in graph: Graph) -> Bool {
    switch graph[node].op {
    case .cast: return true
    case .unary, .binary, .select:
      let element = graph.computedElement(of: graph[node])
      return element == .f32 || !element.isFloat
    default: return false
    }
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
}
