import Bundle
package import IR
import Passes
package import Quantization
package import Samples
import Tensors

/// How to quantize, and where samples of a function's inputs come from.
package struct Calibration {
  package var options = QuantizationOptions()
  /// A file that says what was once learned of the samples, which are not run then.
  package var cache: String?
  /// Samples for a function of a module.
  package var samples: (Module, Int) throws -> any SampleSource

  package init(samples: @escaping (Module, Int) throws -> any SampleSource) { self.samples = samples }

  fileprivate func open(_ module: Module, _ function: Int) throws(Diagnostic) -> any SampleSource {
    do { return try samples(module, function) } catch { throw Diagnostic("\(error)") }
  }
}

/// Quantizes the functions of a module that no other runs. `bundleBytes` tells how large the bundle of a module is that was quantized.
func quantize(
  _ module: inout Module, _ calibration: Calibration, compression: BundleCompression,
  bundleBytes: @escaping (Module) throws(Diagnostic) -> Int, progress: @escaping (String, Double) -> Void
) throws(Diagnostic) -> [QuantizationReport] {
  let callees = Set(module.functions.flatMap { graph in graph.order.compactMap { graph[$0].op.callee } })
  let roots = module.functions.indices.filter { !callees.contains(module.functions[$0].name) }
  try check(calibration.options, roots.map { module.functions[$0] })
  let records = try calibration.cache.map { (path) throws(Diagnostic) in
    try cached(path, roots.map { module.functions[$0] })
  }
  var reports: [QuantizationReport] = []
  for index in roots {
    let graph = module.functions[index]
    var options = calibration.options
    options.records = records
    let samples: CalibrationSamples
    if let record = records?.first(where: { $0.function == graph.name }) {
      samples = CalibrationSamples(count: record.samples) { record.learned[$0] }
    } else {
      let source = try calibration.open(module, index)
      module.notes += source.notes
      samples = CalibrationSamples(count: source.count, titles: source.title) { try source.read($0) }
    }
    options.budget?.storedBytes = { storedBytes($0, compression) }
    options.budget?.bundleBytes = { [module] (pass) throws(Diagnostic) in
      var candidate = module
      try candidate.run(pass, onFunction: graph.name)
      return try bundleBytes(candidate)
    }
    let (pass, report) = try Quantizer(options, progress: progress).quantize(
      graph, functions: module.functions, samples)
    try module.run(pass, onFunction: graph.name)
    reports.append(report)
  }
  return reports
}

private func cached(_ path: String, _ functions: [Graph]) throws(Diagnostic) -> [CalibrationRecord] {
  do {
    return try CalibrationCache(path: path, of: functions).records
  } catch {
    throw Diagnostic("\(error)")
  }
}

extension Module {
  fileprivate mutating func run(_ pass: Pass, onFunction name: String) throws(Diagnostic) {
    try rewriteFunctions { (graph) throws(Diagnostic) in
      if graph.name == name { try Passes.run(pass, on: &graph) }
    }
  }
}

/// Patterns that fit nothing, and recipes of other networks, are mistakes.
private func check(_ options: QuantizationOptions, _ functions: [Graph]) throws(Diagnostic) {
  for kept in options.kept {
    let fits = functions.contains { graph in graph.order.contains { graph.isNamed($0, kept.pattern) } }
    guard fits else {
      throw Diagnostic(
        "no layer is called as in '\(kept.pattern)', which is to be kept in \(kept.format)",
        advice: "'ingot compile --precision int8 --json' lists the layers by name")
    }
  }
  for recipe in options.recipes ?? [] where !functions.contains(where: { $0.name == recipe.function }) {
    throw Diagnostic(
      "the recipe is for function '\(recipe.function)', the network has \(functions.map { "'\($0.name)'" }.joined(separator: ", "))",
      advice: "was it made of another network?")
  }
  if let recipes = options.recipes,
    let graph = functions.first(where: { graph in !recipes.contains { $0.function == graph.name } })
  {
    throw Diagnostic("the recipe says nothing of function '\(graph.name)'", advice: "make it again")
  }
}
