import IR

/// What a graph's logarithms, and roots, ask of the nodes before them.
///
/// What a logarithm reads is known by its ratio, not by its difference: on any even grid of 8 bits the small values of a spectrum vanish.
struct BeforeLogarithms {
  /// Nodes that stay in floating point, and why.
  private(set) var floating: [NodeID: String] = [:]
  /// Products whose inputs and weights are split in two bytes each, and why.
  private(set) var split: [NodeID: String] = [:]
  /// The share of multiply-adds that is left for others in more than 8 bits.
  private(set) var shareLeft: Double
  /// The share that is left for others in two bytes.
  private(set) var splitShareLeft: Double

  /// The most that products in two bytes may do of the network's multiply-adds.
  static let splitShare = 0.15

  /// Everything before a logarithm that does at most `share` of the multiply-adds stays as it is. Where it does more, sums, powers and
  /// roots stay in floating point, and products are split: what they give is as fine as from 16 bits, on integers of 8.
  init(_ graph: Graph, share: Double) {
    var work: [NodeID: Int] = [:]
    for id in graph.order { work[id] = graph.multiplyAdds(of: id) }
    let total = Double(max(work.values.reduce(0, +), 1))
    var (left, splitLeft) = (total * share, total * Self.splitShare)
    for id in graph.order {
      guard case .unary(let op) = graph[id].op, op.function == .log else { continue }
      let before = ancestors(of: id, in: graph).subtracting(floating.keys).subtracting(split.keys)
      let cost = Double(before.reduce(0) { $0 + work[$1]! })
      if cost <= left {
        left -= cost
        for node in before {
          floating[node] = "a logarithm reads its result, whose small values 8 bits would lose"
        }
      } else if cost <= splitLeft {
        let products = before.filter { work[$0]! > 0 }
        guard products.allSatisfy({ Product($0, in: graph) != nil }) else { continue }
        splitLeft -= cost
        for node in before.subtracting(products) {
          floating[node] = "it lies between products in two bytes and the logarithm that reads their results"
        }
        for node in products {
          split[node] = "a logarithm reads its result, whose small values one byte would lose"
        }
      }
    }
    for id in graph.order {
      guard case .unary(let op) = graph[id].op, op.function == .sqrt else { continue }
      for node in elementwiseBefore(id, in: graph) where floating[node] == nil && split[node] == nil {
        floating[node] = "a root reads its result, whose small values 16 bits would lose"
      }
    }
    shareLeft = left / total
    splitShareLeft = splitLeft / total
  }
}

/// A root and the functions of single elements before it, such as the sum of squares of a magnitude, which has twice the range of what it
/// is made of. Floating point costs no multiply-adds there.
private func elementwiseBefore(_ root: NodeID, in graph: Graph) -> Set<NodeID> {
  var found: Set<NodeID> = [root]
  var pending = [root]
  while let next = pending.popLast() {
    for operand in graph[next].operands {
      guard let producer = graph.producer(of: operand), !graph.isOutput(operand),
        graph.users(of: operand).allSatisfy(found.contains)
      else { continue }
      switch graph[producer].op {
      case .unary, .binary: if found.insert(producer).inserted { pending.append(producer) }
      default: break
      }
    }
  }
  return found
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
