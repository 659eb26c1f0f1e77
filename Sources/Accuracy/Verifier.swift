package import Bundle
package import IR
package import Passes
package import Tensors

/// Compares a function of a bundle with the model that the bundle was compiled from.
///
/// The reference is the model as imported, in its own precision, run by the definitions of its ops. Which value of it a
/// kernel call computes is told by the bundle's origins, so that nothing is compiled again.
package struct Verifier {
  private let bundle: BundleContents
  let source: Module
  private let runner: BundleRunner
  let function: Int
  /// What an output may be off by, relative to its largest value.
  package var tolerance: Double
  /// Passes after each of which the model is also run; empty for none.
  package var passes: [PipelineStep] = []

  /// `tolerance` is that of the bundle's precision; outputs of few bits get at least four roundings of theirs.
  /// Fails when the model has no such function.
  package init(
    _ bundle: BundleContents, _ source: Module, _ runner: BundleRunner, function: Int, tolerance: Double
  ) throws(Diagnostic) {
    guard source.functions.indices.contains(function) else {
      throw Diagnostic(
        "the model has \(source.functions.count) functions, the bundle's function \(function) is none of them",
        advice: "give the model that the bundle was compiled from")
    }
    self.bundle = bundle
    self.source = {
      var named = source
      named.nameValues()
      return named
    }()
    self.runner = runner
    self.function = function
    let graph = source.functions[function]
    let roundoffs = graph.outputs.map { graph.type(of: $0.value).element.roundoff }
    self.tolerance = max(tolerance, 4 * (roundoffs.max() ?? 0))
  }

  package func verify(_ inputs: [Tensor]) throws -> Verification {
    let graph = source.functions[function]
    var firstInputs: [String: [Tensor]] = [:]
    let expected = try evaluate(
      graph, inputs, functions: source.functions,
      enter: { firstInputs[$0.graph.name] = firstInputs[$0.graph.name] ?? $0.inputs })
    var result = Verification(tolerance: tolerance)
    result.isFinite = expected.allSatisfy { !$0.element.isFloat || $0.floats.allSatisfy(\.isFinite) }
    result.outputs = try compareOutputs(function, inputs, expected)
    let reached = source.reachable(from: graph)
    result.stages = try stages(reached, inputs, expected)
    try compareLayers(function, inputs, in: &result)
    for callee in reached.dropLast() {
      guard let index = source.functions.firstIndex(where: { $0.name == callee.name }),
        let inputs = firstInputs[callee.name]
      else { continue }
      let expected = try evaluate(callee, inputs, functions: source.functions)
      let worst = try compareOutputs(index, inputs, expected).map(\.agreement.relative).max() ?? 0
      let before = result.layers.count
      try compareLayers(index, inputs, in: &result)
      result.functions.append(
        FunctionAgreement(function: callee.name, relative: worst, layers: result.layers.count - before))
    }
    return result
  }

  private func compareOutputs(
    _ function: Int, _ inputs: [Tensor], _ bounded: [Tensor]
  ) throws -> [OutputAgreement] {
    let graph = source.functions[function]
    let expected = graph.cutToSize(bounded)
    let (names, wanted) = (runner.outputNames(function), graph.outputs.map(\.name))
    guard names == wanted else {
      throw Diagnostic("the bundle's outputs are \(listed(names)), the model's are \(listed(wanted))")
    }
    let values = try runner.run(function, inputs, nil)
    return try zip(names, zip(values, expected)).map { name, tensors in
      guard tensors.0.shape == tensors.1.shape else {
        throw Diagnostic("output '\(name)' has shape \(tensors.0.shape), the model's has \(tensors.1.shape)")
      }
      return OutputAgreement(name: name, agreement: Agreement(tensors.0, reference: tensors.1))
    }
  }

  /// The layers of a function; none of one that runs others, whose program holds the layers of all of them.
  private func compareLayers(_ function: Int, _ inputs: [Tensor], in result: inout Verification) throws {
    let graph = source.functions[function]
    guard !graph.runsFunctions, bundle.programs.indices.contains(function) else { return }
    guard bundle.origins.indices.contains(function) else {
      result.remark =
        "the bundle does not say what its kernel calls compute, so layers can't be compared; compile it without --no-origins"
      return
    }
    let comparison = try LayerComparison(
      bundle.programs[function], bundle.origins[function], graph, function: function, inputs, runner)
    result.layers += comparison.layers
    result.kernelCalls += bundle.programs[function].instructions.count
    if let name = comparison.unknownValues.first {
      result.remark =
        "\(comparison.unknownValues.count) of \(comparison.callsWithOrigin) values that the bundle computes are not the model's, '\(name)' for one: it was compiled from another model, or by other options"
    }
  }

  /// Runs the function after every pass that changed it, or what it runs.
  private func stages(
    _ reached: [Graph], _ inputs: [Tensor], _ expected: [Tensor]
  ) throws(Diagnostic) -> [StageAgreement] {
    guard !passes.isEmpty else { return [] }
    var found: [StageAgreement] = []
    var functions = source.functions
    var module = source
    let names = Set(reached.map(\.name))
    try run(passes, on: &module, verifying: true) { report, _, graph throws(Diagnostic) in
      guard !report.changes.isEmpty, names.contains(graph.name),
        let position = functions.firstIndex(where: { $0.name == graph.name })
      else { return }
      functions[position] = graph
      let outputs = try evaluate(functions[function], inputs, functions: functions)
      let worst = zip(outputs, expected).map { TensorDifference($0, reference: $1).relative }.max()
      found.append(StageAgreement(pass: report.name, function: graph.name, relative: worst ?? 0))
    }
    return found
  }
}
