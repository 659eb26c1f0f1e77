import IR
import Tensors

/// Quantizes a graph layer by layer, in the order of execution, in several lanes at once: each computes with all that it has quantized
/// before, beside what the source computes.
///
/// Decisions see the first `fitted` samples; the others only tell what came of them.
struct QuantizationWalk {
  let graph: Graph
  let decisions: Decisions
  let analysis: StorageAnalysis
  let statistics: [ValueID: ValueStatistics]
  let samples: CalibrationSamples
  let fitted: Int
  /// Whether to tell what quantizing does to each layer.
  let measuresLayers: Bool

  init(
    graph: Graph, decisions: Decisions, statistics: [ValueID: ValueStatistics], samples: CalibrationSamples,
    fitted: Int, measuresLayers: Bool
  ) {
    self.graph = graph
    self.decisions = decisions
    self.statistics = statistics
    self.samples = samples
    self.fitted = fitted
    self.measuresLayers = measuresLayers
    analysis = decisions.analysis(graph)
  }

  /// What a lane has found.
  struct Outcome {
    var plan: QuantizationPlan
    /// The outputs of each sample that no decision has seen.
    var heldOut: [SampleOutputs]
    /// By node, where layers are measured.
    var layers: [LayerQuality]
  }

  /// `evaluate` computes a node that is no product.
  func run(
    _ variants: [QuantizationVariant],
    evaluate: @Sendable (NodeID, [Tensor]) throws(Diagnostic) -> [Tensor], progress: (Double) -> Void
  ) throws(Diagnostic) -> [Outcome] {
    let streams = try Streams(graph, samples: samples.count, lanes: variants.count)
    var layers = [[LayerQuality]](repeating: [], count: variants.count)
    var lanes = variants.enumerated().map { Lane(self, streams, index: $0, $1) }
    try readInputs(into: streams, &lanes)
    for (position, node) in graph.order.enumerated() {
      progress(Double(position) / Double(graph.order.count))
      for result in graph[node].results {
        streams.open(result)
        for lane in lanes.indices { lanes[lane].store(result) }
      }
      if decisions[node] == .scaledRows, let product = Product(node, in: graph) {
        try self.split(product, streams, &lanes)
      } else if let product = Product(node, in: graph), analysis.isQuantized(product, in: graph) {
        try run(product, streams, &lanes)
        try measure(&layers, lanes) { (lane) throws(Diagnostic) in try lane.quality(of: product) }
      } else if let layer = RecurrentLayer(node, in: graph), analysis.isQuantized(layer) {
        try run(layer, streams, &lanes)
      } else {
        try run(node, streams, &lanes, evaluate)
        try measure(&layers, lanes) { (lane) throws(Diagnostic) in try lane.quality(of: node, evaluate) }
      }
      for operand in graph[node].operands { streams.release(operand) }
    }
    return try lanes.indices.map { (lane) throws(Diagnostic) in
      let heldOut = try (fitted..<samples.count).map { (sample) throws(Diagnostic) in
        SampleOutputs(
          exact: try graph.outputs.map { (port) throws(Diagnostic) in try streams.exact(port.value, sample) },
          quantized: try graph.outputs.map { (port) throws(Diagnostic) in
            try streams.quantized(port.value, sample, lane: lane)
          })
      }
      return Outcome(plan: lanes[lane].plan, heldOut: heldOut, layers: layers[lane])
    }
  }

  private func measure(
    _ layers: inout [[LayerQuality]], _ lanes: [Lane], _ quality: (Lane) throws(Diagnostic) -> LayerQuality?
  ) throws(Diagnostic) {
    guard measuresLayers else { return }
    for index in lanes.indices {
      if let found = try quality(lanes[index]) { layers[index].append(found) }
    }
  }

  private func readInputs(into streams: Streams, _ lanes: inout [Lane]) throws(Diagnostic) {
    for port in graph.inputs {
      streams.open(port.value)
      for lane in lanes.indices { lanes[lane].store(port.value) }
    }
    for sample in 0..<samples.count {
      for (port, tensor) in zip(graph.inputs, try samples.read(sample)) {
        try streams.setExact(port.value, sample, tensor)
        for lane in lanes { try lane.write(port.value, sample, tensor) }
      }
    }
  }

  private func run(
    _ node: NodeID, _ streams: Streams, _ lanes: inout [Lane],
    _ evaluate: @Sendable (NodeID, [Tensor]) throws(Diagnostic) -> [Tensor]
  ) throws(Diagnostic) {
    let entry = graph[node]
    for lane in lanes.indices {
      try lanes[lane].decideForms(of: node)
      lanes[lane].storeWeight(of: node)
    }
    _ = try concurrently(samples.count) { [lanes] (sample) throws(Diagnostic) in
      let operands = try entry.operands.map { (value) throws(Diagnostic) in try streams.exact(value, sample) }
      for (result, tensor) in zip(entry.results, try evaluate(node, operands)) {
        try streams.setExact(result, sample, tensor)
      }
      for lane in lanes {
        let operands = try lane.operands(of: node, sample)
        for (result, tensor) in zip(entry.results, try evaluate(node, operands)) {
          try lane.write(result, sample, tensor)
        }
      }
    }
  }

  private func run(_ product: Product, _ streams: Streams, _ lanes: inout [Lane]) throws(Diagnostic) {
    let result = graph[product.node].results[0]
    let weights = graph.constant(product.weight)!
    let bias = product.bias.flatMap { graph.constant($0) }
    let following = FollowingFunctions(result, in: graph)
    streams.setSlopes(following.isEmpty ? nil : TensorType(.f32, graph.shape(of: result)))
    _ = try concurrently(samples.count) { [fitted] (sample) throws(Diagnostic) in
      let input = try streams.exact(product.input, sample)
      let exact = try product.evaluate(input, weights, bias: bias)
      try streams.setExact(result, sample, exact)
      if sample < fitted, let slopes = try following.slopes(at: exact) {
        try streams.setSlopes(sample, slopes)
      }
    }
    lanes = try concurrently(lanes.count) { [lanes] (index) throws(Diagnostic) in
      var lane = lanes[index]
      try lane.quantize(product)
      return lane
    }
  }
}
