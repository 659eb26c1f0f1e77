package import IR
package import Tensors

/// All that quantizing a function needs of its samples: what was learned of each value, and the few samples that layers learn from. It
/// stands for them when the function is quantized again.
package struct CalibrationRecord: Sendable {
  package var function: String
  /// Tells graphs apart.
  package var graph: UInt64
  /// How many samples there were.
  package var samples: Int
  /// The last of those that are kept: nothing is learned from them while ways to quantize are compared.
  package var heldBack: Int
  /// The inputs of those that are kept.
  package var learned: [[Tensor]]
  /// By the values' names: of all samples, and of all but those that are held back.
  package var all: [String: ValueStatistics]
  package var withoutLast: [String: ValueStatistics]

  package init(
    function: String, graph: UInt64, samples: Int, heldBack: Int, learned: [[Tensor]],
    all: [String: ValueStatistics], withoutLast: [String: ValueStatistics]
  ) {
    self.function = function
    self.graph = graph
    self.samples = samples
    self.heldBack = heldBack
    self.learned = learned
    self.all = all
    self.withoutLast = withoutLast
  }
}

extension Graph {
  /// Of its text, weights included.
  package var calibrationDigest: UInt64 {
    // FNV-1a.
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

extension CalibrationRecord {
  init(_ learner: Learner, samples: Int) throws(Diagnostic) {
    let names = GraphNames(learner.graph).values
    func byName(_ statistics: [ValueID: ValueStatistics]) -> [String: ValueStatistics] {
      Dictionary(
        statistics.compactMap { value, found in names[value].map { ($0, found) } },
        uniquingKeysWith: { first, _ in first })
    }
    function = learner.graph.name
    graph = learner.graph.calibrationDigest
    self.samples = samples
    heldBack = learner.heldBack
    learned = try (0..<learner.samples.count).map { (sample) throws(Diagnostic) in
      try learner.samples.read(sample)
    }
    all = byName(learner.statistics.all)
    withoutLast = byName(learner.statistics.withoutLast)
  }

  /// What it says of a graph's values. Fails where it is another graph's, or was made with another number of samples to learn from.
  func statistics(
    of graph: Graph, fitted: Int, heldBack: Int
  ) throws(Diagnostic) -> CalibrationStatistics {
    guard self.graph == graph.calibrationDigest else {
      throw Diagnostic(
        "the calibration cache of '\(function)' was made of another network, or of one with other sizes",
        advice: "remove it, and calibrate again")
    }
    guard fitted + heldBack == learned.count, heldBack == 0 || heldBack == self.heldBack else {
      throw Diagnostic(
        "the calibration cache of '\(function)' keeps \(learned.count) samples, \(self.heldBack) of them held back; this needs \(fitted + heldBack), \(heldBack) held back",
        advice: "remove it, and calibrate again")
    }
    let names = GraphNames(graph).values
    func byValue(_ statistics: [String: ValueStatistics]) -> [ValueID: ValueStatistics] {
      names.compactMapValues { statistics[$0] }
    }
    return CalibrationStatistics(all: byValue(all), withoutLast: byValue(withoutLast))
  }
}
