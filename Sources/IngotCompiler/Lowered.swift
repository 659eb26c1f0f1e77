package import Bundle
import CBundleFormat
package import IR
import Machine
import Passes
import Tensors

/// A module as programs over planned memories, ready to be written as a bundle.
struct Lowered {
  let programs: [Program]
  let origins: [ProgramOrigins]
  let weights: [BundleWeight]
  let manifest: Manifest
  private let options: CompileOptions

  init(
    _ module: Module, _ options: CompileOptions, _ sourceValues: SourceValues,
    _ provenance: [String: String] = [:]
  ) throws(Diagnostic) {
    let flats = try flatten(module)
    let memory = options.target.memoryOfActivations
    var pool = WeightPool(flats.map(\.graph))
    let lowered = try lower(
      flats, weights: &pool,
      Lowering(
        scheduling: options.scheduling(in: memory), passes: loweringPasses(options),
        verifies: options.verifies))
    self.options = options
    programs = lowered.map(\.program)
    origins = zip(flats, lowered).map { sourceValues.origins($0, $1.values) }
    weights = pool.weights
    manifest = Manifest(
      format: Int(INGOT_FORMAT_VERSION), compiler: compilerVersion, target: options.target.name,
      targetFamily: options.target.family.rawValue, precision: options.precision.rawValue,
      functions: lowered.indices.map { describe(module, $0, lowered[$0], memory, options) },
      provenance: options.provenance.merging(provenance) { $1 })
  }

  func write(
    to sink: inout some BundleSink, progress: (Double) -> Void = { _ in }
  ) throws(Diagnostic) {
    do {
      try writeBundle(
        manifest: manifest, programs: programs, origins: options.keepsOrigins ? origins : [],
        weights: weights, compression: options.compression, to: &sink, progress: progress)
    } catch let error as BundleError {
      throw Diagnostic("the bundle can't be written: \(error)")
    } catch {
      // The sink's own, which names the file.
      throw Diagnostic("\(error)")
    }
  }
}

/// The program passes that a compile with these options runs between emission and memory planning.
private func loweringPasses(_ options: CompileOptions) -> [ProgramPass] {
  guard options.optimizes else { return storagePasses }
  return programPasses + (options.target.panels.map { [repackWeights($0)] } ?? [])
}

/// Counts what passes to another sink.
struct CountingSink<Sink: BundleSink>: BundleSink {
  var sink: Sink
  var count = 0

  init(_ sink: Sink) { self.sink = sink }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
    try sink.append(bytes)
    count += bytes.count
  }

  mutating func overwriteHead(_ bytes: UnsafeRawBufferPointer) throws { try sink.overwriteHead(bytes) }
}

/// Keeps nothing.
struct NoSink: BundleSink {
  mutating func append(_ bytes: UnsafeRawBufferPointer) {}
  mutating func overwriteHead(_ bytes: UnsafeRawBufferPointer) {}
}

extension CountingSink where Sink == NoSink {
  init() { self.init(NoSink()) }
}

/// An input or output of a graph as manifests describe it.
package func manifestPort(_ port: Port, of graph: Graph) -> Manifest.Port {
  let type = graph.type(of: port.value)
  return Manifest.Port(
    name: port.name, element: type.element.rawValue, shape: type.shape.extents,
    sizes: port.sizes.map { Manifest.Size(axis: $0.axis, output: $0.output) })
}

private func describe(
  _ module: Module, _ index: Int, _ lowered: LoweredFunction, _ memory: Target.Memory,
  _ options: CompileOptions
) -> Manifest.Function {
  let graph = module.functions[index]
  let memories = zip(lowered.program.memories, lowered.lowerBounds).map { planned, bound in
    Manifest.Memory(
      id: planned.id, bytes: planned.bytes ?? 0, lowerBoundBytes: bound,
      capacityBytes: planned.id == memory.id ? options.memoryLimits[memory.id] ?? memory.capacity : nil)
  }
  return Manifest.Function(
    name: graph.name, inputs: graph.inputs.map { manifestPort($0, of: graph) },
    outputs: graph.outputs.map { manifestPort($0, of: graph) },
    arenaBytes: lowered.program.arenaBytes, arenaLowerBoundBytes: lowered.lowerBounds.reduce(0, +),
    memories: memories,
    instructions: lowered.program.instructions.count,
    parameters: Statistics(module, function: index).parameters,
    macs: lowered.program.multiplyAdds, cycles: lowered.cycles
  )
}
