package import IR

/// One line of a pipeline: a pass, or a group that is repeated until nothing changes, with the reason why it
/// stands where it does.
package struct PipelineStep: Sendable {
  package let passes: [Pass]
  /// How often the passes run at most.
  package let rounds: Int
  package let reason: String

  package static func run(_ pass: Pass, _ reason: String) -> PipelineStep {
    PipelineStep(passes: [pass], rounds: 1, reason: reason)
  }

  /// Runs the passes in order until a round changes nothing, at most `rounds` times.
  package static func `repeat`(_ rounds: Int, _ passes: [Pass], _ reason: String) -> PipelineStep {
    PipelineStep(passes: passes, rounds: rounds, reason: reason)
  }
}

/// Runs a pipeline on a graph. `fusion` says what may become one op. With `verifying`, the verifier runs after every
/// pass, and its errors name the pass.
@discardableResult
package func run(
  _ steps: [PipelineStep], on graph: inout Graph, fusing fusion: FusionRules = .everything,
  verifying: Bool = false,
  observer: PassObserver? = nil
) throws(Diagnostic) -> [PassReport] {
  var reports: [PassReport] = []
  for step in steps {
    for _ in 0..<step.rounds {
      var changed = false
      for pass in step.passes {
        let report = try run(pass, on: &graph, fusing: fusion, verifying: verifying, observer: observer)
        changed = changed || !report.changes.isEmpty
        reports.append(report)
      }
      if !changed { break }
    }
  }
  return reports
}

/// Runs a pipeline on every function of a module. Passes see one function alone: what they make of a weight in one is
/// no other's, unless it is the same there.
@discardableResult
package func run(
  _ steps: [PipelineStep], on module: inout Module, fusing fusion: FusionRules = .everything,
  verifying: Bool = false,
  observer: PassObserver? = nil
) throws(Diagnostic) -> [PassReport] {
  var reports: [PassReport] = []
  try module.rewriteFunctions { (graph: inout Graph) throws(Diagnostic) in
    reports += try run(steps, on: &graph, fusing: fusion, verifying: verifying, observer: observer)
  }
  if verifying { try verify(module) }
  return reports
}

/// Runs one pass on a graph.
@discardableResult
package func run(
  _ pass: Pass, on graph: inout Graph, fusing fusion: FusionRules = .everything, verifying: Bool = false,
  observer: PassObserver? = nil
) throws(Diagnostic) -> PassReport {
  let clock = ContinuousClock()
  let start = clock.now
  var context = PassContext(graph, pass: pass.name, fusing: fusion)
  do {
    try pass.run(&context)
  } catch {
    var located = error
    located.notes.append("in pass '\(pass.name)' on '\(graph.name)'")
    throw located
  }
  let time = (clock.now - start).components
  let report = PassReport(
    name: pass.name, changes: context.changes, nodesBefore: graph.order.count,
    nodesAfter: context.graph.order.count,
    seconds: Double(time.seconds) + Double(time.attoseconds) * 1e-18)
  if verifying {
    do {
      try verify(context.graph)
    } catch {
      var located = error
      located.notes.append("after pass '\(pass.name)'")
      throw located
    }
  }
  if let observer { try observer(report, graph, context.graph) }
  graph = context.graph
  return report
}
