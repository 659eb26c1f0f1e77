import Foundation
import IR
import Tensors

/// Chooses a format for each layer, so that the outputs keep a budget on samples that nothing was learned from, as cheaply as can be.
///
/// What each layer alone does to the outputs in each format tells which assignment should keep it; that is quantized and measured, and by
/// how far it is off the next one is found.
struct MixedSearch {
  let learner: Learner
  let budget: Budget
  var report: QuantizationReport

  private static let measurements = 8
  /// Samples on which layers are measured alone.
  static let samples = 3

  var graph: Graph { learner.graph }

  /// Of weights. Those of few bits, which take long to find, are tried where bytes are short.
  private var formats: [LayerFormat] {
    let palettes: [LayerFormat] = [3, 4, 6].map { .stored(.palette(bits: $0)) }
    return (budget.bytes == nil ? [] : palettes) + [.int4, .int8Weights, .fp16]
  }

  init(learner: Learner, budget: Budget, report: QuantizationReport) {
    self.learner = learner
    self.budget = budget
    self.report = report
  }

  /// An assignment that was quantized and measured.
  struct Trial {
    var assignment: Assignment
    var decisions: Decisions
    var score: Score
    var expected: Double
    /// Of the bundle.
    var bytes: Double
  }

  /// `decisions` are those of 8 bits wherever they can be, and become what was found.
  mutating func run(_ decisions: inout Decisions) throws(Diagnostic) {
    guard learner.heldBack > 0 else {
      throw Diagnostic(
        "there are \(learner.samples.count) samples, too few to hold some back to measure a budget with",
        advice: "give 3 samples or more; 24 and more tell more")
    }
    var plain = decisions
    plain.inputs = [:]
    plain.variant.splitsInputs = false
    let layers = graph.layersToChooseFor(plain)
    let weights = try StoredWeights(of: layers, formats, in: graph)
    let groups = graph.groups(of: layers, plain, formats, weights)
    let base = try learner.walk(plain, measuresLayers: false, "measuring 8 bits")
    var problem = try problem(groups, base.plan, weights)
    let first = [Int](repeating: 0, count: groups.count)
    var trials: [Trial] = []
    try add(first, plain, base, &problem, &trials)
    try search(&problem, groups, plain, &trials)
    let chosen = try choose(trials, problem, groups)
    decisions = chosen.decisions
    report.search = summary(trials, chosen, problem, groups)
  }

  /// Measures what came of an assignment. What a bundle takes beside the layers' weights is known better by each.
  private func add(
    _ assignment: Assignment, _ decisions: Decisions, _ outcome: QuantizationWalk.Outcome,
    _ problem: inout AssignmentProblem, _ trials: inout [Trial]
  ) throws(Diagnostic) {
    if let bytes = try budget.bytes(outcome.plan.pass) {
      problem.otherBytes += Double(bytes) - problem.bytes(assignment)
    }
    let titles = (learner.fitted..<learner.samples.count).map { learner.samples.title($0) }
    trials.append(
      Trial(
        assignment: assignment, decisions: decisions,
        score: try Score(
          outcome.heldOut, samples: titles, names: graph.outputs.map(\.name), by: budget.metric),
        expected: problem.signalToNoise(assignment), bytes: problem.bytes(assignment)))
  }

  // MARK: Search

  func limits(_ aim: Double?) -> AssignmentProblem.Limits {
    AssignmentProblem.Limits(signalToNoise: aim, bytes: budget.bytes.map(Double.init), work: budget.work)
  }

  private func search(
    _ problem: inout AssignmentProblem, _ groups: [LayerGroup], _ plain: Decisions, _ trials: inout [Trial]
  ) throws(Diagnostic) {
    guard let limit = budget.limit else {
      return try searchForBest(&problem, groups, plain, &trials)
    }
    if trials[0].score.keeps(limit, of: budget.metric, byStandardError: true), fits(trials[0], problem) {
      // What rules had computed in more bits may be cheaper otherwise.
      if let other = problem.solve(limits(first(limit, trials[0]))),
        problem.cost(other) < 0.98 * problem.cost(trials[0].assignment)
      {
        try measure(other, &problem, groups, plain, &trials)
      }
      return
    }
    // What is expected in dB of an assignment that keeps the budget: raised until one does, then lowered again halfway.
    var (failed, kept): (Double, Double?) = (trials[0].expected, nil)
    var aim = first(limit, trials[0])
    for _ in 1..<Self.measurements {
      guard let next = problem.solve(limits(aim)) else { break }
      if trials.contains(where: { $0.assignment == next }) {
        // Nothing lies between.
        if kept != nil { break }
        aim += 1
        continue
      }
      let trial = try measure(next, &problem, groups, plain, &trials)
      if trial.score.keeps(limit, of: budget.metric, byStandardError: true) {
        kept = aim
      } else {
        failed = max(failed, aim)
      }
      if let kept, kept - failed < 0.5 { break }
      aim = nextAim(limit, trial, failed: failed, kept: kept)
    }
    let isKept = trials.contains {
      fits($0, problem) && $0.score.keeps(limit, of: budget.metric, byStandardError: false)
    }
    if !isKept { try searchForBest(&problem, groups, plain, &trials) }
  }

  /// What makes the least noise within what it may cost.
  private func searchForBest(
    _ problem: inout AssignmentProblem, _ groups: [LayerGroup], _ plain: Decisions, _ trials: inout [Trial]
  ) throws(Diagnostic) {
    for _ in 0..<4 {
      guard let best = problem.solve(limits(nil)), !trials.contains(where: { $0.assignment == best }),
        try fits(measure(best, &problem, groups, plain, &trials), problem)
      else { continue }
      break
    }
  }

  private func first(_ limit: Double, _ plain: Trial) -> Double {
    guard budget.metric.isAbsolute else { return plain.expected + 3 }
    return plain.expected + limit - plain.score.value + (plain.score.standardError ?? 0)
  }

  private func nextAim(_ limit: Double, _ trial: Trial, failed: Double, kept: Double?) -> Double {
    if let kept { return (failed + kept) / 2 }
    guard budget.metric.isAbsolute else { return failed + 4 }
    let missing = limit - trial.score.value + (trial.score.standardError ?? 0)
    return failed + max(missing, 0) + 0.3
  }

  func fits(_ trial: Trial, _ problem: AssignmentProblem) -> Bool {
    if let bytes = budget.bytes, trial.bytes > Double(bytes) { return false }
    if let work = budget.work, problem.work(trial.assignment) > work { return false }
    return true
  }

  @discardableResult
  private func measure(
    _ assignment: Assignment, _ problem: inout AssignmentProblem, _ groups: [LayerGroup],
    _ plain: Decisions, _ trials: inout [Trial]
  ) throws(Diagnostic) -> Trial {
    let decisions = graph.decisions(assignment, groups, plain)
    let outcome = try learner.walk(decisions, measuresLayers: false, "measuring formats")
    try add(assignment, decisions, outcome, &problem, &trials)
    return trials[trials.count - 1]
  }

  /// The cheapest that keeps the budget for sure, or else the one that does in the mean.
  private func choose(
    _ trials: [Trial], _ problem: AssignmentProblem, _ groups: [LayerGroup]
  ) throws(Diagnostic) -> Trial {
    let fitting = trials.filter { fits($0, problem) }
    guard let limit = budget.limit else {
      guard let best = fitting.max(by: { $0.score.signalToNoise < $1.score.signalToNoise }) else {
        throw failure(trials, problem, groups)
      }
      return best
    }
    for isSure in [true, false] {
      let kept = fitting.filter { $0.score.keeps(limit, of: budget.metric, byStandardError: isSure) }
      if let found = kept.min(by: { problem.cost($0.assignment) < problem.cost($1.assignment) }) {
        return found
      }
    }
    throw failure(trials, problem, groups)
  }
}
