import IR
import Tensors

/// Tries variants, and which values should have 16 bits.
struct VariantSearch {
  let learner: Learner
  let options: QuantizationOptions
  /// What is left of the options' share.
  let wideShare: Double
  let splitShare: Double
  var report: QuantizationReport

  private var graph: Graph { learner.graph }

  mutating func run(_ decisions: inout Decisions) throws(Diagnostic) {
    learner.progress("measuring sensitivity", 0)
    let choice = try Sensitivity(learner, decisions).choose(sixteenBits: wideShare, twoBytes: splitShare)
    for value in choice.sixteenBits { decisions.inputs[value] = .int16 }
    for value in choice.twoBytes { decisions.inputs[value] = .twoBytes }
    decisions.variant = options.variants[0]
    report.chosen = decisions.variant
    // With too few samples to hold some back, the first variant is taken unseen.
    if learner.heldBack > 0, options.variants.count > 1 {
      report.attempts = try attempts(options.variants, decisions)
      report.chosen = QuantizationReport.best(report.attempts)?.variant ?? report.chosen
      if !choice.twoBytes.isEmpty {
        var finer = report.chosen
        finer.splitsInputs = true
        report.attempts += try attempts([finer], decisions)
        if report.isWorthItsTime(finer) { report.chosen = finer }
      }
    }
    decisions.variant = report.chosen
    if !report.chosen.splitsInputs {
      for value in choice.twoBytes { decisions.inputs[value] = nil }
    }
  }

  private func attempts(
    _ variants: [QuantizationVariant], _ decisions: Decisions
  ) throws(Diagnostic) -> [QuantizationReport.Attempt] {
    let outcomes = try learner.walk(variants, decisions, "comparing variants")
    return zip(variants, outcomes).map { QuantizationReport.Attempt($0, $1.heldOut) }
  }
}
