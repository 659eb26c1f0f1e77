package import IR
package import Passes
import Tensors

/// How to quantize.
package struct QuantizationOptions: Sendable {
  /// Samples that layers are quantized on; ranges come from all of them.
  package var learningSamples = 24
  /// Of networks that do much work as few samples as stay within these multiply-adds, but no fewer than 8: theirs have many places to
  /// learn from.
  package var learningWork = 150e9
  /// The share of multiply-adds that may be computed in more than 8 bits.
  package var wideShare = 0.02
  /// The ways to try; the one that does best on samples held back is taken.
  package var variants = [
    QuantizationVariant(), QuantizationVariant(searchesRanges: true),
    QuantizationVariant(scalesChannels: true),
    QuantizationVariant(searchesRanges: true, scalesChannels: true),
    QuantizationVariant(scalesChannels: true, weighsBySlope: false),
  ]

  package init() {}

  fileprivate func samplesToLearnFrom(_ graph: Graph) -> Int {
    let affordable = Int(min(learningWork / Double(max(graph.multiplyAdds, 1)), 1e6))
    return min(learningSamples, max(8, affordable))
  }
}

/// What quantizing one graph found.
package struct QuantizationReport: Sendable {
  package struct Attempt: Sendable {
    package var variant: QuantizationVariant
    /// Mean and least agreement on samples held back, in dB.
    package var mean: Double
    package var worst: Double

    package init(variant: QuantizationVariant, mean: Double, worst: Double) {
      self.variant = variant
      self.mean = mean
      self.worst = worst
    }
  }

  /// The one with the best mean among those that ruin no sample, or among all where each does.
  package static func best(_ attempts: [Attempt]) -> Attempt? {
    // Noise of a tenth of the signal's power: what is left of a sample is hardly its own.
    let sound = attempts.filter { $0.worst >= 10 }
    var best: Attempt?
    for attempt in sound.isEmpty ? attempts : sound where attempt.mean > best?.mean ?? -.infinity {
      best = attempt
    }
    return best
  }

  /// Whether a variant that takes more time gains a decibel in the mean, and does not make a bad sample worse.
  func isWorthItsTime(_ finer: QuantizationVariant) -> Bool {
    guard let new = attempts.first(where: { $0.variant == finer }),
      let old = attempts.first(where: { $0.variant == chosen })
    else { return false }
    return new.mean >= old.mean + 1 && new.worst >= min(old.worst, 30)
  }

  package var function: String
  /// How many there were to calibrate with.
  package var samples: Int
  package var attempts: [Attempt] = []
  package var chosen: QuantizationVariant
  /// Values that products read in 16 bits.
  package var sixteenBits: [String] = []
  /// Nodes in floating point, and why.
  package var floating: [(node: String, reason: String)] = []
  /// What became of each layer, in the order of execution.
  package var layers: [LayerQuality] = []
  /// Values of which products read two bytes.
  package var twoBytes: [String] = []
  /// Products in two bytes, weights too, and why.
  package var split: [(node: String, reason: String)] = []
}

/// Quantizes one function of a module by samples of its inputs.
package struct Quantizer {
  let options: QuantizationOptions
  let progress: (_ stage: String, _ share: Double) -> Void

  package init(
    _ options: QuantizationOptions,
    progress: @escaping (_ stage: String, _ share: Double) -> Void = { _, _ in }
  ) {
    self.options = options
    self.progress = progress
  }

  /// The pass that writes the graph with its values and weights as integers, and what was found on the way.
  package func quantize(
    _ graph: Graph, functions: [Graph], _ samples: CalibrationSamples
  ) throws(Diagnostic) -> (pass: Pass, report: QuantizationReport) {
    guard samples.count > 0 else {
      throw Diagnostic("there are no samples to calibrate '\(graph.name)' with", advice: "give at least one")
    }
    return try withSingleThreadedProducts { () throws(Diagnostic) in
      try learn(graph, functions, samples)
    }
  }

  private func learn(
    _ graph: Graph, _ functions: [Graph], _ samples: CalibrationSamples
  ) throws(Diagnostic) -> (pass: Pass, report: QuantizationReport) {
    let before = BeforeLogarithms(graph, share: options.wideShare)
    let floating = before.floating.merging(RecurrentLayer.floating(in: graph)) { first, _ in first }
    let recurrentInputs = try RecurrentInputs(graph, functions: functions).products(samples).subtracting(
      before.split.keys)
    let analysis = StorageAnalysis(
      graph, floating: Set(floating.keys).union(recurrentInputs), split: Set(before.split.keys))
    let learning = spread(options.samplesToLearnFrom(graph), of: samples.count)
    let statistics = try calibrate(
      graph, analysis, samples, last: Set(learning.suffix(learning.count / 3)), functions: functions
    ) {
      progress("calibrating", $0)
    }
    let search = VariantSearch(
      graph: graph, functions: functions, analysis: analysis, statistics: statistics,
      samples: samples.only(learning), count: samples.count, options: options,
      wideShare: before.shareLeft, splitShare: before.splitShareLeft, recurrentInputs: recurrentInputs,
      progress: progress)
    var (plan, report) = try search.run()
    plan.floating = floating
    plan.split = before.split
    report.floating = named(floating, in: graph)
    var split = before.split
    for node in recurrentInputs {
      split[node] =
        "the recurrent layer that reads its result carries what is wrong with one step into the next ones"
    }
    report.split = named(split, in: graph)
    return (plan.pass, report)
  }

  private func named(_ reasons: [NodeID: String], in graph: Graph) -> [(node: String, reason: String)] {
    graph.order.compactMap { node in reasons[node].map { (graph[node].name, $0) } }
  }
}

/// Tries variants, and which values should have 16 bits.
private struct VariantSearch {
  let graph: Graph
  let functions: [Graph]
  let analysis: StorageAnalysis
  let statistics: CalibrationStatistics
  let samples: CalibrationSamples
  /// Of all samples.
  let count: Int
  let options: QuantizationOptions
  /// What is left of the options' share.
  let wideShare: Double
  let splitShare: Double
  /// Products that give recurrent layers their inputs and are computed in two parts.
  let recurrentInputs: Set<NodeID>
  let progress: (_ stage: String, _ share: Double) -> Void

  func run() throws(Diagnostic) -> (QuantizationPlan, QuantizationReport) {
    progress("measuring sensitivity", 0)
    let choice = try Sensitivity(graph, analysis, statistics.all, functions: functions).choose(
      samples, sixteenBits: wideShare, twoBytes: splitShare)
    var report = QuantizationReport(
      function: graph.name, samples: count, chosen: options.variants[0])
    report.sixteenBits = named(choice.sixteenBits)
    // With too few samples to hold some back, the first variant is taken unseen.
    let heldOut = samples.count / 3
    if heldOut > 0, options.variants.count > 1 {
      report.attempts = try attempts(options.variants, choice, fitted: samples.count - heldOut)
      report.chosen = QuantizationReport.best(report.attempts)?.variant ?? report.chosen
      if !choice.twoBytes.isEmpty {
        var finer = report.chosen
        finer.splitsInputs = true
        report.attempts += try attempts([finer], choice, fitted: samples.count - heldOut)
        if report.isWorthItsTime(finer) { report.chosen = finer }
      }
    }
    if report.chosen.splitsInputs { report.twoBytes = named(choice.twoBytes) }
    let outcome = try walk(
      [report.chosen], choice, fitted: samples.count, measuresLayers: true, "quantizing")
    report.layers = outcome[0].layers
    return (outcome[0].plan, report)
  }

  private func named(_ values: Set<ValueID>) -> [String] { values.sorted().map { graph[$0].name } }

  private func attempts(
    _ variants: [QuantizationVariant], _ choice: Sensitivity.Choice, fitted: Int
  ) throws(Diagnostic) -> [QuantizationReport.Attempt] {
    let outcomes = try walk(variants, choice, fitted: fitted, "comparing variants")
    return zip(variants, outcomes).map { attempt($0, $1.heldOut) }
  }

  private func attempt(
    _ variant: QuantizationVariant, _ agreements: [[Double]]
  ) -> QuantizationReport.Attempt {
    let perSample = agreements.map { sample in
      sample.map { min($0, 100) }.reduce(0, +) / Double(max(sample.count, 1))
    }
    return QuantizationReport.Attempt(
      variant: variant, mean: perSample.reduce(0, +) / Double(max(perSample.count, 1)),
      worst: perSample.min() ?? 0)
  }

  private func walk(
    _ variants: [QuantizationVariant], _ choice: Sensitivity.Choice, fitted: Int,
    measuresLayers: Bool = false, _ stage: String
  ) throws(Diagnostic) -> [QuantizationWalk.Outcome] {
    let walk = QuantizationWalk(
      graph: graph, analysis: analysis,
      statistics: fitted < samples.count ? statistics.withoutLast : statistics.all,
      sixteenBits: choice.sixteenBits,
      sensitive: choice.twoBytes, samples: samples,
      fitted: fitted, measuresLayers: measuresLayers, recurrentInputs: recurrentInputs)
    return try walk.run(
      variants,
      evaluate: { [graph, functions] (node, operands) throws(Diagnostic) in
        try graph.evaluate(node, operands, functions: functions)
      }, progress: { progress(stage, $0) })
  }
}
