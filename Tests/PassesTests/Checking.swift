import IR
import Passes
import Tensors
import TestSupport

/// Why a pass is wrong on a graph.
struct PassFailure: Error, CustomStringConvertible {
  let description: String
}

/// Runs steps on a graph and checks after each pass: the verifier accepts, the outputs on random inputs are
/// as before, as is every value that keeps name and type, names and types of the ports are kept, and a pass that logs
/// nothing has changed nothing.
func runChecked(
  _ steps: [PipelineStep], on graph: Graph, fusing fusion: FusionRules = .everything, seed: UInt64 = 1
) throws -> (
  graph: Graph, changes: [Change]
) {
  var result = graph
  var changes: [Change] = []
  let inputs = graph.inputs.enumerated().map { index, port in
    let type = graph.type(of: port.value)
    return Tensor(random: type.element, type.shape, seed: seed &+ UInt64(index))
  }
  let isBound = graph.weights.allSatisfy { graph.constant($0) != nil }
  let (expected, values) = isBound ? try evaluateByName(graph, inputs) : ([], [:])
  var failure: PassFailure?
  try run(steps, on: &result, fusing: fusion, verifying: true) { (report, before, after) throws(Diagnostic) in
    changes += report.changes
    func fail(_ message: String) {
      let text = "after pass '\(report.name)': \(message)\nbefore:\n\(before.text)\nafter:\n\(after.text)"
      failure = failure ?? PassFailure(description: text)
    }
    if report.changes.isEmpty {
      // Ids are never used again, so that any change shows in one of these.
      let isSame =
        before.order == after.order && before.valueCapacity == after.valueCapacity
        && before.values == after.values
      if !isSame { fail("changed the graph without a log entry") }
      return
    }
    if before.outputs.map(\.name) != after.outputs.map(\.name) { fail("changed the outputs' names") }
    if before.outputs.map(\.sizes) != after.outputs.map(\.sizes) { fail("changed the outputs' sizes") }
    guard isBound else { return }
    let (outputs, known) = try evaluateByName(after, inputs)
    for (index, (found, wanted)) in zip(outputs, expected).enumerated() {
      guard found.element == wanted.element, found.shape == wanted.shape else {
        return fail("output \(index) is \(found.element)\(found.shape), was \(wanted.element)\(wanted.shape)")
      }
      if let difference = distance(found, wanted) { fail("output \(index) differs by \(difference)") }
    }
    // By these names bundles are compared with their models.
    for (name, found) in known {
      guard let wanted = values[name], found.element == wanted.element, found.shape == wanted.shape,
        let difference = distance(found, wanted)
      else { continue }
      fail("value '\(name)' keeps its name and type, and differs by \(difference)")
    }
  }
  if let failure { throw failure }
  return (result, changes)
}

/// How far two results lie apart, if that is more than passes may change.
private func distance(_ found: Tensor, _ wanted: Tensor) -> Double? {
  let comparison = TensorDifference(found, reference: wanted)
  // Where everything cancels, what is left is rounding; inputs and weights are about 1.
  let difference = comparison.scale < 0.1 ? comparison.maximum * 10 : comparison.relative
  return comparison.hasMismatchedNonFinite || difference > tolerance(wanted.element) ? difference : nil
}

/// The outputs of a graph, and the values that nodes compute under names that no others have.
private func evaluateByName(
  _ graph: Graph, _ inputs: [Tensor]
) throws(Diagnostic) -> (outputs: [Tensor], values: [String: Tensor]) {
  var values: [String: Tensor] = [:]
  var twice: Set<String> = [""]
  let outputs = try evaluate(graph, inputs) { event in
    for (value, tensor) in zip(graph[event.node].results, event.results)
    where values.updateValue(tensor, forKey: graph[value].name) != nil { twice.insert(graph[value].name) }
  }
  return (outputs, values.filter { !twice.contains($0.key) })
}

/// What folding and reordering may change, in units of the largest output.
private func tolerance(_ element: ElementType) -> Double {
  switch element {
  case .f16: 4e-3
  case .bf16: 3e-2
  case .f32: 2e-5
  default: 0
  }
}

extension Graph {
  /// Binds weights without contents to random numbers; variances are positive. Those named `unbound` stay as
  /// they are.
  mutating func bindRandomly(seed: UInt64 = 1) {
    for (index, value) in weights.enumerated() {
      guard let weight = weight(value), weight.tensor == nil, weight.name != "unbound" else { continue }
      let isVariance = weight.name.contains("variance")
      let values: RandomValues = isVariance ? .uniform(0.5, 1.5) : .uniform(-1, 1)
      let type = type(of: value)
      bind(value, to: Tensor(random: type.element, type.shape, values, seed: seed &+ UInt64(index)))
    }
  }
}

/// Every pass of the pipeline once, in order of first use, and those that run when asked for.
let everyPass: [Pass] = {
  var seen: Set<String> = []
  return (standardPipeline + integerPipeline + exactPipeline).flatMap(\.passes).filter {
    seen.insert($0.name).inserted
  }
}()
