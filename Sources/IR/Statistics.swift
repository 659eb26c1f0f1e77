import Tensors

/// What a graph holds and how much it computes.
///
/// MACs are multiply-accumulates of convolutions and matrix products; elementwise ops, norms, softmax and
/// resampling are not counted, nor is anything computed from weights alone.
package struct Statistics: Hashable, Sendable {
  /// Elements of learned weights: floating point, and not the stored statistics of a batch norm. In a graph
  /// that waits for a checkpoint those with contents belong to its definition and are not learned.
  package var parameters = 0
  /// Elements of all weights.
  package var weightElements = 0
  /// Bytes of all weights in their present types.
  package var weightBytes = 0
  /// MACs of convolutions and transposed convolutions.
  package var convolutionMACs = 0
  /// MACs of matrix products with a weight.
  package var linearMACs = 0
  /// MACs of matrix products of two computed values, as in attention.
  package var attentionMACs = 0
  /// Number of nodes.
  package var nodes = 0

  /// MACs of every kind.
  package var macs: Int { convolutionMACs + linearMACs + attentionMACs }

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
      switch node.op {
      case .conv, .convInteger:
        let taps = graph.shape(of: node.operands[1]).extents.dropFirst().reduce(1, &*)
        convolutionMACs &+= graph.shape(of: node.results[0]).elementCount &* taps
      case .convTranspose:
        let taps = graph.shape(of: node.operands[1]).extents.dropFirst().reduce(1, &*)
        convolutionMACs &+= graph.shape(of: node.operands[0]).elementCount &* taps
      case .recurrent(let op):
        let steps = graph.shape(of: node.results[0])
        linearMACs &+= steps.elementCount &* op.gateCount &* steps[3]
      case .matmul(let op):
        let a = graph.shape(of: node.operands[0])
        let count = graph.shape(of: node.results[0]).elementCount &* a[a.rank - (op.transposeA ? 2 : 1)]
        if isConstant[node.operands[0].index] || isConstant[node.operands[1].index] {
          linearMACs &+= count
        } else {
          attentionMACs &+= count
        }
      default: break
      }
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
      type.element.isFloat && !isStoredStatistic(value, in: graph) && !(waits && graph.constant(value) != nil)
    if isLearned { parameters += type.shape.elementCount }
  }

  private mutating func add(_ other: Statistics, times: Int) {
    convolutionMACs &+= other.convolutionMACs &* times
    linearMACs &+= other.linearMACs &* times
    attentionMACs &+= other.attentionMACs &* times
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
