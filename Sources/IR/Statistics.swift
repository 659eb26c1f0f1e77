import Tensors

/// What a graph holds and how much it computes.
///
/// MACs are multiply-accumulates of convolutions, matrix products and recurrent layers, at most `Int.max`;
/// elementwise ops, norms, softmax and resampling are not counted, nor is anything computed from weights alone.
package struct Statistics: Hashable, Sendable {
  /// Elements of learned weights: floating point, or its quantized forms, and not the stored statistics of a batch norm. In a graph
  /// that waits for a checkpoint those with contents belong to its definition and are not learned.
  package var parameters = 0
  /// Elements of all weights.
  package var weightElements = 0
  /// Bytes of all weights in their present types.
  package var weightBytes = 0
  /// MACs of convolutions and transposed convolutions.
  package var convolutionMACs = 0
  /// MACs of matrix products with a weight and of recurrent layers.
  package var linearMACs = 0
  /// MACs of matrix products of two computed values, as in attention.
  package var attentionMACs = 0
  /// Number of nodes.
  package var nodes = 0

  /// MACs of every kind.
  package var macs: Int { saturatingSum(saturatingSum(convolutionMACs, linearMACs), attentionMACs) }

  package init(_ graph: Graph) {
    let waits = graph.waitsForCheckpoint
    for value in graph.weights { count(value, of: graph, waits: waits) }
    var isConstant = [Bool](repeating: false, count: graph.valueCapacity)
    for value in graph.weights { isConstant[value.index] = true }
    for id in graph.order {
      nodes += 1
      let node = graph[id]
      guard node.op.callee != nil || !node.operands.allSatisfy({ isConstant[$0.index] }) else {
        for result in node.results { isConstant[result.index] = true }
        continue
      }
      let types = (node.operands.map { graph.type(of: $0) }, node.results.map { graph.type(of: $0) })
      let work = Statistics(macs: node.op.multiplyAdds(types.0, types.1), of: node) { isConstant[$0.index] }
      add(work, times: 1)
    }
  }

  /// The work of one node.
  private init(macs: Int, of node: Node, isConstant: (ValueID) -> Bool) {
    switch node.op {
    case .conv, .convInteger, .convTranspose, .convTransposeInteger: convolutionMACs = macs
    case .matmul, .matmulInteger:
      if isConstant(node.operands[0]) || isConstant(node.operands[1]) {
        linearMACs = macs
      } else {
        attentionMACs = macs
      }
    default: linearMACs = macs
    }
  }

  /// What a function of a module holds and computes with all functions that it runs: weights of one name
  /// count once, work as often as it is done.
  package init(_ module: Module, function: Int = 0) {
    var work: [String: Statistics] = [:]
    let functions = module.reachable(from: module.functions[function])
    for graph in functions {
      var total = Statistics(graph)
      (total.parameters, total.weightElements, total.weightBytes) = (0, 0, 0)
      for id in graph.order {
        guard let callee = graph[id].op.callee, let once = work[callee] else { continue }
        if case .loop(let loop) = graph[id].op {
          total.add(once, times: loop.count)
        } else {
          total.add(once, times: 1)
        }
      }
      work[graph.name] = total
      self = total
    }
    countWeights(functions)
  }

  /// The weights of all functions of a module, those of one name once. Work is not counted.
  package init(weightsOf module: Module) { countWeights(module.functions) }

  private mutating func countWeights(_ functions: [Graph]) {
    var names: Set<String> = []
    let waits = functions.contains { $0.waitsForCheckpoint }
    for graph in functions {
      for value in graph.weights where names.insert(graph.weight(value)?.name ?? "").inserted {
        count(value, of: graph, waits: waits)
      }
    }
  }

  private mutating func count(_ value: ValueID, of graph: Graph, waits: Bool) {
    let type = graph.type(of: value)
    weightElements += type.shape.elementCount
    weightBytes += type.byteCount
    let isLearned =
      (type.element.isFloat || isQuantized(type)) && !isStoredStatistic(value, in: graph)
      && !(waits && graph.constant(value) != nil)
    if isLearned { parameters += numbers(of: value, in: graph) }
  }

  /// How many numbers a weight stands for, which may be packed, or in few bits of a table that counts for nothing.
  private func numbers(of value: ValueID, in graph: Graph) -> Int {
    let count = graph.shape(of: value).elementCount
    guard let user = graph.users(of: value).first else { return count }
    var reader = graph[user]
    // Of a table only rows are unpacked.
    if case .gather = reader.op, reader.operands[0] == value,
      let user = graph.users(of: reader.results[0]).first
    {
      reader = graph[user]
    }
    switch reader.op {
    case .unpack: break
    case .palette: guard reader.operands[1] != value else { return 0 }
    default: return count
    }
    let packed = graph.shape(of: reader.operands[0]).elementCount
    return packed == 0
      ? count : saturatingProduct([count, graph.shape(of: reader.results[0]).elementCount]) / packed
  }

  /// Whether weights of a type stand for floating point numbers: tables and zero points have one axis at most.
  private func isQuantized(_ type: TensorType) -> Bool {
    [.i8, .u8].contains(type.element) && type.rank >= 2
  }

  private mutating func add(_ other: Statistics, times: Int) {
    func add(_ path: WritableKeyPath<Statistics, Int>) {
      self[keyPath: path] = saturatingSum(
        self[keyPath: path], saturatingProduct([other[keyPath: path], times]))
    }
    add(\.convolutionMACs)
    add(\.linearMACs)
    add(\.attentionMACs)
    nodes &+= other.nodes
  }
}

private func isStoredStatistic(_ value: ValueID, in graph: Graph) -> Bool {
  let users = graph.users(of: value)
  return !users.isEmpty
    && users.allSatisfy { user in
      guard case .batchNorm = graph[user].op else { return false }
      return !graph[user].operands.prefix(3).contains(value)
    }
}

extension Graph {
  fileprivate var waitsForCheckpoint: Bool { weights.contains { constant($0) == nil } }
}
