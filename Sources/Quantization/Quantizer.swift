package import IR
package import Passes
import Tensors

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
    let (decisions, learner, found) = try decide(graph, functions, samples)
    let outcome = try learner.walk(decisions, measuresLayers: true, "quantizing")
    var report = found
    report.layers = outcome.layers
    if options.keepsRecords { report.record = try CalibrationRecord(learner, samples: samples.count) }
    report.chosen = decisions.variant
    report.recipe = Recipe(decisions, of: graph)
    let names = GraphNames(graph)
    report.sixteenBits = decisions.values(.int16).sorted().compactMap { names.values[$0] }
    report.twoBytes = decisions.values(.twoBytes).sorted().compactMap { names.values[$0] }
    let exceptions = graph.order.filter { decisions.reasons[$0] != nil }.map { node in
      (node: node, entry: (node: names.nodes[node]!, reason: decisions.reasons[node]!))
    }
    report.floating = exceptions.filter { decisions[$0.node].isFloating }.map(\.entry)
    report.split = exceptions.filter { !decisions[$0.node].isFloating }.map(\.entry)
    return (outcome.plan.pass, report)
  }

  private func decide(
    _ graph: Graph, _ functions: [Graph], _ samples: CalibrationSamples
  ) throws(Diagnostic) -> (Decisions, Learner, QuantizationReport) {
    func learner(_ fitted: Int, _ heldBack: Int) throws(Diagnostic) -> Learner {
      try Learner(
        graph, functions, samples, fitted: fitted, heldBack: heldBack,
        record: options.records?.first { $0.function == graph.name }
      ) {
        progress($0, $1)
      }
    }
    var decisions = Decisions(graph, keeping: options.kept)
    let report = QuantizationReport(
      function: graph.name, samples: samples.count, recipe: Recipe(decisions, of: graph))
    if let recipe = options.recipes?.first(where: { $0.function == graph.name }) {
      decisions = try recipe.decisions(graph, samples: samples.count)
      return (decisions, try learner(decisions.fitted, decisions.heldBack), report)
    }
    let learning = options.samplesToLearnFrom(graph, of: samples.count)
    let heldBack =
      options.budget == nil ? learning / 3 : options.samplesToHoldBack(graph, of: samples.count)
    let learner = try learner(learning - learning / 3, heldBack)
    let before = BeforeLogarithms(graph, share: options.wideShare)
    decisions.add(.fp32, before.floating)
    decisions.add(.twoBytes, before.split)
    decisions.add(
      .scaledRows, try RecurrentInputs(graph, functions: functions).products(learner.seen))
    (decisions.fitted, decisions.heldBack) = (learner.fitted, learner.heldBack)
    var search = VariantSearch(
      learner: learner, options: options, wideShare: before.shareLeft, splitShare: before.splitShareLeft,
      report: report)
    try search.run(&decisions)
    if let budget = options.budget {
      var mixed = MixedSearch(learner: learner, budget: budget, report: search.report)
      try mixed.run(&decisions)
      return (decisions, learner, mixed.report)
    }
    // Once the way is known, samples that were held back to find it teach, too.
    (decisions.fitted, decisions.heldBack) = (learner.samples.count, 0)
    return (decisions, learner, search.report)
  }
}
