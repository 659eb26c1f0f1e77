import Bundle
import IR
import Ingot
import IngotCompiler
import Machine
import Passes
import Tensors

/// How two results of one value compare.
struct Agreement: Encodable {
  var name: String
  /// What computes it: an op of the graph, or empty for outputs.
  var op: String
  var maxAbs: Double
  /// `maxAbs` ÷ the largest value of the reference.
  var relative: Double
  var cosine: Double
  var snrDb: Double

  enum CodingKeys: String, CodingKey {
    case name, op, relative, cosine
    case maxAbs = "max_abs"
    case snrDb = "snr_db"
  }

  init(_ name: String, op: String = "", _ values: Tensor, reference: Tensor) {
    let difference = TensorDifference(values, reference: reference)
    self.name = name
    self.op = op
    maxAbs = difference.maximum
    relative = difference.relative
    cosine = difference.cosine
    snrDb = difference.signalToNoise
  }
}

/// A pass that changed the function, or one that it runs, and how far the outputs then lie from the source
/// model's.
struct StageAgreement: Encodable {
  var pass: String
  /// What the pass changed.
  var function: String
  var relative: Double
}

/// A bundle compared with the model it was compiled from, on one set of inputs.
///
/// The reference is the model as imported, run by the definitions of its ops.
struct Verification: Encodable {
  var passed = false
  var tolerance: Double
  var outputs: [Agreement] = []
  var layers: [Agreement] = []
  var stages: [StageAgreement] = []
  /// Why there are no layers, when the bundle is not what this compiler makes of the model.
  var remark: String?

  init(
    _ session: Session, _ contents: BundleContents, _ source: Module, inputs: [Tensor], tolerance: Double,
    stages wantsStages: Bool
  ) throws {
    self.tolerance = tolerance
    let function = session.function
    guard source.functions.indices.contains(function) else {
      throw ToolError(
        "the model has \(source.functions.count) functions, the bundle's function \(function) is none of them"
      )
    }
    let graph = source.functions[function]
    let expected = try evaluate(graph, inputs, functions: source.functions)
    for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
    var results: [Int: Tensor] = [:]
    try session.trace { results[$0] = $1 }
    try compareOutputs(session, graph, expected)
    try compareLayers(contents, source, function, inputs, results, wantsStages ? expected : nil)
    passed = (outputs.map(\.relative) + stages.map(\.relative)).allSatisfy { $0 <= tolerance }
  }

  private mutating func compareOutputs(_ session: Session, _ graph: Graph, _ bounded: [Tensor]) throws {
    let expected = graph.cutToSize(bounded)
    guard session.outputs.map(\.name) == graph.outputs.map(\.name) else {
      throw ToolError(
        "the bundle's outputs are \(session.outputs.map(\.name).joined(separator: ", ")), the model's are "
          + graph.outputs.map(\.name).joined(separator: ", "))
    }
    for (index, info) in session.outputs.enumerated() {
      let values = try session.outputTensor(index)
      guard values.shape == expected[index].shape else {
        throw ToolError(
          "output '\(info.name)' has shape \(values.shape), the model's has \(expected[index].shape)")
      }
      outputs.append(Agreement(info.name, values, reference: expected[index]))
    }
  }

  /// Compiles the model again as the bundle's manifest says, which tells what each kernel call computes.
  private mutating func compareLayers(
    _ contents: BundleContents, _ source: Module, _ function: Int, _ inputs: [Tensor],
    _ results: [Int: Tensor],
    _ expected: [Tensor]?
  ) throws {
    guard let precision = Precision(rawValue: contents.manifest.precision) else {
      remark = "precision '\(contents.manifest.precision)' is unknown to this version"
      return
    }
    var options = CompileOptions(target: try targetLibrary().interpreter(), precision: precision)
    options.verifies = true
    var found: [StageAgreement] = []
    var functions = source.functions
    let reached = Set(source.reachable(from: functions[function]).map(\.name))
    let compiled = try compile(
      source, options,
      observer: { report, _, graph throws(Diagnostic) in
        guard let expected, !report.changes.isEmpty, reached.contains(graph.name),
          let position = functions.firstIndex(where: { $0.name == graph.name })
        else { return }
        functions[position] = graph
        let outputs = try evaluate(functions[function], inputs, functions: functions)
        let worst = zip(outputs, expected).map { TensorDifference($0, reference: $1).relative }.max() ?? 0
        found.append(StageAgreement(pass: report.name, function: graph.name, relative: worst))
      })
    stages = found
    guard compiled.programs[function] == contents.programs[function] else {
      remark = "this compiler makes another program of the model, so layers can't be compared"
      return
    }
    let graph = compiled.module.functions[function]
    let leaves = compiled.module.reachable(from: graph).filter { function in
      function.order.allSatisfy { function[$0].op.callee == nil }
    }
    guard leaves.contains(where: { $0.name == graph.name }) else {
      let names = leaves.map(\.name).joined(separator: ", ")
      remark = "layers are compared in functions that run no others; verify \(names) with --function"
      return
    }
    var references: [ValueID: Tensor] = [:]
    _ = try evaluate(graph, inputs) { node, tensors in
      for (value, tensor) in zip(graph[node].results, tensors) { references[value] = tensor }
    }
    for (index, value) in compiled.values[function].enumerated() {
      guard let value, let result = results[index], let reference = references[value],
        result.shape == reference.shape
      else { continue }
      let instruction = compiled.programs[function].instructions[index]
      let op = graph.producer(of: value).map { graph[$0].op.name } ?? ""
      layers.append(Agreement(instruction.name, op: op, result, reference: reference))
    }
  }
}
