package import Bundle
import CBundleFormat
package import IR
package import Machine
package import Passes
package import Quantization
import Tensors

/// Version of the compiler, as bundles record it.
package let compilerVersion = "0.1.0"

/// How to compile.
package struct CompileOptions: Sendable {
  package var target: Target
  package var precision: Precision
  /// How weights are stored.
  package var compression = BundleCompression.standard
  /// Facts of the source for the manifest: model, checkpoint and their digests.
  package var provenance: [String: String]
  /// Runs the verifier after every pass.
  package var verifies: Bool
  /// Writes which value of the source each kernel call computes, by which a bundle is compared with its model.
  package var keepsOrigins = true
  /// Runs the passes; without them every node becomes a kernel call as it stands.
  package var optimizes = true
  package var arithmetic = QuantizedArithmetic.integer
  /// What engines must do, or nothing is written.
  package var requirements: [EngineRequirement] = []
  /// What the program's schedule is chosen for.
  package var schedule = ScheduleGoal.fast
  /// Bytes of memories, by their ids, that may be used instead of the target's own.
  package var memoryLimits: [String: Int] = [:]
  /// What ``precision`` leaves open of how weights are stored: the groups of ``Precision/int4``, bits and groups of
  /// ``Precision/palette``. Nil for what is usual.
  package var weights: WeightFormat?

  package init(
    target: Target, precision: Precision = .fp32, provenance: [String: String] = [:], verifies: Bool = false
  ) {
    self.target = target
    self.precision = precision
    self.provenance = provenance
    self.verifies = verifies
  }
}

/// What the compiler can tell of how a bundle came about, and its bytes unless they went elsewhere.
package struct CompiledBundle: Sendable {
  package var bytes: [UInt8] = []
  package var bundleBytes: Int
  package var manifest: Manifest
  package var programs: [Program]
  /// For each program, the value of the source that each instruction computes.
  package var origins: [ProgramOrigins]
  /// The graphs that were lowered.
  package var module: Module
  package var passes: [PassReport]
  /// What quantizing each function found; empty where nothing was quantized.
  package var quantizations: [QuantizationReport] = []
  /// Where the nodes of each function, and of those that it runs, run, in execution order.
  package var placements: [[Placement]]
  /// In what pieces they run there.
  package var segments: [[Segment]]
  package var weightBytes: Int
  /// The same by format.
  package var weightBytesByFormat: [String: Int]
  package var nodesBefore: Int
  package var nodesAfter: Int
}

/// The stages of a compile, in order.
public enum CompileStage: String, CaseIterable, Sendable {
  /// The passes rewrite the graph.
  case optimize
  /// Values and weights become integers.
  case quantize
  /// Ops are placed on the chip's engines.
  case place
  /// Memory is planned and ops become kernel calls.
  case lower
  /// The bundle is compressed and written.
  case write
}

/// How tensors that a model quantized are computed with.
public enum QuantizedArithmetic: String, CaseIterable, Sendable {
  /// As the model says, to the last integer: in fp32 where it multiplies by scales. Its weights become fp32 for that.
  case exact
  /// On integers, rescaled by multiplier and shift: results may differ by one step of the quantization. Weights stay
  /// integers.
  case integer

  /// Its name in a bundle's provenance.
  static let key = "arithmetic"

  /// Of a bundle of this provenance.
  package init(recordedIn provenance: [String: String]) {
    self = provenance[Self.key].flatMap { Self(rawValue: $0) } ?? .exact
  }

  /// What an output of a bundle may be off by from the model in fp32, relative to the output's largest value: where a
  /// rounding jumps by one of 256 steps, layers behind it carry that on.
  package var tolerance: Double {
    switch self {
    case .exact: 0
    case .integer: 5e-2
    }
  }
}

/// The passes that a compile with these options runs. Where it quantizes, it does so between ``foldingPipeline`` and the rest.
package func pipeline(_ options: CompileOptions) -> [PipelineStep] {
  guard options.optimizes else { return loweringPipeline }
  var steps = arithmeticPipeline(options)
  if let format = options.weightFormat {
    steps += foldingPipeline
    steps.append(.run(storeWeights(format), "after every fold, so that folds compute in fp32"))
    return steps + quantizedWeightsPipeline + fusionPipeline
  }
  return steps + standardPipeline
}

extension CompileOptions {
  func scheduling(in memory: Target.Memory) -> Scheduling {
    let limit = memoryLimits[memory.id] ?? (target.family == .cpu ? nil : memory.capacity)
    return Scheduling(
      model: BlockModel(target), goal: optimizes ? schedule : .untiled, memory: memory.id, limit: limit)
  }

  /// How weights are stored where activations stay floats; nil where weights stay, too, or activations don't.
  package var weightFormat: WeightFormat? {
    switch precision {
    case .fp32, .int8, .mixed: nil
    case .fp16: .fp16
    case .bf16: .bf16
    case .int8Weights: .int8
    case .int4: weights ?? .int4(groupSize: 32)
    case .palette: weights ?? .palette(bits: 4)
    }
  }

  /// The name of ``weightFormat`` in a bundle's provenance.
  private static let weightsKey = "weights"

  /// What a bundle's provenance has to say of ``weights``.
  fileprivate var recordedWeights: [String: String] {
    switch precision {
    case .int4, .palette: weightFormat.map { [Self.weightsKey: $0.description] } ?? [:]
    default: [:]
    }
  }

  /// Takes ``weights`` from a bundle's provenance.
  package mutating func takeWeights(recordedIn provenance: [String: String]) {
    weights = provenance[Self.weightsKey].flatMap { WeightFormat($0) }
  }
}

/// What becomes of tensors that are quantized.
private func arithmeticPipeline(_ options: CompileOptions) -> [PipelineStep] {
  options.arithmetic == .integer ? integerPipeline : exactPipeline
}

/// Compiles a module whose weights are bound into a bundle. The same module and options give the same bytes.
package func compile(
  _ source: Module, _ options: CompileOptions, calibration: Calibration? = nil, observer: PassObserver? = nil
) throws(Diagnostic) -> CompiledBundle {
  var sink = BundleBytes()
  var compiled = try compile(source, options, calibration: calibration, to: &sink, observer: observer)
  compiled.bytes = sink.bytes
  return compiled
}

/// Compiles a module and writes the bundle to `sink`; see ``compile(_:_:observer:)``. `progress` is told the
/// stage, and while writing the share that is done.
package func compile(
  _ source: Module, _ options: CompileOptions, calibration: Calibration? = nil,
  to sink: inout some BundleSink,
  observer: PassObserver? = nil,
  progress: (CompileStage, Double?) -> Void = { _, _ in }
) throws(Diagnostic) -> CompiledBundle {
  try requireBoundWeights(source)
  try verifyCalls(source)
  var module = source
  module.nameValues()
  let sourceValues = SourceValues(module)
  let nodesBefore = source.functions.reduce(0) { $0 + $1.order.count }

  progress(.optimize, nil)
  var quantizations: [QuantizationReport] = []
  var reports: [PassReport] = []
  func run(_ steps: [PipelineStep]) throws(Diagnostic) {
    reports += try Passes.run(
      steps, on: &module, fusing: FusionRules(options.target), verifying: options.verifies, observer: observer
    )
  }
  if options.precision.needsSamples {
    guard let calibration else {
      throw Diagnostic(
        "\(options.precision.rawValue) needs samples of the inputs",
        advice: "give a folder of them with --calibration")
    }
    try run(arithmeticPipeline(options) + foldingPipeline)
    let rest = arithmeticPipeline(options) + quantizedPipeline + fusionPipeline
    quantizations = try withoutActuallyEscaping(progress) { (progress) throws(Diagnostic) in
      try quantize(
        &module, calibration, compression: options.compression,
        bundleBytes: { (candidate) throws(Diagnostic) in
          var candidate = candidate
          _ = try Passes.run(rest, on: &candidate, fusing: FusionRules(options.target))
          var sink = CountingSink()
          try Lowered(candidate, options, sourceValues).write(to: &sink)
          return sink.count
        },
        progress: { progress(.quantize, $1) })
    }
    try run(rest)
  } else {
    try run(pipeline(options))
  }

  module.notes += Note.storedTwice(in: module)
  if options.target.family != .cpu { module.notes.append(.runsOnCPU(options.target.title)) }
  progress(.place, nil)
  let placed = try flatten(module).map { Machine.placed($0.graph, on: options.target) }
  let placements = placed.map(\.placements)
  for requirement in options.requirements {
    try requirement.check(placements.flatMap { $0 }, on: options.target)
  }

  progress(.lower, nil)
  let lowered = try Lowered(
    module, options, sourceValues, arithmetic(reports).merging(options.recordedWeights) { $1 })
  var counter = CountingSink(sink)
  try lowered.write(to: &counter) { progress(.write, $0) }
  sink = counter.sink
  return CompiledBundle(
    bundleBytes: counter.count, manifest: lowered.manifest, programs: lowered.programs,
    origins: lowered.origins, module: module, passes: reports, quantizations: quantizations,
    placements: placements, segments: placed.map(\.segments),
    weightBytes: lowered.weights.reduce(0) { $0 + $1.tensor.byteCount },
    weightBytesByFormat: lowered.programs.weightBytesByFormat(
      lowered.weights.map { ($0.tensor.element, $0.tensor.byteCount) }),
    nodesBefore: nodesBefore, nodesAfter: module.functions.reduce(0) { $0 + $1.order.count })
}

/// What to say of the arithmetic: nothing where the passes found nothing to compute on integers.
private func arithmetic(_ reports: [PassReport]) -> [String: String] {
  let isInteger = reports.contains { $0.name == useIntegerArithmetic.name && !$0.changes.isEmpty }
  return isInteger ? [QuantizedArithmetic.key: QuantizedArithmetic.integer.rawValue] : [:]
}

/// The functions of a module without calls.
func flatten(_ module: Module) throws(Diagnostic) -> [FlatFunction] {
  var flats: [FlatFunction] = []
  for graph in module.functions { flats.append(try flatten(graph, module.functions)) }
  return flats
}

/// Where the nodes of each function, and of those that it runs, would run, in execution order. Weights need
/// contents.
package func placements(of module: Module, on target: Target) throws(Diagnostic) -> [[Placement]] {
  try flatten(module).map { place($0.graph, on: target) }
}

private func requireBoundWeights(_ module: Module) throws(Diagnostic) {
  let unbound = module.weightNames.filter { module.weights[$0]?.tensor == nil }
  guard unbound.isEmpty else {
    throw Diagnostic(
      "\(unbound.count) parameters have no contents: \(unbound.prefix(5).joined(separator: ", "))",
      advice: "give a checkpoint that holds them with --checkpoint")
  }
}
