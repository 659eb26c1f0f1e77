/// Which nodes of a list contribute to its outputs.
struct ONNXLiveness {
  /// For each node.
  private(set) var isLive: [Bool]
  /// Names that live nodes or the outputs read, including those that nested graphs capture.
  private(set) var read: Set<String>

  init(_ nodes: [ONNXNode], outputs: [String]) {
    isLive = [Bool](repeating: false, count: nodes.count)
    read = Set(outputs)
    for position in nodes.indices.reversed() where nodes[position].outputs.contains(where: isRead) {
      isLive[position] = true
      addInputs(of: nodes[position])
    }
    read.remove("")
  }

  private func isRead(_ name: String) -> Bool { !name.isEmpty && read.contains(name) }

  private mutating func addInputs(of node: ONNXNode) {
    read.formUnion(node.inputs)
    for attribute in node.attributes {
      switch attribute.value {
      case .graph(let graph): addNames(of: graph)
      case .graphs(let graphs): for graph in graphs { addNames(of: graph) }
      default: break
      }
    }
  }

  private mutating func addNames(of graph: ONNXGraph) {
    read.formUnion(graph.outputs.map(\.name))
    for node in graph.nodes { addInputs(of: node) }
  }
}
