import IR

extension Graph {
  /// Multiply-adds of a node.
  func multiplyAdds(of id: NodeID) -> Int {
    let node = self[id]
    return node.op.multiplyAdds(node.operands.map { type(of: $0) }, node.results.map { type(of: $0) })
  }

  /// Those of all nodes.
  var multiplyAdds: Int { order.reduce(0) { $0 + multiplyAdds(of: $1) } }
}
