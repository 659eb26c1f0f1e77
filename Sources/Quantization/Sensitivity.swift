import IR
import Tensors

/// What becomes of a graph's outputs when one value alone is read in 8 bits.
struct Sensitivity {
  private let graph: Graph
  private let analysis: StorageAnalysis
  private let statistics: [ValueID: ValueStatistics]
  private let functions: [Graph]
  /// Samples that are looked at, and the most bytes of values that are kept of one.
  private static let samples = 2
  private static let memoryLimit = 1 << 30

  init(
    _ graph: Graph, _ analysis: StorageAnalysis, _ statistics: [ValueID: ValueStatistics], functions: [Graph]
  ) {
    self.graph = graph
    self.analysis = analysis
    self.statistics = statistics
    self.functions = functions
  }

  /// Values that products had better read in more than 8 bits.
  struct Choice {
    var sixteenBits: Set<ValueID> = []
    var twoBytes: Set<ValueID> = []
  }

  /// Those that spoil the outputs most for the multiply-adds of the products: in 16 bits up to a share of all, in two bytes, which each
  /// product of integers of 8 bits is computed twice for, up to another.
  func choose(
    _ samples: CalibrationSamples, sixteenBits: Double, twoBytes: Double
  ) throws(Diagnostic) -> Choice {
    let work = multiplyAdds()
    let limit = Double(work.total) * max(sixteenBits, twoBytes)
    let candidates = work.ofReaders.filter { Double($0.value) <= limit && $0.value > 0 }.keys.sorted()
    let bytes = graph.values.reduce(0) { $0 + (graph.weight($1) == nil ? graph.type(of: $1).byteCount : 0) }
    guard !candidates.isEmpty, bytes <= Self.memoryLimit else { return Choice() }
    var noise: [ValueID: Double] = [:]
    for sample in spread(Self.samples, of: samples.count) {
      let exact = try values(try samples.read(sample))
      let found = try concurrently(candidates.count, bytesOfEach: bytes) { (index) throws(Diagnostic) in
        try self.noise(candidates[index], exact)
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

  /// Every value of a run.
  private func values(_ inputs: [Tensor]) throws(Diagnostic) -> [ValueID: Tensor] {
    var values: [ValueID: Tensor] = [:]
    for (port, tensor) in zip(graph.inputs, inputs) { values[port.value] = tensor }
    _ = try evaluate(graph, inputs, functions: functions) { (event) throws(Diagnostic) in
      guard event.path.isEmpty else { return }
      for (value, tensor) in zip(event.graph[event.node].results, event.results) { values[value] = tensor }
    }
    return values
  }

  /// The share of the outputs' power that turns to noise.
  private func noise(_ value: ValueID, _ exact: [ValueID: Tensor]) throws(Diagnostic) -> Double {
    guard let found = statistics[value], let source = exact[value] else { return 0 }
    let readers = Set(analysis[value].products.map(\.node))
    let rounded = Grid(eightBits: found.range).nearest(source)
    var changed: [ValueID: Tensor] = [:]
    for id in graph.order {
      let node = graph[id]
      guard readers.contains(id) || node.operands.contains(where: { changed[$0] != nil }) else { continue }
      let operands = node.operands.map { operand in
        operand == value && readers.contains(id)
          ? rounded : changed[operand] ?? exact[operand] ?? graph.constant(operand)!
      }
      for (result, tensor) in zip(node.results, try graph.evaluate(id, operands, functions: functions)) {
        changed[result] = tensor
      }
    }
    return graph.outputs.reduce(0) { sum, output in
      guard let after = changed[output.value], let before = exact[output.value] else { return sum }
      return sum + weightedPower(before, after, nil) / max(weightedPower(before, nil, nil), 1e-30)
    }
  }
}
