import IR

/// Nodes that stay in floating point because of where they stand.
///
/// What a logarithm reads is known by its ratio, not by its difference: on any even grid the small values of a spectrum vanish.
/// Everything before a logarithm that does few of the network's multiply-adds, at most `share`, stays as it is; the share that is left is
/// for others.
func nodesBeforeLogarithms(_ graph: Graph, share: Double) -> (reasons: [NodeID: String], shareLeft: Double) {
  var work: [NodeID: Int] = [:]
  for id in graph.order {
    let node = graph[id]
    work[id] = node.op.multiplyAdds(
      node.operands.map { graph.type(of: $0) }, node.results.map { graph.type(of: $0) })
  }
  let total = Double(max(work.values.reduce(0, +), 1))
  var left = total * share
  var found: [NodeID: String] = [:]
  for id in graph.order {
    guard case .unary(let op) = graph[id].op, op.function == .log else { continue }
    let before = ancestors(of: id, in: graph).subtracting(found.keys)
    let cost = Double(before.reduce(0) { $0 + work[$1]! })
    guard cost <= left else { continue }
    left -= cost
    for node in before { found[node] = "a logarithm reads its result, whose small values 8 bits would lose" }
  }
  return (found, left / total)
}

/// The node and all that it depends on.
private func ancestors(of node: NodeID, in graph: Graph) -> Set<NodeID> {
  var found: Set<NodeID> = [node]
  var pending = [node]
  while let next = pending.popLast() {
    for operand in graph[next].operands {
      if let producer = graph.producer(of: operand), found.insert(producer).inserted {
        pending.append(producer)
      }
    }
  }
  return found
}
