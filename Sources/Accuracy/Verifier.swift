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
  /// What these passes may fuse.
  package var fusion = FusionRules.everything

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
    let expected = try reference(function, inputs) { event in
      firstInputs[event.graph.name] = firstInputs[event.graph.name] ?? event.inputs
    }
    var result = Verification(tolerance: tolerance)
    result.isFinite = expected.outputs.allSatisfy { !$0.element.isFloat || $0.floats.allSatisfy(\.isFinite) }
    let reached = source.reachable(from: graph)
    result.stages = try stages(reached, inputs, expected.outputs)
    result.outputs = try compare(function, inputs, expected, in: &result)
    for callee in reached.dropLast() {
      guard let index = source.functions.firstIndex(where: { $0.name == callee.name }),
        let inputs = firstInputs[callee.name]
      else { continue }
      let before = result.layers.count
      let outputs = try compare(index, inputs, try reference(index, inputs), in: &result)
      result.functions.append(
        FunctionAgreement(
          function: callee.name, relative: outputs.map(\.agreement.relative).max() ?? 0,
          layers: result.layers.count - before))
    }
    return result
  }

  /// What the model makes of inputs.
  private struct Reference {
    /// At their bounds.
    var outputs: [Tensor]
    /// Values that the bundle says it computes too, by name.
    var values: [String: Tensor] = [:]
  }

  private func reference(
    _ function: Int, _ inputs: [Tensor], enter: (EvaluatedFunction) -> Void = { _ in }
  ) throws(Diagnostic) -> Reference {
    let graph = source.functions[function]
    let wanted =
      comparesLayers(of: function) ? Set(LayerComparison.names(bundle.origins[function]).values) : []
    var values: [String: Tensor] = [:]
    let outputs = try evaluate(
      graph, inputs, functions: source.functions,
      observe: { event in
        guard event.path.isEmpty else { return }
        for (value, tensor) in zip(graph[event.node].results, event.results)
        where wanted.contains(graph[value].name) { values[graph[value].name] = tensor }
      }, enter: enter)
    return Reference(outputs: outputs, values: values)
  }

  /// Layers of a function that runs others are those of all of them.
  private func comparesLayers(of function: Int) -> Bool {
    !source.functions[function].runsFunctions && bundle.origins.indices.contains(function)
  }

  /// Compares the outputs of a function, and adds its layers.
  private func compare(
    _ function: Int, _ inputs: [Tensor], _ expected: Reference, in result: inout Verification
  ) throws -> [OutputAgreement] {
    let graph = source.functions[function]
    guard comparesLayers(of: function) else {
      if !graph.runsFunctions {
        result.remark =
          "the bundle does not say what its kernel calls compute, so layers can't be compared; compile it without --no-origins"
      }
      return try compareOutputs(graph, function, try runner.run(function, inputs, nil), expected)
    }
    var comparison = LayerComparison(bundle.programs[function], bundle.origins[function], expected.values)
    let outputs = try runner.run(function, inputs) { instruction, tensor in
      comparison.seeAccumulated(instruction, tensor)
      return nil
    }
    _ = try runner.run(function, inputs) { comparison.seeOwn($0, $1) }
    result.layers += comparison.layers(function: graph.name)
    result.kernelCalls += bundle.programs[function].instructions.count
    result.remark = result.remark ?? comparison.remark
    return try compareOutputs(graph, function, outputs, expected)
  }

  private func compareOutputs(
    _ graph: Graph, _ function: Int, _ values: [Tensor], _ expected: Reference
  ) throws(Diagnostic) -> [OutputAgreement] {
    let (names, wanted) = (runner.outputNames(function), graph.outputs.map(\.name))
    guard names == wanted else {
      throw Diagnostic("the bundle's outputs are \(listed(names)), the model's are \(listed(wanted))")
    }
    var outputs: [OutputAgreement] = []
    for (name, (values, reference)) in zip(names, zip(values, graph.cutToSize(expected.outputs))) {
      guard values.shape == reference.shape else {
        throw Diagnostic("output '\(name)' has shape \(values.shape), the model's has \(reference.shape)")
      }
      outputs.append(OutputAgreement(name: name, agreement: Agreement(values, reference: reference)))
    }
    return outputs
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
    try run(passes, on: &module, fusing: fusion, verifying: true) { report, _, graph throws(Diagnostic) in
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
