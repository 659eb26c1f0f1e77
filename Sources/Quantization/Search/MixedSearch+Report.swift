import Foundation
import IR

extension MixedSearch {
  /// How close the search came, and what stands in the way.
  func failure(
    _ trials: [Trial], _ problem: AssignmentProblem, _ groups: [LayerGroup]
  ) -> Diagnostic {
    let fitting = trials.filter { fits($0, problem) }
    guard let best = fitting.max(by: { $0.score.signalToNoise < $1.score.signalToNoise }) else {
      let least = problem.solve(
        AssignmentProblem.Limits(signalToNoise: -1000, bytes: budget.bytes.map(Double.init)))
      let smallest = groups.indices.map { group in
        problem.entries[group].indices.min {
          problem.entries[group][$0].bytes < problem.entries[group][$1].bytes
        }!
      }
      let words =
        least == nil
        ? "the smallest formats of all layers take \(Int(problem.bytes(smallest))) bytes"
        : "the least work is \(Int(problem.work([Int](repeating: 0, count: groups.count))))"
      return Diagnostic(
        "'\(graph.name)' does not fit into its budget of \(budget.description): \(words)",
        advice: "allow more")
    }
    let worst = worstGroups(best.assignment, problem).prefix(3).map { group in
      let ratio = ratio(problem.entries[group][best.assignment[group]].noise)
      let option = groups[group].options[best.assignment[group]].description
      return "'\(name(groups[group]))' in \(option), which alone leaves \(format(ratio)) dB"
    }
    let isFinest = problem.solve(limits(nil)) == best.assignment
    let kept = graph.order.filter { best.decisions.kept.contains($0) && graph.isLayer($0) }
    let why =
      isFinest && budget.bytes == nil && budget.work == nil
      ? (kept.isEmpty
        ? "what lies between layers in floating point, in 16 bits, stands in the way"
        : "what stands in the way is what is to be kept: "
          + kept.prefix(3).map { "'\(graph[$0].name)' in \(best.decisions[$0])" }.joined(separator: ", "))
      : "what stands in the way is \(worst.joined(separator: ", "))"
    return Diagnostic(
      "'\(graph.name)' does not keep its budget of \(budget.description): the closest of \(trials.count) ways has \(budget.metric.name) \(best.score.value) (\(format(best.score.signalToNoise)) dB) on \(learner.heldBack) samples held back; \(why)",
      advice: "allow more, or keep layers in floating point with --keep")
  }

  private func format(_ value: Double) -> String { String(format: "%.1f", value) }

  private func ratio(_ noise: [Double]) -> Double {
    -10 * log10(max(noise.reduce(0, +) / Double(max(noise.count, 1)), 1e-20))
  }

  private func name(_ group: LayerGroup) -> String { graph[group.nodes[0]].name }

  private func worstGroups(_ assignment: Assignment, _ problem: AssignmentProblem) -> [Int] {
    assignment.indices.sorted {
      problem.entries[$0][assignment[$0]].noise.reduce(0, +)
        > problem.entries[$1][assignment[$1]].noise.reduce(0, +)
    }
  }

  /// What was found, for users.
  func summary(
    _ trials: [Trial], _ chosen: Trial, _ problem: AssignmentProblem, _ groups: [LayerGroup]
  ) -> SearchReport {
    var found = SearchReport(
      budget: budget.description, metric: budget.metric.name, heldBack: learner.heldBack)
    func point(_ assignment: Assignment, _ score: Score?) -> SearchReport.Point {
      var counts: [String: Int] = [:]
      for (group, option) in zip(groups, assignment) {
        counts[group.options[option].description, default: 0] += group.nodes.count
      }
      return SearchReport.Point(
        bytes: problem.bytes(assignment), work: problem.work(assignment), score: score,
        expected: problem.signalToNoise(assignment),
        layers: counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) },
        isChosen: assignment == chosen.assignment)
    }
    found.points = trials.map { trial in
      var found = point(trial.assignment, trial.score)
      found.bytes = trial.bytes
      return found
    }
    let others = problem.frontier(limits(nil)).filter { assignment in
      !trials.contains { $0.assignment == assignment }
    }
    found.points += spread(8, of: others.count).map { point(others[$0], nil) }
    found.points.sort {
      ($0.bytes / 1e9 + $0.work / 1e12, $0.expected) < ($1.bytes / 1e9 + $1.work / 1e12, $1.expected)
    }
    let names = GraphNames(graph)
    for (group, entries) in zip(groups.indices, problem.entries) {
      let options = zip(groups[group].options, entries).map { ($0.description, ratio($1.noise)) }
      for node in groups[group].nodes {
        found.layers.append(
          SearchReport.Layer(
            name: names.nodes[node]!, options: options,
            chosen: groups[group].options[chosen.assignment[group]].description))
      }
    }
    return found
  }
}
