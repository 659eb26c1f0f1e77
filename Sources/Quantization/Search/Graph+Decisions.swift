import IR
import Tensors

extension Graph {
  /// The decisions of an assignment. What lies between layers in floating point alone is, too.
  func decisions(
    _ assignment: Assignment, _ groups: [LayerGroup], _ plain: Decisions
  ) -> Decisions {
    var decisions = plain
    for (group, option) in zip(groups, assignment) {
      let option = group.options[option]
      for node in group.nodes {
        decisions.set(node, option.format, because: "the budget asks for it")
        guard option.input != nil else { continue }
        decisions.variant.splitsInputs = true
        for (index, operand) in self[node].operands.enumerated() where isProductOperand(node, index) {
          decisions.inputs[operand] = option.input
        }
      }
    }
    for node in betweenFloating(decisions) {
      decisions.set(node, .fp32, because: "it lies between layers in floating point")
    }
    return decisions
  }

  /// Nodes that are no layers and from which other nodes lead to none but layers in floating point, in both directions.
  private func betweenFloating(_ decisions: Decisions) -> [NodeID] {
    var parent = [NodeID: NodeID]()
    func root(_ node: NodeID) -> NodeID {
      var node = node
      while let next = parent[node], next != node { node = next }
      return node
    }
    let isLayer = Set(order.filter { self.isLayer($0) })
    for node in order where !isLayer.contains(node) { parent[node] = node }
    var touchesIntegers: Set<NodeID> = []
    func eachNeighbor(_ node: NodeID, _ body: (NodeID) -> Void) {
      for operand in self[node].operands {
        guard type(of: operand).element == .f32, let producer = producer(of: operand) else { continue }
        body(producer)
      }
    }
    for node in order where parent[node] != nil {
      eachNeighbor(node) { if parent[$0] != nil { parent[root(node)] = root($0) } }
    }
    for node in order {
      eachNeighbor(node) { producer in
        if parent[node] != nil, isLayer.contains(producer), !decisions[producer].isFloating {
          touchesIntegers.insert(root(node))
        }
        if parent[producer] != nil, isLayer.contains(node), !decisions[node].isFloating {
          touchesIntegers.insert(root(producer))
        }
      }
    }
    return order.filter { node in
      parent[node] != nil && !decisions[node].isFloating && !decisions.kept.contains(node)
        && !touchesIntegers.contains(root(node))
    }
  }
}
