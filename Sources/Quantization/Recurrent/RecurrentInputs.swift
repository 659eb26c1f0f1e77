import IR
import Tensors

/// Products that give recurrent layers their inputs, and that 8 bits would ruin: a layer carries what is wrong with one step into the
/// next ones.
struct RecurrentInputs {
  private let graph: Graph
  private let functions: [Graph]
  /// Samples that are looked at.
  private static let samples = 3
  /// The noise of a layer's results, as a share of their power, from which on its input is split.
  private static let limit = 0.01
  /// The share of all multiply-adds that a product makes at most which is split.
  private static let share = 0.05

  init(_ graph: Graph, functions: [Graph]) {
    self.graph = graph
    self.functions = functions
  }

  /// The products that are to be split, and why.
  func products(_ samples: CalibrationSamples) throws(Diagnostic) -> [NodeID: String] {
    let candidates = candidates
    guard !candidates.isEmpty else { return [:] }
    var noise: [NodeID: Double] = [:]
    let chosen = spread(Self.samples, of: samples.count)
    for sample in chosen {
      let wanted = Set(candidates.flatMap { [$0.product.input] + graph[$0.layer].operands })
      let values = try values(wanted, try samples.read(sample))
      for (product, layer) in candidates {
        noise[product.node, default: 0] += try self.noise(product, layer, values)
      }
    }
    return noise.filter { $0.value > Self.limit * Double(chosen.count) }.mapValues { _ in
      "the recurrent layer that reads its result carries what is wrong with one step into the next ones"
    }
  }

  private var candidates: [(product: Product, layer: NodeID)] {
    let total = graph.multiplyAdds
    return graph.order.compactMap { node in
      guard let layer = RecurrentLayer(node, in: graph), let source = graph.producer(of: layer.gates),
        graph.onlyUser(of: layer.gates) == node, let product = Product(source, in: graph),
        SplitProduct.canSplit(product, in: graph),
        Double(graph.multiplyAdds(of: source)) <= Self.share * Double(total)
      else { return nil }
      return (product, node)
    }
  }

  private func values(_ wanted: Set<ValueID>, _ inputs: [Tensor]) throws(Diagnostic) -> [ValueID: Tensor] {
    var values: [ValueID: Tensor] = [:]
    for (port, tensor) in zip(graph.inputs, inputs) { values[port.value] = tensor }
    _ = try evaluate(graph, inputs, functions: functions) { (event) throws(Diagnostic) in
      guard event.path.isEmpty else { return }
      for (value, tensor) in zip(event.graph[event.node].results, event.results) where wanted.contains(value)
      {
        values[value] = tensor
      }
    }
    return values
  }

  /// What becomes of a layer's outputs when its input is rounded to 8 bits.
  private func noise(
    _ product: Product, _ layer: NodeID, _ values: [ValueID: Tensor]
  ) throws(Diagnostic) -> Double {
    guard let input = values[product.input] else { return 0 }
    var statistics = ValueStatistics()
    statistics.add(input)
    let bias = product.bias.flatMap { graph.constant($0) }
    let gates = try product.evaluate(
      Grid(eightBits: statistics.range).nearest(input), graph.constant(product.weight)!, bias: bias)
    var operands = graph[layer].operands.compactMap { values[$0] ?? graph.constant($0) }
    let exact = try graph.evaluate(layer, operands, functions: functions)[0]
    operands[0] = gates
    let rounded = try graph.evaluate(layer, operands, functions: functions)[0]
    return weightedPower(exact, rounded, nil) / max(weightedPower(exact, nil, nil), 1e-30)
  }
}

extension QuantizationWalk {
  /// Computes a product exactly, and in two parts in every lane.
  func split(_ product: Product, _ streams: Streams, _ lanes: inout [Lane]) throws(Diagnostic) {
    var statistics = ValueStatistics(
      channelAxis: product.channelAxis, channels: graph.shape(of: product.input)[product.channelAxis])
    let weights = graph.constant(product.weight)!
    let bias = product.bias.flatMap { graph.constant($0) }
    let result = graph[product.node].results[0]
    for sample in 0..<samples.count {
      let input = try streams.exact(product.input, sample)
      if sample < fitted { statistics.add(input) }
      try streams.setExact(result, sample, try product.evaluate(input, weights, bias: bias))
    }
    let split = SplitProduct(product, largest: statistics.channelMagnitudes, in: graph)
    for lane in lanes.indices {
      lanes[lane].plan.recurrentInputs[product.node] = split
      for sample in 0..<samples.count {
        let input = try lanes[lane].read(product.input, sample)
        try lanes[lane].write(result, sample, try split.evaluate(input))
      }
    }
  }
}
