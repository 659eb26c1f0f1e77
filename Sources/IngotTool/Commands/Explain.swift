import ArgumentParser
import Bundle
import IR
import IngotCompiler
import Machine
import Samples
import Tensors

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show where each op runs on a chip, and why.",
    discussion: """
      Rewrites the model as 'compile' would and places every op on the chip's engines. An op that does not run there as one \
      operation is told with the first rule that it breaks, what it has and what is allowed, and what its being elsewhere \
      costs.
        ingot explain net.onnx --target apple-ane-a17pro
        ingot explain net.onnx --target arm-ethos-u55-256 --precision int8 --calibration samples/
        ingot explain net.onnx --target my-chip.json --html placement.html
      Without samples, int8 is explained with noise in their place: formats are the same, zero points are not.
      """)

  @OptionGroup var source: ModelSource
  @OptionGroup var selection: TargetSelection
  @Option(help: "Number format, as of 'compile'.") var precision: Precision = .fp32
  @Option(
    help: ArgumentHelp("Samples of the inputs for int8, as of 'compile'.", valueName: "dir"))
  var calibration: String?
  @OptionGroup var images: ImageOptions
  @Option(help: quantizedArithmeticHelp) var arithmetic: QuantizedArithmetic = .integer
  @Flag(help: "Prints every op, not only those that do not run natively.") var ops = false
  @Option(help: ArgumentHelp("Writes a page with segments and ops.", valueName: "file.html"))
  var html: String?
  @Flag(help: "Prints facts as JSON.") var json = false

  func validate() throws {
    if calibration != nil, !precision.needsSamples {
      throw ValidationError("--calibration goes with --precision int8 or mixed.")
    }
    if images.imageInput != nil, calibration == nil {
      throw ValidationError("--image-input goes with --calibration DIR.")
    }
  }

  func run() throws {
    let progress = Progress()
    progress.show("reading \(source.title)")
    let target = try selection.load()
    var module = try source.load().module
    module.bindRandomWeights(seed: 0)
    var options = CompileOptions(target: target, precision: precision)
    options.arithmetic = arithmetic
    options.compression = .none
    var sink = NoSink()
    let compiled = try compile(
      module, options, calibration: precision.needsSamples ? try samples() : nil, to: &sink,
      progress: { stage, _ in progress.show("\(stage.rawValue): \(source.title)") })
    progress.clear()
    let explanation = Explanation(compiled, target, precision)
    let files = OutputTransaction()
    if let html {
      try files.write(Array(explanationPage(explanation, title: source.title).utf8), to: html)
    }
    try files.commit {
      if json { try printJSON(explanation) } else { print(explanation.text(everyOp: ops)) }
    }
  }

  /// Noise stands in for samples where none are given.
  private func samples() throws -> Calibration {
    Calibration { module, function in
      guard let calibration else {
        return SeededSamples(module, function: function, count: 2, seed: 1)
      }
      return try images.openSamples(path: calibration, for: sampleInputs(of: module.functions[function]))
    }
  }
}

/// What is compiled to be looked at is not kept.
private struct NoSink: BundleSink {
  mutating func append(_ bytes: UnsafeRawBufferPointer) {}
  mutating func overwriteHead(_ bytes: UnsafeRawBufferPointer) {}
}
