import ArgumentParser
import Bundle
import Ingot
import IngotCompiler
import Tensors

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a bundle with the model it was compiled from.",
    discussion: """
      Runs the model by the definitions of its ops, and the bundle by the interpreter, on the same arrays, \
      and prints how far outputs and layers lie apart. Fails when an output is off by more than the \
      tolerance, relative to its largest value.

        ingot verify net.ingot --model net.onnx --inputs samples/

      Without samples, --random makes some: floats of -1 to 1, truth values, bytes, and integers that are valid \
      indices where the model uses them as such. The same seed makes the same. The worst is shown.

        ingot verify net.ingot --model net.onnx --random 3

      With --stages, the model is also run after every pass that changed it, which tells a pass that breaks \
      numbers. Functions that the model runs, as a sampler runs its denoiser, are also compared alone, layer by \
      layer, on the inputs that they first get.
      """)

  @Argument(help: "The bundle.") var bundle: String
  @OptionGroup var source: ModelReference
  @Option(help: ArgumentHelp("A folder with NAME.npy for every input, or .npz files.", valueName: "dir"))
  var inputs: String?
  @Option(help: ArgumentHelp("Compares on n samples made from a seed, in place of --inputs.", valueName: "n"))
  var random: Int?
  @Option(help: ArgumentHelp("What --random makes samples from; 1 when left out.", valueName: "n"))
  var seed: UInt64?
  @Option(help: ArgumentHelp("Which function of the bundle; the first when left out.", valueName: "name"))
  var function: String?
  @Option(
    help: ArgumentHelp(
      "Largest relative difference allowed. When left out 1e-4 for fp32, 2e-2 for fp16, and at least four roundings of an output of few bits.",
      valueName: "x"))
  var tolerance: Double?
  @Flag(help: "Also compares the graph after every pass.") var stages = false
  @Option(help: ArgumentHelp("How many layers to print, the worst first.", valueName: "n")) var top = 10
  @Flag(help: "Prints facts as JSON.") var json = false

  func validate() throws {
    if let tolerance, !(tolerance.isFinite && tolerance >= 0) {
      throw ValidationError("--tolerance must be a number that is not negative.")
    }
    guard (inputs == nil) != (random == nil) else {
      throw ValidationError("Give either --inputs DIR, or --random N for inputs that are made up.")
    }
    guard random.map({ (1...100_000).contains($0) }) ?? true else {
      throw ValidationError("--random must be 1 to 100000.")
    }
    if seed != nil, random == nil { throw ValidationError("--seed goes with --random.") }
  }

  func run() throws {
    let progress = Progress()
    progress.show("opening \(bundle)")
    let model = try openBundle(bundle)
    let contents = try BundleContents(try Storage.map(path: bundle), path: bundle)
    var index = 0
    if let function {
      guard let found = model.functions.firstIndex(of: function) else {
        throw ToolError(
          "\(bundle): has no function '\(function)', it has \(listed(model.functions))")
      }
      index = found
    }
    let session = try Session(model, function: index)
    progress.show("reading \(source.title)")
    var reference = source
    reference.options = source.options.completed(by: contents.manifest.provenance)
    let module = try reference.load().module
    progress.show("comparing")
    var recompiled: CompiledBundle?
    func verify(_ inputs: [Tensor]) throws -> Verification {
      try Verification(
        session, contents, module, inputs: inputs,
        tolerance: tolerance ?? usualTolerance(contents.manifest.precision, session.outputs), stages: stages,
        recompiled: &recompiled)
    }
    let result: Verification
    if let inputs {
      result = try verify(try readInputs(directory: inputs, for: session.inputs, of: bundle))
    } else {
      let samples = random ?? 1
      result = try verifyRandomly(
        session, module, samples: samples, seed: seed ?? 1,
        progress: { progress.show("comparing sample \($0 + 1) of \(samples)") }, verify: verify)
    }
    progress.clear()
    if json { try printJSON(result) } else { printText(result) }
    if !result.passed {
      let worst = result.outputs.max { $0.relative < $1.relative }
      throw ToolError(
        "\(bundle): output '\(worst?.name ?? "")' is off by \(scientific(worst?.relative ?? .infinity)), allowed are "
          + "\(scientific(result.tolerance)); the table of layers shows where the difference begins")
    }
  }

  /// What rounding may do to outputs of a bundle: of its weights, or of the outputs themselves.
  private func usualTolerance(_ precision: String, _ outputs: [TensorInfo]) -> Double {
    let roundings = outputs.map { output -> Double in
      switch output.element {
      case .f16: 0x1p-11
      case .bf16: 0x1p-8
      default: 0
      }
    }
    return max(precision == "fp16" ? 2e-2 : 1e-4, 4 * (roundings.max() ?? 0))
  }

  private func printText(_ result: Verification) {
    func numbers(_ item: Agreement) -> [String] {
      [
        scientific(item.maxAbs), scientific(item.relative), format(item.cosine, digits: 7),
        format(item.snrDb, digits: 1),
      ]
    }
    func printTable(_ columns: [String], _ rows: [[String]]) {
      let header = columns + ["max abs", "relative", "cosine", "SNR dB"]
      print(table(header, rows, right: Set(columns.count..<header.count)))
    }
    if let random = result.random {
      let which =
        random.samples == 1
        ? "a sample made from seed \(random.seed)"
        : "the worst of \(random.samples) samples made from seed \(random.seed), number \(random.shown)"
      let ranges = random.inputs.map { "\($0.name) \(Int($0.low)) to \(Int($0.high))" }
      print(printable("\(which): \(ranges.joined(separator: ", "))"))
      print("")
    }
    printTable(["output"], result.outputs.map { [$0.name] + numbers($0) })
    if !result.functions.isEmpty {
      print("\neach function that it runs, alone, on the inputs of its first run")
      let rows = result.functions.map { [$0.function, "\($0.layers)", scientific($0.relative)] }
      print(table(["function", "layers", "worst output"], rows, right: [1, 2]))
    }
    if !result.layers.isEmpty, top > 0 {
      let worst = result.layers.sorted { $0.agreement.relative > $1.agreement.relative }.prefix(top)
      print("\nworst of \(result.layers.count) layers")
      let severalFunctions = !result.functions.isEmpty
      printTable(
        (severalFunctions ? ["function"] : []) + ["layer", "op"],
        worst.map { layer in
          (severalFunctions ? [layer.function] : []) + [layer.agreement.name, layer.op]
            + numbers(layer.agreement)
        })
    }
    if let remark = result.remark { print(remark) }
    if !result.stages.isEmpty {
      print("\nafter each pass that changed the graph")
      let severalFunctions = Set(result.stages.map(\.function)).count > 1
      let rows = result.stages.map { stage in
        [stage.pass] + (severalFunctions ? [stage.function] : []) + [scientific(stage.relative)]
      }
      let header = ["pass"] + (severalFunctions ? ["function"] : []) + ["relative"]
      print(table(header, rows, right: [header.count - 1]))
    }
  }
}
