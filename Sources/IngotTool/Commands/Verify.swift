import Accuracy
import ArgumentParser
import Bundle
import Ingot
import IngotCompiler
import Machine
import Passes
import Samples
import Tensors

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a bundle with the model it was compiled from.",
    discussion: """
      Runs the model by the definitions of its ops, and the bundle by the interpreter, on the same arrays, \
      and prints how far outputs and layers lie apart. Fails when an output is off by more than the \
      tolerance, relative to its largest value. Of several samples each is compared; mean and worst are reported, and \
      the layers of the worst.

      Each layer has two errors: its own, of the kernel call fed with the model's numbers, which tells where a \
      difference begins, and the accumulated one, fed with what the calls before it gave. The model is taken in its own \
      precision, so that for fp16 the rounding of weights counts.

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
  @Option(
    help: ArgumentHelp(
      "Samples to compare on: a folder of .npz, one sample a file, with arrays named as the inputs; or of NAME_0001.npy, NAME/0001.npy or, for one sample, NAME.npy for every input.",
      valueName: "dir"))
  var inputs: String?
  @OptionGroup var images: ImageOptions
  @Option(help: ArgumentHelp("Compares on n samples made from a seed, in place of --inputs.", valueName: "n"))
  var random: Int?
  @Option(help: ArgumentHelp("What --random makes samples from; 1 when left out.", valueName: "n"))
  var seed: UInt64?
  @Option(help: ArgumentHelp("Which function of the bundle; the first when left out.", valueName: "name"))
  var function: String?
  @Option(
    help: ArgumentHelp(
      "Largest relative difference allowed. When left out \(Precision.allCases.map { "\($0.tolerance) for \($0.rawValue)" }.joined(separator: ", ")), and at least four roundings of an output of few bits.",
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
    if images.imageInput != nil, inputs == nil {
      throw ValidationError("--image-input goes with --inputs DIR.")
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
    let arithmetic = QuantizedArithmetic(recordedIn: contents.manifest.provenance)
    guard let precision = Precision(rawValue: contents.manifest.precision) else {
      throw ToolError("\(bundle): precision '\(contents.manifest.precision)' is unknown to this version")
    }
    var verifier = try Verifier(
      contents, module, BundleRunner(model), function: index,
      tolerance: max(precision.tolerance, arithmetic.tolerance))
    if let tolerance { verifier.tolerance = tolerance }
    if stages {
      // A target that is not known here is that of a bundle from elsewhere, which the interpreter runs all the same.
      let target =
        try (try? targetLibrary().target(contents.manifest.target)) ?? targetLibrary().interpreter()
      var options = CompileOptions(target: target, precision: precision)
      options.arithmetic = arithmetic
      options.takeWeights(recordedIn: contents.manifest.provenance)
      verifier.passes = pipeline(options)
      verifier.fusion = FusionRules(target)
    }
    var result: Verification
    if let inputs {
      let samples = try images.openSamples(path: inputs, for: sampleInputs(of: session.inputs))
      result = try verifier.verify(samples) {
        progress.show("comparing sample \($0 + 1) of \(samples.count)")
      }
    } else {
      let samples = random ?? 1
      result = try verifier.verify(randomSamples: samples, seed: seed ?? 1) {
        progress.show("comparing sample \($0 + 1) of \(samples)")
      }
    }
    result.notes += try runsOnCPUNote(model).map { [$0] } ?? []
    progress.clear()
    if json { try printJSON(result) } else { printText(result) }
    if !result.passed {
      let worst = result.outputs.max { $0.agreement.relative < $1.agreement.relative }
      var message =
        "\(bundle): output '\(worst?.name ?? "")' is off by \(scientific(worst?.agreement.relative ?? .infinity)), allowed are "
        + "\(scientific(result.tolerance))"
      if let layer = result.worstLayer {
        message +=
          "; the layer with the largest error of its own is \(layer.op) '\(layer.name)', \(scientific(layer.own.relative))"
      }
      throw ToolError(message)
    }
  }

  private func printText(_ result: Verification) {
    if let random = result.random {
      let which =
        random.samples == 1
        ? "a sample made from seed \(random.seed)"
        : "the worst of \(random.samples) samples made from seed \(random.seed), number \(random.shown)"
      let ranges = random.inputs.map { "\($0.name) \(Int($0.low)) to \(Int($0.high))" }
      print(printable("\(which): \(ranges.joined(separator: ", "))"))
      print("")
    }
    if let samples = result.samples, samples.count > 1 { printSummary(samples) }
    let outputs = result.outputs.map { output in
      let agreement = output.agreement
      return [
        output.name, scientific(agreement.maxAbs), scientific(agreement.relative),
        format(agreement.cosine, digits: 7), format(agreement.snrDb, digits: 1),
      ]
    }
    print(table(["output", "max abs", "relative", "cosine", "SNR dB"], outputs, right: [1, 2, 3, 4]))
    if !result.functions.isEmpty {
      print("\neach function that it runs, alone, on the inputs of its first run")
      let rows = result.functions.map { [$0.function, "\($0.layers)", scientific($0.relative)] }
      print(table(["function", "layers", "worst output"], rows, right: [1, 2]))
    }
    if top > 0 { printLayers(result) }
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
    for note in result.notes { print("\(note)") }
  }

  private func printSummary(_ samples: SampleSummary) {
    let rows = samples.outputs.map { output in
      [
        output.name, format(output.meanSnrDb, digits: 1), format(output.worstSnrDb, digits: 1),
        output.worstSnrSample, scientific(output.worstRelative), output.worstRelativeSample,
      ]
    }
    let header = ["output", "mean SNR dB", "worst", "in", "worst relative", "in"]
    print("over \(samples.count) samples")
    print(table(header, rows, right: [1, 2, 4]))
    print("\nthe worst of them, \(printable(samples.shown))")
  }

  private func printLayers(_ result: Verification) {
    guard !result.layers.isEmpty else { return }
    let worst = result.layers.sorted { $0.own.relative > $1.own.relative }.prefix(top)
    var lines = [
      "worst of \(result.layers.count) layers, by their own errors",
      "own: fed with the model's numbers; accumulated: fed with what the bundle's calls before it gave",
    ]
    let others = result.kernelCalls - result.layers.count
    if others > 0 {
      lines.append(
        "kernel calls between two values of the model, counted with the layer after them: \(others)")
    }
    let severalFunctions = !result.functions.isEmpty
    let names = (severalFunctions ? ["function"] : []) + ["layer", "op"]
    let header = names + ["own", "own SNR dB", "accumulated", "acc. SNR dB"]
    let rows = worst.map { layer in
      (severalFunctions ? [layer.function] : []) + [
        layer.name, layer.op, scientific(layer.own.relative), format(layer.own.snrDb, digits: 1),
        scientific(layer.accumulated.relative), format(layer.accumulated.snrDb, digits: 1),
      ]
    }
    print("\n\(paragraph(lines))")
    print(table(header, rows, right: Set(names.count..<header.count)))
  }
}
