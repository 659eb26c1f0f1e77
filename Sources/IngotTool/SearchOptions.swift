import ArgumentParser
import Foundation
import IR
import Importers
import IngotCompiler
import Quantization
import Samples
import Tensors

/// What decides between the formats of layers.
struct SearchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "For mixed: what the outputs may lose on samples that nothing is learned from. Of sqnr it is the least that is allowed, in dB; of other metrics the most that is lost.",
      valueName: "x"))
  var maxDrop: Double?

  @Option(
    help: ArgumentHelp(
      "For --max-drop: sqnr (signal to noise ratio), cosine, top1 (share of places whose largest class is fp32's), or a program of your own. It is run with a folder that holds one folder a sample, named as the sample's file, with a .npy for each output, and writes a number as its last word, which is larger for better outputs.",
      valueName: "sqnr|cosine|top1|program"))
  var metric: String?

  @Option(help: ArgumentHelp("For mixed: what the bundle may take.", valueName: "n")) var maxBytes: Int?

  @Option(
    help: ArgumentHelp(
      "For mixed: multiply-adds of a run, each counted by the bytes of its arithmetic: 1 in int8, 2 or 3 in two bytes, 4 in floating point.",
      valueName: "n"))
  var maxLatency: Double?

  @Option(
    help: ArgumentHelp(
      "For int8 and mixed: formats of layers from a file that --write-recipe wrote, instead of a search. With the samples that it was made with it gives the same bundle.",
      valueName: "file.json"))
  var recipe: String?

  @Option(
    help: ArgumentHelp("For int8 and mixed: writes which format each layer has.", valueName: "file.json"))
  var writeRecipe: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "For int8 and mixed: a format and patterns of layers that have it whatever is found, such as --keep fp16 'head.*'. Formats are \(LayerFormat.choices). May be repeated; the last that fits counts.",
      valueName: "format pattern"))
  var keep: [String] = []

  func validate() throws {
    _ = try kept
    if metric != nil, maxDrop == nil { throw ValidationError("--metric goes with --max-drop.") }
    if let maxDrop, !maxDrop.isFinite { throw ValidationError("--max-drop is no number.") }
    if let maxBytes, maxBytes <= 0 { throw ValidationError("--max-bytes must be more than 0.") }
    if let maxLatency, !(maxLatency > 0) { throw ValidationError("--max-latency must be more than 0.") }
    if recipe != nil, hasBudget || !keep.isEmpty {
      throw ValidationError(
        "--recipe says which format each layer has; it goes with no budget and no --keep.")
    }
  }

  func check(_ precision: Precision) throws {
    if precision == .mixed, !hasBudget, recipe == nil {
      throw ValidationError(
        "--precision mixed needs a budget, --max-drop, --max-bytes or --max-latency, or a --recipe.")
    }
    if precision != .mixed, hasBudget {
      throw ValidationError("--max-drop, --max-bytes and --max-latency go with --precision mixed.")
    }
    if !precision.needsSamples, recipe != nil || writeRecipe != nil || !keep.isEmpty {
      throw ValidationError("--recipe, --write-recipe and --keep go with --precision int8 or mixed.")
    }
  }

  private var hasBudget: Bool { maxDrop != nil || maxBytes != nil || maxLatency != nil }

  /// A format, and the patterns that follow it up to the next format.
  private var kept: [KeptLayers] {
    get throws {
      var found: [KeptLayers] = []
      var format: LayerFormat?
      var isUsed = true
      for word in keep {
        if let next = keptFormat(word) {
          guard isUsed else { break }
          (format, isUsed) = (next, false)
        } else if let format {
          found.append(KeptLayers(format, GlobPattern(word)))
          isUsed = true
        } else {
          throw ValidationError(
            "--keep '\(word)' is no format, expected one of \(LayerFormat.choices), followed by a pattern of names."
          )
        }
      }
      guard isUsed else {
        throw ValidationError(
          "--keep \(format!) needs a pattern of names, such as --keep \(format!) 'head.*'.")
      }
      return found
    }
  }

  func apply(to options: inout QuantizationOptions) throws {
    options.kept = try kept
    if let recipe { options.recipes = try RecipeFile(path: recipe).recipes }
    guard hasBudget else { return }
    options.budget = Budget(
      metric: measurement, limit: maxDrop, bytes: maxBytes, work: maxLatency)
  }

  private var measurement: Budget.Metric {
    switch metric ?? "sqnr" {
    case "sqnr": return .sqnr
    case "cosine": return .cosine
    case "top1": return .top1
    case let program:
      return .custom(name: program) { samples in
        try MetricProgram(path: program).evaluate(samples)
      }
    }
  }
}

/// A format that any layer can have, by its name.
private func keptFormat(_ word: String) -> LayerFormat? {
  LayerFormat(word).flatMap { [.twoBytes, .scaledRows].contains($0) ? nil : $0 }
}

/// A user's program that tells how good outputs are.
private struct MetricProgram {
  let path: String

  func evaluate(
    _ samples: [(sample: String, outputs: [(name: String, tensor: Tensor)])]
  ) throws -> Double {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ingot-metric-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = fileNames(
      samples.map { URL(filePath: $0.sample).deletingPathExtension().lastPathComponent })
    for (name, sample) in zip(names, samples) {
      let own = folder.appending(path: name)
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      for (output, entry) in zip(fileNames(sample.outputs.map(\.name)), sample.outputs) {
        try Npy.write(entry.tensor, path: own.appending(path: "\(output).npy").path(percentEncoded: false))
      }
    }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = [folder.path(percentEncoded: false)]
    let pipe = Pipe()
    process.standardOutput = pipe
    do {
      try process.run()
    } catch {
      throw ToolError("\(path): can't be run to measure outputs: \(error.localizedDescription)")
    }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ToolError("\(path): ended with status \(process.terminationStatus), expected 0")
    }
    let words = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard let last = words.last, let number = Double(last), number.isFinite else {
      throw ToolError(
        "\(path): its last word is '\(words.last ?? "")', expected a number that is larger for better outputs"
      )
    }
    return number
  }
}
