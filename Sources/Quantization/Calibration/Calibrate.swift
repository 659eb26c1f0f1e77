import IR
import Tensors

/// What was learned of values, by all samples and by all but those that are held back when ways to quantize are compared: a range that
/// has seen a sample says nothing of what another does to it.
struct CalibrationStatistics {
  var all: [ValueID: ValueStatistics]
  var withoutLast: [ValueID: ValueStatistics]
}

/// Statistics of every value of a graph that can be stored as integers, whatever is decided later, and of what products give. The
/// samples `last` are run after the others.
func calibrate(
  _ graph: Graph, _ samples: CalibrationSamples, last: Set<Int>, functions: [Graph],
  progress: (Double) -> Void
) throws(Diagnostic) -> CalibrationStatistics {
  let analysis = StorageAnalysis(graph, floating: [])
  var statistics: [ValueID: ValueStatistics] = [:]
  for value in graph.values where !analysis[value].storage.isEmpty || graph.isProductResult(value) {
    statistics[value] = ValueStatistics(channels: analysis[value], of: value, in: graph)
  }
  var withoutLast = statistics
  let order = (0..<samples.count).filter { !last.contains($0) } + last.sorted()
  for (position, sample) in order.enumerated() {
    progress(Double(position) / Double(samples.count))
    if position == samples.count - last.count { withoutLast = statistics }
    let inputs = try samples.read(sample)
    for (port, tensor) in zip(graph.inputs, inputs) { statistics[port.value]?.add(tensor) }
    _ = try evaluate(graph, inputs, functions: functions) { (event) throws(Diagnostic) in
      guard event.path.isEmpty else { return }
      for (value, tensor) in zip(event.graph[event.node].results, event.results) {
        statistics[value]?.add(tensor)
      }
    }
  }
  return CalibrationStatistics(all: statistics, withoutLast: last.isEmpty ? statistics : withoutLast)
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
