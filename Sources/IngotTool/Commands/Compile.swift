public import ArgumentParser
import Bundle
import CProcess
import Foundation
import IR
import IngotCompiler
import Quantization
import Samples

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

      On 8-bit integers, with samples of the inputs; or with more bits where 30 dB ask for them:
        ingot compile net.onnx --precision int8 --calibration samples/ -o net.ingot
        ingot compile net.onnx --precision mixed --max-drop 30 --calibration samples/ -o net.ingot

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

  @Option(
    help:
      "Number format: fp32; fp16, bf16, int8-weights, int4 or palette (weights, with arithmetic in fp32); int8; or mixed, a format for each layer, as a budget asks for."
  )
  var precision: Precision = .fp32

  @Option(
    help:
      "Weights of an output that share a scale in int4: 16, 32, 64 or 128. Outputs that share a palette: 1 or more; all of them where it is not given."
  )
  var groupSize: Int?

  @Option(help: "Bits of a weight's index into its palette: 2, 3, 4, 6 or 8. 4 where it is not given.")
  var bits: Int?

  @Option(help: quantizedArithmeticHelp) var arithmetic: QuantizedArithmetic = .integer

  @Option(
    help: ArgumentHelp(
      "Samples of the inputs for int8: a folder of .npz files with arrays named as the inputs, one sample a file; of NAME_0001.npy and so on for each input; or of pictures, with --image-input.",
      valueName: "dir"))
  var calibration: String?

  @Option(
    help: ArgumentHelp(
      "What is learned of the samples: written to this file if there is none; else taken from it, and --calibration is not read.",
      valueName: "file"))
  var calibrationCache: String?

  @OptionGroup var images: ImageOptions
  @OptionGroup var search: SearchOptions
  @OptionGroup var scheduling: ScheduleSelection

  @Option(
    help: ArgumentHelp(
      "How weights are stored: none, or zstd with a level of 1 to 22. Not compressed, they are used where the file is mapped, and libraries that were built without zstd can open the bundle.",
      valueName: "none|zstd[:n]"))
  var compression = BundleCompression.standard

  @Flag(
    inversion: .prefixedNo,
    help:
      "Says in the bundle which value of the model each kernel call computes, by which 'ingot verify' compares layers. Without, the bundle is a little smaller."
  )
  var origins = true

  @Option(
    help: ArgumentHelp(
      "Also writes a page with passes, placement, the memory plan, and what quantizing does to each layer.",
      valueName: "file.html"))
  var report: String?

  @Option(
    help: ArgumentHelp(
      "Writes nothing unless an engine does this share of the multiply-adds: 'npu>=0.99' of all that the chip has beside what it falls back to, or by an engine's name. May be repeated; 'ingot explain' shows where each op runs.",
      valueName: "engine>=share"))
  var require: [EngineRequirement] = []

  @Flag(help: "Prints facts as JSON.") var json = false

  func validate() throws {
    _ = try weights
    if calibration != nil, !precision.needsSamples {
      throw ValidationError("--calibration goes with --precision int8 or mixed.")
    }
    if calibrationCache != nil, !precision.needsSamples {
      throw ValidationError("--calibration-cache goes with --precision int8 or mixed.")
    }
    try search.check(precision)
    if images.imageInput != nil, calibration == nil {
      throw ValidationError("--image-input goes with --calibration DIR.")
    }
  }

  /// What bits and groups say of the weights; nil where neither is given.
  private var weights: WeightFormat? {
    get throws {
      switch precision {
      case .int4:
        guard bits == nil else { throw ValidationError("--bits goes with --precision palette.") }
        guard let groupSize else { return nil }
        guard [16, 32, 64, 128].contains(groupSize) else {
          throw ValidationError("--group-size is \(groupSize), expected 16, 32, 64 or 128.")
        }
        return .int4(groupSize: groupSize)
      case .palette:
        let bits = bits ?? 4
        guard Palette.widths.contains(bits) else {
          throw ValidationError("--bits is \(bits), expected 2, 3, 4, 6 or 8.")
        }
        if let groupSize, groupSize < 1 {
          throw ValidationError(
            "--group-size is \(groupSize), expected 1 or more outputs that share a palette.")
        }
        return .palette(bits: bits, channels: groupSize ?? 0)
      default:
        guard bits == nil else { throw ValidationError("--bits goes with --precision palette.") }
        guard groupSize == nil else {
          throw ValidationError("--group-size goes with --precision int4 or palette.")
        }
        return nil
      }
    }
  }

  /// How many samples of noise stand in for data.
  private static let noiseSamples = 8

  /// Where to write what is learned of the samples; nil where nothing is asked for, or it is there.
  private var newCache: String? {
    calibrationCache.flatMap { FileManager.default.fileExists(atPath: $0) ? nil : $0 }
  }

  private func calibrate(newCache: String?) throws -> Calibration {
    var found = Calibration { module, function in
      guard let calibration else {
        return SeededSamples(module, function: function, count: Self.noiseSamples, seed: 1)
      }
      return try images.openSamples(path: calibration, for: sampleInputs(of: module.functions[function]))
    }
    try search.apply(to: &found.options)
    guard let newCache else {
      found.cache = calibrationCache
      return found
    }
    guard calibration != nil else {
      throw ToolError("\(newCache): no such file; give --calibration DIR to write it")
    }
    found.options.keepsRecords = true
    return found
  }

  func run() throws {
    let progress = Progress()
    var cost = CompileCost()
    cost.enter("read")
    progress.show("reading \(source.title)")
    let network = try source.load()
    let target = try selection.load()
    var options = CompileOptions(target: target, precision: precision)
    options.arithmetic = arithmetic
    options.weights = try weights
    options.compression = compression
    options.keepsOrigins = origins
    options.requirements = require
    try scheduling.apply(to: &options)
    let files = OutputTransaction()
    let newCache = newCache
    try files.claim([output, report, search.writeRecipe, newCache].compactMap { $0 })
    // Calibration computes with the same sizes for each sample.
    if precision.needsSamples { memory_keep_freed() }
    let calibration = precision.needsSamples ? try calibrate(newCache: newCache) : nil
    let compiled = try files.write(to: output) { file in
      try Compiler(options).compile(
        network, calibration: calibration,
        to: &file,
        progress: { stage, share in
          cost.enter(stage.rawValue)
          let percent = share.map { " \(Int(100 * $0)) %" } ?? ""
          progress.show("\(stage.rawValue): \(source.title)\(percent)")
        })
    }
    cost.stop()
    progress.clear()
    if let report {
      try files.write(
        Array(htmlReport(compiled.bundle, compiled.facts.quantizations, title: source.title).utf8), to: report
      )
    }
    if let newCache { try files.write(compiled.bundle.calibrationCache.bytes, to: newCache) }
    if let path = search.writeRecipe {
      try files.write(Array(compiled.bundle.recipes.text.utf8), to: path)
    }
    let result = CompileResult(compiled, sourceBytes: network.sourceBytes, cost, on: target)
    try files.commit {
      if json { try printJSON(result) } else { print(result.text(output: output, target: target)) }
    }
  }
}

extension Precision: ExpressibleByArgument {}
extension QuantizedArithmetic: ExpressibleByArgument {}

extension EngineRequirement: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
}

let quantizedArithmeticHelp: ArgumentHelp =
  "How a model that comes quantized is computed: integer, on the integers, rescaled by multiplier and shift, which may differ by one step; or exact, as the model says it, with scales in fp32, to which its weights grow."

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
