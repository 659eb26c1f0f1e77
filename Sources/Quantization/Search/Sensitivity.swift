import IR
import Tensors

/// What becomes of a graph's outputs when one value alone is read in 8 bits.
struct Sensitivity {
  private let learner: Learner
  private let graph: Graph
  private let analysis: StorageAnalysis
  /// Samples that are looked at.
  private static let samples = 2

  init(_ learner: Learner, _ decisions: Decisions) {
    self.learner = learner
    graph = learner.graph
    analysis = decisions.analysis(learner.graph)
  }

  /// Values that products had better read in more than 8 bits.
  struct Choice {
    var sixteenBits: Set<ValueID> = []
    var twoBytes: Set<ValueID> = []
  }

  /// Those that spoil the outputs most for the multiply-adds of the products: in 16 bits up to a share of all, in two bytes, which each
  /// product of integers of 8 bits is computed twice for, up to another.
  func choose(sixteenBits: Double, twoBytes: Double) throws(Diagnostic) -> Choice {
    let work = multiplyAdds()
    let limit = Double(work.total) * max(sixteenBits, twoBytes)
    let candidates = work.ofReaders.filter { Double($0.value) <= limit && $0.value > 0 }.keys.sorted()
    guard !candidates.isEmpty else { return Choice() }
    var noise: [ValueID: Double] = [:]
    for sample in spread(Self.samples, of: learner.fitted) {
      let outputs = try OutputNoise(
        graph, functions: learner.functions, inputs: try learner.samples.read(sample))
      let measure = ValueNoise(
        graph: graph, functions: learner.functions, analysis: analysis, statistics: learner.seenStatistics)
      let found = try concurrently(candidates.count) { (index) throws(Diagnostic) in
        try measure.share(candidates[index], outputs)
      }
      for (value, found) in zip(candidates, found) { noise[value, default: 0] += found }
    }
    let order = candidates.sorted { a, b in
      let (first, second) = (noise[a]! / Double(work.ofReaders[a]!), noise[b]! / Double(work.ofReaders[b]!))
      return first != second ? first > second : a < b
    }
    var choice = Choice()
    func take(_ share: Double, where isAllowed: (ValueID) -> Bool) -> Set<ValueID> {
      var left = Double(work.total) * share
      var taken: Set<ValueID> = []
      let allowed = order.filter(isAllowed)
      let total = allowed.reduce(0) { $0 + noise[$1]! }
      // What does less than a hundredth of the harm is not worth the time.
      for value in allowed where noise[value]! > total / 100 && Double(work.ofReaders[value]!) <= left {
        left -= Double(work.ofReaders[value]!)
        taken.insert(value)
      }
      return taken
    }
    // Of a product of two values both would have to have 16 bits.
    choice.sixteenBits = take(sixteenBits) { value in
      analysis[value].products.allSatisfy { Product($0.node, in: graph) != nil }
    }
    choice.twoBytes = take(twoBytes) { [chosen = choice.sixteenBits] in !chosen.contains($0) }
    return choice
  }

  /// Multiply-adds of the products that read each value as integers, unless they read two bytes of it anyway, and of all.
  private func multiplyAdds() -> (ofReaders: [ValueID: Int], total: Int) {
    var result: (ofReaders: [ValueID: Int], total: Int) = ([:], graph.multiplyAdds)
    for value in graph.values
    where analysis[value].storage.isNarrow && !analysis.isSplit(value) && !hasNarrowSource(value) {
      let nodes = Set(analysis[value].products.map(\.node))
      result.ofReaders[value] = nodes.reduce(0) { $0 + graph.multiplyAdds(of: $1) }
    }
    return result
  }

  /// Whether a value's elements come from where they have 8 bits already.
  private func hasNarrowSource(_ value: ValueID) -> Bool {
    guard let producer = graph.producer(of: value) else { return false }
    return graph[producer].operands.contains { operand in
      let storage = analysis[operand].storage
      return graph.passesElements(producer, operand) && storage.isNarrow && !storage.isWide
    }
  }
}

/// What one value that is read in 8 bits does to the outputs.
private struct ValueNoise: Sendable {
  let graph: Graph
  let functions: [Graph]
  let analysis: StorageAnalysis
  let statistics: [ValueID: ValueStatistics]

  /// The share of the outputs' power that turns to noise.
  func share(_ value: ValueID, _ outputs: OutputNoise) throws(Diagnostic) -> Double {
    guard let found = statistics[value] else { return 0 }
    let exact = try outputs.exact(value)
    let rounded = Grid(eightBits: found.range).nearest(exact)
    var results: [NodeID: [Tensor]] = [:]
    for node in Set(analysis[value].products.map(\.node)) {
      let operands = try graph[node].operands.map { (operand) throws(Diagnostic) in
        operand == value ? rounded : try outputs.exact(operand)
      }
      results[node] = try graph.evaluate(node, operands, functions: functions)
    }
    return try outputs.shares(changing: results).reduce(0, +)
  }
}
