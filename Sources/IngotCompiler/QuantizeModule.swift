package import IR
import Passes
package import Quantization
package import Samples

/// How to quantize, and where samples of a function's inputs come from.
package struct Calibration {
  package var options = QuantizationOptions()
  /// Samples for a function of a module.
  package var samples: (Module, Int) throws -> any SampleSource

  package init(samples: @escaping (Module, Int) throws -> any SampleSource) { self.samples = samples }

  fileprivate func open(_ module: Module, _ function: Int) throws(Diagnostic) -> any SampleSource {
    do { return try samples(module, function) } catch { throw Diagnostic("\(error)") }
  }
}

/// Quantizes the functions of a module that no other runs.
func quantize(
  _ module: inout Module, _ calibration: Calibration, progress: @escaping (String, Double) -> Void
) throws(Diagnostic) -> [QuantizationReport] {
  let callees = Set(module.functions.flatMap { graph in graph.order.compactMap { graph[$0].op.callee } })
  var reports: [QuantizationReport] = []
  var passes: [String: Pass] = [:]
  for (index, graph) in module.functions.enumerated() where !callees.contains(graph.name) {
    let source = try calibration.open(module, index)
    module.notes += source.notes
    let samples = CalibrationSamples(count: source.count) { try source.read($0) }
    let (pass, report) = try Quantizer(calibration.options, progress: progress).quantize(
      graph, functions: module.functions, samples)
    passes[graph.name] = pass
    reports.append(report)
  }
  try module.rewriteFunctions { (graph) throws(Diagnostic) in
    if let pass = passes[graph.name] { try run(pass, on: &graph) }
  }
  return reports
}
