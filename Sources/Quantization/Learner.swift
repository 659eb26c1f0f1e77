import IR
import Tensors

/// What is known of a graph once it has run on all samples, and how it is quantized by some of them.
struct Learner {
  let graph: Graph
  let functions: [Graph]
  let statistics: CalibrationStatistics
  /// Those that layers are quantized on, and after them those that are held back.
  let samples: CalibrationSamples
  let fitted: Int
  let progress: (_ stage: String, _ share: Double) -> Void

  /// Runs all samples, of which so many are learned from and so many held back; or takes what a record knows of them.
  init(
    _ graph: Graph, _ functions: [Graph], _ samples: CalibrationSamples, fitted: Int, heldBack: Int,
    record: CalibrationRecord?, progress: @escaping (_ stage: String, _ share: Double) -> Void
  ) throws(Diagnostic) {
    self.graph = graph
    self.functions = functions
    self.fitted = fitted
    self.progress = progress
    if let record {
      statistics = try record.statistics(of: graph, fitted: fitted, heldBack: heldBack)
      self.samples = CalibrationSamples(count: record.learned.count, titles: samples.title) {
        record.learned[$0]
      }
      return
    }
    let learning = spread(fitted + heldBack, of: samples.count)
    self.samples = samples.only(learning)
    statistics = try calibrate(graph, samples, last: Set(learning.suffix(heldBack)), functions: functions) {
      progress("calibrating", $0)
    }
  }

  var heldBack: Int { samples.count - fitted }

  /// The samples that layers are quantized on.
  var seen: CalibrationSamples { samples.only(Array(0..<fitted)) }

  var seenStatistics: [ValueID: ValueStatistics] { heldBack > 0 ? statistics.withoutLast : statistics.all }

  /// Quantizes in each of several ways, all learning from the samples that are not held back.
  func walk(
    _ variants: [QuantizationVariant], _ decisions: Decisions, _ stage: String
  ) throws(Diagnostic) -> [QuantizationWalk.Outcome] {
    try walk(variants, decisions, fitted: fitted, measuresLayers: false, stage)
  }

  /// Quantizes as decisions say.
  func walk(
    _ decisions: Decisions, measuresLayers: Bool, _ stage: String
  ) throws(Diagnostic) -> QuantizationWalk.Outcome {
    try walk(
      [decisions.variant], decisions, fitted: decisions.fitted, measuresLayers: measuresLayers, stage)[0]
  }

  private func walk(
    _ variants: [QuantizationVariant], _ decisions: Decisions, fitted: Int, measuresLayers: Bool,
    _ stage: String
  ) throws(Diagnostic) -> [QuantizationWalk.Outcome] {
    let walk = QuantizationWalk(
      graph: graph, decisions: decisions,
      statistics: fitted < samples.count ? seenStatistics : statistics.all,
      samples: samples, fitted: fitted, measuresLayers: measuresLayers)
    return try walk.run(
      variants,
      evaluate: { [graph, functions] (node, operands) throws(Diagnostic) in
        try graph.evaluate(node, operands, functions: functions)
      }, progress: { progress(stage, $0) })
  }
}
