package import IR
import Tensors

/// The nodes of a graph with their places, in execution order, and the pieces in which they run.
package struct PlacedGraph: Sendable {
  package var nodes: [NodeID]
  /// One for each node.
  package var placements: [Placement]
  package var segments: [Segment]
}

/// Nodes that run one after the other on the engines, or on what these fall back to.
package struct Segment: Sendable, Hashable {
  /// The engines, in the order in which they come.
  package var engines: [String]
  package var isFallback: Bool
  /// How many ops there are.
  package var count: Int
  package var multiplyAdds: Int
  /// What comes from pieces of the other kind and goes to them.
  package var border: Placement.Border
}

extension PlacedGraph {
  init(_ graph: Graph, _ nodes: [NodeID], _ found: [Placement], on target: Target) {
    let isFallback = found.map { $0.engine == target.fallback.engine }
    let borders = Borders(graph, nodes, isFallback, target)
    var placements = found
    var segments: [Segment] = []
    for members in Grouping(graph, nodes, isFallback).segments {
      for member in members {
        placements[member].segment = segments.count
        placements[member].border = borders.border(of: [member])
      }
      var engines: [String] = []
      for member in members where !engines.contains(found[member].engine) {
        engines.append(found[member].engine)
      }
      segments.append(
        Segment(
          engines: engines, isFallback: isFallback[members[0]], count: members.count,
          multiplyAdds: members.reduce(0) { $0 &+ found[$1].multiplyAdds },
          border: borders.border(of: members)))
    }
    self.init(nodes: nodes, placements: placements, segments: segments)
  }
}

/// Gathers nodes into as few pieces as their values allow without looking ahead: a piece takes all that can run
/// before the other kind must.
private struct Grouping {
  /// Positions of nodes, in execution order.
  private(set) var segments: [[Int]] = []

  init(_ graph: Graph, _ nodes: [NodeID], _ isFallback: [Bool]) {
    guard !nodes.isEmpty else { return }
    var positions: [NodeID: Int] = [:]
    for (position, node) in nodes.enumerated() { positions[node] = position }
    // A node waits for those that compute what it reads, be it through nodes that are no work.
    var waiting = [Int](repeating: 0, count: nodes.count)
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (position, node) in nodes.enumerated() {
      for source in Set(graph[node].operands.flatMap { graph.workBehind($0, positions) }) {
        waiting[position] += 1
        readers[source].append(position)
      }
    }
    var ready: [[Int]] = [[], []]
    func side(_ position: Int) -> Int { isFallback[position] ? 1 : 0 }
    for position in nodes.indices where waiting[position] == 0 { ready[side(position)].append(position) }
    var current = side(0)
    while !ready[0].isEmpty || !ready[1].isEmpty {
      if ready[current].isEmpty { current = 1 - current }
      var members: [Int] = []
      var next = 0
      while next < ready[current].count {
        let position = ready[current][next]
        next += 1
        members.append(position)
        for reader in readers[position] {
          waiting[reader] -= 1
          if waiting[reader] == 0 { ready[side(reader)].append(reader) }
        }
      }
      ready[current] = []
      segments.append(members.sorted())
    }
  }
}

extension Graph {
  /// Positions of the nodes that compute a value; of one that no placed node computes, such as what a loop carries,
  /// of those behind it.
  fileprivate func workBehind(_ value: ValueID, _ positions: [NodeID: Int], depth: Int = 4) -> [Int] {
    guard let producer = producer(of: value) else { return [] }
    if let position = positions[producer] { return [position] }
    guard depth > 0 else { return [] }
    return self[producer].operands.flatMap { workBehind($0, positions, depth: depth - 1) }
  }
}

/// What crosses between nodes on the engines and others.
private struct Borders {
  private let graph: Graph
  private let nodes: [NodeID]
  private let target: Target
  private var kinds: [NodeID: Bool] = [:]

  init(_ graph: Graph, _ nodes: [NodeID], _ isFallback: [Bool], _ target: Target) {
    self.graph = graph
    self.nodes = nodes
    self.target = target
    for (node, isFallback) in zip(nodes, isFallback) { kinds[node] = isFallback }
  }

  /// At nodes of one kind: values that nodes of the other kind compute or read, each once.
  func border(of members: [Int]) -> Placement.Border {
    let own = members.map { nodes[$0] }
    let kind = own.first.flatMap { kinds[$0] }
    func isOther(_ node: NodeID) -> Bool { kinds[node].map { $0 != kind } ?? false }
    var read: Set<ValueID> = []
    var written: Set<ValueID> = []
    for node in own {
      read.formUnion(graph[node].operands.filter { graph.producer(of: $0).map(isOther) ?? false })
      written.formUnion(graph[node].results.filter { graph.users(of: $0).contains(where: isOther) })
    }
    var border = Placement.Border(bytesIn: bytes(read), bytesOut: bytes(written), microseconds: 0)
    let crossings = [read, written].count { !$0.isEmpty }
    guard crossings > 0 else { return border }
    let fallback = target.fallback
    border.microseconds = fallback.crossingUs?.value.flatMap { once in
      fallback.crossingGbPerS?.value.map { Double(crossings) * once + Double(border.bytes) / ($0 * 1e3) }
    }
    return border
  }

  private func bytes(_ values: Set<ValueID>) -> Int {
    values.reduce(0) { sum, value in
      let type = graph.type(of: value)
      return sum &+ type.shape.elementCount &* type.element.byteCount
    }
  }
}
