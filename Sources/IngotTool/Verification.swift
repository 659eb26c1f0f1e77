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
  var maxAbs: Double
  /// `maxAbs` ÷ the largest value of the reference.
  var relative: Double
  var cosine: Double
  var snrDb: Double

  enum CodingKeys: String, CodingKey {
    case name, relative, cosine
    case maxAbs = "max_abs"
    case snrDb = "snr_db"
  }

  init(_ name: String, _ values: Tensor, reference: Tensor) {
    let difference = TensorDifference(values, reference: reference)
    self.name = name
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

/// A function that the verified one runs, alone, on the inputs of its first run by the reference.
struct FunctionAgreement: Encodable {
  var function: String
  /// The worst of its outputs.
  var relative: Double
  /// How many of its layers were compared.
  var layers: Int
}

/// A bundle compared with the model it was compiled from, on one set of inputs.
///
/// The reference is the model as imported, run by the definitions of its ops.
struct Verification: Encodable {
  var passed = false
  var tolerance: Double
  var outputs: [Agreement] = []
  /// Of the function, or of those that it runs where it runs others.
  var layers: [LayerAgreement] = []
  /// Each after those that it runs; empty where the function runs no others.
  var functions: [FunctionAgreement] = []
  var stages: [StageAgreement] = []
  /// Of which of several samples this is, if they were made from a seed.
  var random: RandomSamples?
  /// Whether the reference gave numbers everywhere, so that there is something to compare.
  var isFinite = true
  /// Why there are no layers, when the bundle is not what this compiler makes of the model.
  var remark: String?

  init(
    _ session: Session, _ contents: BundleContents, _ source: Module, inputs: [Tensor], tolerance: Double,
    stages wantsStages: Bool, recompiled: inout CompiledBundle?
  ) throws {
    self.tolerance = tolerance
    guard source.functions.indices.contains(session.function) else {
      throw ToolError(
        "the model has \(source.functions.count) functions, the bundle's function \(session.function) is none of them"
      )
    }
    let graph = source.functions[session.function]
    var firstInputs: [String: [Tensor]] = [:]
    let expected = try evaluate(
      graph, inputs, functions: source.functions,
      enter: { callee, operands in firstInputs[callee.name] = firstInputs[callee.name] ?? operands })
    isFinite = expected.allSatisfy { !$0.element.isFloat || $0.floats.allSatisfy(\.isFinite) }
    let results = try run(session, inputs, keepingResults: !graph.runsFunctions)
    outputs = try compareOutputs(session, graph, expected)
    guard let precision = Precision(rawValue: contents.manifest.precision) else {
      remark = "precision '\(contents.manifest.precision)' is unknown to this version"
      passed = agrees
      return
    }
    let reached = source.reachable(from: graph)
    let compiled: CompiledBundle
    if let recompiled, !wantsStages {
      compiled = recompiled
    } else {
      compiled = try compile(
        source, precision, comparing: wantsStages ? (session.function, reached, inputs, expected) : nil)
    }
    recompiled = compiled
    let comparison = LayerComparison(contents: contents, compiled: compiled)
    try compareLayers(comparison, session.function, inputs, results)
    for function in reached.dropLast() {
      guard let index = source.functions.firstIndex(where: { $0.name == function.name }),
        let inputs = firstInputs[function.name]
      else { continue }
      try compare(Session(session.model, function: index), source, comparison, inputs)
    }
    passed = agrees
  }

  enum CodingKeys: String, CodingKey {
    case passed, tolerance, outputs, layers, functions, stages, random, remark
  }

  /// The largest relative difference of an output, after any pass.
  var worst: Double { (outputs.map(\.relative) + stages.map(\.relative)).max() ?? 0 }

  private var agrees: Bool {
    (outputs.map(\.relative) + stages.map(\.relative)).allSatisfy { $0 <= tolerance }
  }

  /// A function that the verified one runs.
  private mutating func compare(
    _ session: Session, _ source: Module, _ comparison: LayerComparison, _ inputs: [Tensor]
  ) throws {
    let graph = source.functions[session.function]
    let expected = try evaluate(graph, inputs, functions: source.functions)
    let results = try run(session, inputs, keepingResults: !graph.runsFunctions)
    let worst = try compareOutputs(session, graph, expected).map(\.relative).max() ?? 0
    let before = layers.count
    try compareLayers(comparison, session.function, inputs, results)
    functions.append(
      FunctionAgreement(function: graph.name, relative: worst, layers: layers.count - before))
  }

  private mutating func compareLayers(
    _ comparison: LayerComparison, _ function: Int, _ inputs: [Tensor], _ results: [Int: Tensor]
  ) throws {
    guard comparison.isOfThisCompiler(function) else {
      remark = "this compiler makes another program of the model, so layers can't be compared"
      return
    }
    layers += try comparison.layers(function, inputs, results)
  }

  /// The model compiled again as the bundle's manifest says, which tells what each kernel call computes.
  ///
  /// `comparing` is a function with those that it reaches, its inputs and expected outputs: it is run after every
  /// pass that changed it.
  private mutating func compile(
    _ source: Module, _ precision: Precision,
    comparing: (function: Int, reached: [Graph], inputs: [Tensor], expected: [Tensor])?
  ) throws -> CompiledBundle {
    var options = CompileOptions(target: try targetLibrary().interpreter(), precision: precision)
    options.verifies = true
    var found: [StageAgreement] = []
    var functions = source.functions
    let reached = Set((comparing?.reached ?? []).map(\.name))
    let compiled = try IngotCompiler.compile(
      source, options,
      observer: { report, _, graph throws(Diagnostic) in
        guard let comparing, !report.changes.isEmpty, reached.contains(graph.name),
          let position = functions.firstIndex(where: { $0.name == graph.name })
        else { return }
        functions[position] = graph
        let outputs = try evaluate(functions[comparing.function], comparing.inputs, functions: functions)
        let worst = zip(outputs, comparing.expected).map { TensorDifference($0, reference: $1).relative }
          .max()
        found.append(StageAgreement(pass: report.name, function: graph.name, relative: worst ?? 0))
      })
    stages = found
    return compiled
  }
}

/// Runs a function once; gives the results of its instructions, if they are to be kept.
private func run(
  _ session: Session, _ inputs: [Tensor], keepingResults: Bool
) throws -> [Int: Tensor] {
  for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
  var results: [Int: Tensor] = [:]
  if keepingResults { try session.trace { results[$0] = $1 } } else { try session.run() }
  return results
}

private func compareOutputs(_ session: Session, _ graph: Graph, _ bounded: [Tensor]) throws -> [Agreement] {
  let expected = graph.cutToSize(bounded)
  guard session.outputs.map(\.name) == graph.outputs.map(\.name) else {
    throw ToolError(
      "the bundle's outputs are \(listed(session.outputs.map(\.name))), the model's are "
        + listed(graph.outputs.map(\.name)))
  }
  return try session.outputs.enumerated().map { index, info in
    let values = try session.outputTensor(index)
    guard values.shape == expected[index].shape else {
      throw ToolError(
        "output '\(info.name)' has shape \(values.shape), the model's has \(expected[index].shape)")
    }
    return Agreement(info.name, values, reference: expected[index])
  }
}
