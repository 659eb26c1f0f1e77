import IR
import Tensors

/// Statistics of every value of a graph that will be stored as integers, and of what products give, over all samples.
func calibrate(
  _ graph: Graph, _ analysis: StorageAnalysis, _ samples: CalibrationSamples, functions: [Graph],
  progress: (Double) -> Void
) throws(Diagnostic) -> [ValueID: ValueStatistics] {
  var statistics: [ValueID: ValueStatistics] = [:]
  for value in graph.values where !analysis[value].storage.isEmpty || graph.isProductResult(value) {
    statistics[value] = ValueStatistics(channels: analysis[value], of: value, in: graph)
  }
  for sample in 0..<samples.count {
    progress(Double(sample) / Double(samples.count))
    let inputs = try samples.read(sample)
    for (port, tensor) in zip(graph.inputs, inputs) { statistics[port.value]?.add(tensor) }
    _ = try evaluate(graph, inputs, functions: functions) { (event) throws(Diagnostic) in
      guard event.path.isEmpty else { return }
      for (value, tensor) in zip(event.graph[event.node].results, event.results) {
        statistics[value]?.add(tensor)
      }
    }
  }
  return statistics
}

extension ValueStatistics {
  /// With ranges of channels where all products that read a value agree on what its channels are.
  fileprivate init(channels readers: Readers, of value: ValueID, in graph: Graph) {
    let axes = Set(readers.products.compactMap { Product($0.node, in: graph)?.channelAxis })
    guard let axis = axes.first, axes.count == 1, readers.products.allSatisfy({ $0.operand == 0 }) else {
      self.init()
      return
    }
    self.init(channelAxis: axis, channels: graph.shape(of: value)[axis])
  }
}
