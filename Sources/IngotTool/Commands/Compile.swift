public import ArgumentParser
import Bundle
import IR
import IngotCompiler
import Machine

struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compile a trained network into a bundle.",
    discussion: """
      Reads a model, simplifies it, plans its memory for one chip and writes a bundle that the interpreter runs.

      From an ONNX file whose batch size is left open:
        ingot compile net.onnx --dim batch=1 --target cpu-arm64 -o net.ingot

      From a checkpoint and a graph that comes with ingot (list them with 'ingot graphs'):
        ingot compile --graph efficientformerv2 --variant s0 --checkpoint s0.safetensors -o s0.ingot

      With the averaged weights of a training script's file, without tensors that the graph has no place for:
        ingot compile --graph efficientformerv2 --variant s0 --checkpoint last.pth --state state_dict_ema \
          --ignore 'teacher.*' -o s0.ingot

      With fp16 weights, which halves the file:
        ingot compile net.onnx --precision fp16 -o net.ingot

      Then 'ingot verify' compares the bundle with the model, 'ingot inspect' shows what is in it, and \
      'ingot passes' shows what the compiler did to the graph. All sizes in the graph are fixed: dimensions \
      that the model leaves open need --dim or --shape, and an input that decides what the graph is, such as a sample \
      rate, needs --constant. What is otherwise than the model has it is said in notes and warnings: double (fp64) \
      is computed in fp32, for one, and a warning names the first node of it.
      """)

  @OptionGroup var source: ModelSource
  @OptionGroup var selection: TargetSelection

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The bundle to write.", valueName: "out.ingot"))
  var output: String

  @Option(help: "Number format of the weights: fp32 or fp16. Arithmetic is in fp32.")
  var precision: Precision = .fp32

  @Option(
    help: ArgumentHelp(
      "How weights are stored: none, or zstd with a level of 1 to 22. Not compressed, they are used where the file is mapped, and libraries that were built without zstd can open the bundle.",
      valueName: "none|zstd[:n]"))
  var compression = BundleCompression.standard

  @Option(
    help: ArgumentHelp(
      "Also writes a page with passes, placement and the memory plan.", valueName: "file.html"))
  var report: String?

  @Flag(help: "Prints facts as JSON.") var json = false

  func run() throws {
    let progress = Progress()
    var cost = CompileCost()
    cost.enter("read")
    progress.show("reading \(source.title)")
    let model = try source.load()
    let module = model.module
    let target = try selection.load()
    var options = CompileOptions(target: target, precision: precision, provenance: source.provenance)
    options.compression = compression
    let files = OutputTransaction()
    try files.claim([output, report].compactMap { $0 })
    let compiled = try files.write(to: output) { file in
      try compile(
        module, options, to: &file,
        progress: { stage, share in
          cost.enter(stage.rawValue)
          let percent = share.map { " \(Int(100 * $0)) %" } ?? ""
          progress.show("\(stage.rawValue): \(source.title)\(percent)")
        })
    }
    cost.stop()
    progress.clear()
    if let report { try files.write(Array(htmlReport(compiled, title: source.title).utf8), to: report) }
    try files.commit()
    let facts = CompileFacts(compiled, sourceBytes: model.sourceBytes, cost)
    if json { try printJSON(facts) } else { print(facts.text(output: output, target: target)) }
  }
}

extension Precision: ExpressibleByArgument {}

extension BundleCompression: ExpressibleByArgument {
  init?(argument: String) {
    let words = argument.split(separator: ":", omittingEmptySubsequences: false)
    switch (words[0], words.count) {
    case ("none", 1): self = .none
    case ("zstd", 1): self = .standard
    case ("zstd", 2):
      guard let level = Int(words[1]), Self.levels.contains(level) else { return nil }
      self = .zstd(level: level)
    default: return nil
    }
  }

  var defaultValueDescription: String { "zstd" }
}

/// What `compile` prints of a bundle.
struct CompileFacts: Encodable {
  var arenaBytes: Int
  var arenaLowerBoundBytes: Int
  var bundleBytes: Int
  var weightBytes: Int
  var sourceBytes: Int?
  var nodesBefore: Int
  var nodesAfter: Int
  var instructions: Int
  var macs: Int
  var parameters: Int
  var ops: [Placement]
  var notes: [Note]
  /// Values of the graph's options, such as what its denoiser predicts.
  var options: [String: String]
  var cost: CompileCost

  enum CodingKeys: String, CodingKey {
    case arenaBytes = "arena_bytes"
    case arenaLowerBoundBytes = "arena_lower_bound_bytes"
    case bundleBytes = "bundle_bytes"
    case weightBytes = "weight_bytes"
    case sourceBytes = "source_bytes"
    case nodesBefore = "nodes_before"
    case nodesAfter = "nodes_after"
    case instructions, macs, parameters, ops, notes, options, cost
  }

  init(_ compiled: CompiledBundle, sourceBytes: Int?, _ cost: CompileCost) {
    let functions = compiled.manifest.functions
    arenaBytes = functions.map(\.arenaBytes).max() ?? 0
    arenaLowerBoundBytes = functions.map(\.arenaLowerBoundBytes).max() ?? 0
    bundleBytes = compiled.bundleBytes
    weightBytes = compiled.weightBytes
    self.sourceBytes = sourceBytes
    self.cost = cost
    nodesBefore = compiled.nodesBefore
    nodesAfter = compiled.nodesAfter
    instructions = functions.reduce(0) { $0 + $1.instructions }
    // Functions that others run are counted with these.
    let callees = Set(
      compiled.module.functions.flatMap { graph in graph.order.compactMap { graph[$0].op.callee } })
    macs = functions.filter { !callees.contains($0.name) }.reduce(0) { $0 + $1.macs }
    parameters = Statistics(weightsOf: compiled.module).parameters
    ops = compiled.placements.flatMap { $0 }
    notes = compiled.module.notes
    options = NetworkSource.options(recordedIn: compiled.manifest.provenance)
  }

  func text(output: String, target: Target) -> String {
    var size = "\(formatBytes(bundleBytes))"
    if let sourceBytes, sourceBytes > 0 {
      let percent = format(100 * Double(bundleBytes) / Double(sourceBytes), digits: 0)
      size += ", \(percent) % of the source's \(formatBytes(sourceBytes))"
    }
    let overBound =
      arenaLowerBoundBytes > 0
      ? format(100 * (Double(arenaBytes) / Double(arenaLowerBoundBytes) - 1), digits: 1) : "0.0"
    var lines = [
      "\(output) for \(target.title)",
      "  ops        \(nodesBefore) before, \(nodesAfter) after passes, \(instructions) kernel calls",
      "  work       \(formatCount(macs)) multiply-adds, \(formatCount(parameters)) parameters",
      "  bundle     \(size)",
      "  weights    \(formatBytes(weightBytes)) in memory",
      "  arena      \(formatBytes(arenaBytes)), \(overBound) % over the lower bound of \(formatBytes(arenaLowerBoundBytes))",
      "  time       \(cost.text), with \(formatBytes(cost.peakMemoryBytes)) of memory at most",
    ]
    if !options.isEmpty {
      let words = options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      lines.append("  options    \(words.joined(separator: ", "))")
    }
    if target.family != .cpu {
      let fallen = ops.filter { $0.engine == target.fallback.engine }
      lines.append("  placement  \(ops.count - fallen.count) of \(ops.count) ops on \(target.engines[0].id)")
      for op in fallen.prefix(10) { lines.append("    \(op.op) '\(op.node)' on \(op.engine): \(op.reason)") }
      if fallen.count > 10 {
        lines.append("    and \(fallen.count - 10) more; 'ingot inspect --ops' lists all")
      }
    }
    lines += notes.map(\.description)
    return paragraph(lines)
  }
}
