import ArgumentParser
import Foundation
import IR
import Importers
import IngotCompiler
import Tensors

/// Options that say what graph a model is and how its sizes are fixed.
struct GraphOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A graph that comes with ingot, in place of a model file.", valueName: "name"))
  var graph: String?

  @Option(help: ArgumentHelp("Which size of the graph; see 'ingot graphs NAME'.", valueName: "name"))
  var variant: String?

  @Option(
    name: .customLong("checkpoint"),
    help: ArgumentHelp(
      "Parameters of the graph: .safetensors, .safetensors.index.json, .pt or .pth. What one lacks may come from another, such as adapters. Graphs of several functions take several files, and name the weight set that a file fills where there are several sets.",
      valueName: "[set=]file"))
  var checkpoints: [WeightFile] = []

  @Option(
    help: ArgumentHelp(
      "Which weights of a checkpoint that keeps several sets, such as averages: the key that they are under in a file of torch.save, 'state_dict_ema' for example, or what their names begin with. Without it the usual keys are tried, and 'compile' says which was taken.",
      valueName: "name"))
  var state: String?

  @Option(
    name: .customLong("ignore"),
    help: ArgumentHelp(
      "Leaves out tensors of a checkpoint that the graph has no place for, by name; '*' stands for any characters, '?' for one, '[ab]' for one of some. May be repeated; each pattern must match.",
      valueName: "pattern"))
  var ignored: [String] = []

  @Option(
    name: .customLong("option"),
    help: ArgumentHelp(
      "Changes a choice that the graph leaves, such as prediction=velocity of a sampler; 'ingot graphs NAME --variant NAME' lists them. May be repeated.",
      valueName: "name=value"))
  var settings: [NamedValue] = []

  @Option(help: ArgumentHelp("Random parameters in place of a checkpoint.", valueName: "seed"))
  var randomWeights: UInt64?

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp(
      "Fixes a dimension that the model leaves open, wherever it occurs; may be repeated. Axes without a name are called INPUT.AXIS.",
      valueName: "name=n"))
  var dimensions: [NamedNumber] = []

  @Option(
    name: .customLong("shape"),
    help: ArgumentHelp(
      "Fixes the shape of an input; may be repeated. Also written 1x3x48x192; nothing after the sign stands for a scalar.",
      valueName: "name=1,3,48,192"))
  var shapes: [NamedShape] = []

  @Option(
    name: .customLong("constant"),
    help: ArgumentHelp(
      "Fixes an input to an array or, where it has one element, a number, true or false, so that what depends on it becomes static; may be repeated. The bundle then lacks the input.",
      valueName: "name=file.npy|number"))
  var constants: [NamedValue] = []

  @Flag(
    help:
      "Follows links to external data and to the files of a checkpoint's index out of the folder of the file that names them. Those of a Hugging Face cache are always followed."
  )
  var followLinks = false
}

extension GraphOptions {
  /// With what a bundle's provenance says of sizes, numbers and choices, unless the user says something else.
  func completed(by facts: [String: String]) -> GraphOptions {
    var completed = self
    for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
      let parts = key.split(separator: ".", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let name = String(parts[1])
      switch parts[0] {
      case "dim" where !dimensions.contains { $0.name == name }:
        completed.dimensions += [NamedNumber(argument: "\(name)=\(value)")].compactMap { $0 }
      case "shape" where !shapes.contains { $0.name == name }:
        completed.shapes += [NamedShape(argument: "\(name)=\(value)")].compactMap { $0 }
      case "constant" where !constants.contains { $0.readings.contains { $0.name == name } }:
        // Of a file the bundle knows no more than its name.
        if ONNXImportOptions.isScalar(value) {
          completed.constants.append(NamedValue(name: name, value: value))
        }
      default: continue
      }
    }
    completed.settings =
      NetworkSource.options(recordedIn: facts).sorted { $0.key < $1.key }.map {
        NamedValue(name: $0.key, value: $0.value)
      } + settings
    return completed
  }
}

/// A checkpoint, and the weight set that it fills.
struct WeightFile: ExpressibleByArgument {
  /// Empty for weights that belong to no set.
  var set = ""
  var path: String

  init?(argument: String) {
    path = argument
    guard let sign = argument.firstIndex(of: "="), !FileManager.default.fileExists(atPath: argument) else {
      return
    }
    let name = argument[..<sign]
    guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else { return }
    set = String(name)
    path = String(argument[argument.index(after: sign)...])
  }
}

/// A model given as the command's argument.
struct ModelSource: ParsableArguments, ModelSelection {
  @Argument(help: "An ONNX model (.onnx) or IR text (.graph).")
  var model: String?
  @OptionGroup var options: GraphOptions

  func validate() throws { try checkOptions() }
}

/// A model given with --model.
struct ModelReference: ParsableArguments, ModelSelection {
  @Option(
    help: ArgumentHelp("The ONNX model or IR text that the bundle was compiled from.", valueName: "file"))
  var model: String?
  @OptionGroup var options: GraphOptions

  func validate() throws { try checkOptions() }
}

/// Where a model comes from: an ONNX file, IR text, or a graph that comes with the tool and a checkpoint.
protocol ModelSelection {
  var model: String? { get }
  var options: GraphOptions { get }
}

extension ModelSelection {
  func checkOptions() throws {
    switch (model, options.graph) {
    case (nil, nil): throw ValidationError("Give a model file, or --graph NAME with --checkpoint FILE.")
    case (.some, .some): throw ValidationError("Give either a model file or --graph NAME, not both.")
    case (.some, nil) where !options.checkpoints.isEmpty || options.variant != nil:
      throw ValidationError("--checkpoint and --variant go with --graph NAME.")
    case (.some, nil) where !options.settings.isEmpty:
      throw ValidationError("--option goes with --graph NAME.")
    case (nil, .some) where !options.constants.isEmpty || !options.shapes.isEmpty:
      throw ValidationError("--constant and --shape go with a model file.")
    default: break
    }
    try checkOnce("--dim", options.dimensions.map { ($0.name, "\($0.value)") })
    try checkOnce("--shape", options.shapes.map { ($0.name, $0.text) })
    try checkOnce("--option", options.settings.map { ($0.name, $0.value) })
    if options.checkpoints.isEmpty, options.state != nil || !options.ignored.isEmpty {
      throw ValidationError("--state and --ignore go with --checkpoint FILE.")
    }
    if options.graph == nil, let dimension = options.dimensions.first(where: { $0.value == 0 }) {
      throw ValidationError("--dim '\(dimension.name)=0': a model's dimensions are at least 1.")
    }
    if !options.checkpoints.isEmpty, options.randomWeights != nil {
      throw ValidationError("Give either --checkpoint or --random-weights, not both.")
    }
  }

  /// Reads the model. Parameters are bound if there is a checkpoint or a seed.
  func load() throws -> Network {
    try source.read()
  }

  /// What the model and the options leave open, so that it can't be read further; nil if nothing.
  func openModel() throws -> OpenModel? {
    try source.openModel().map { OpenModel($0.model, $0.open) }
  }

  /// Facts for the manifest. Names only, never paths, so that the same inputs give the same bytes in any
  /// folder.
  var provenance: [String: String] { get throws { try source.provenance } }

  /// Inputs and the numbers or files in their place. What is neither is refused.
  private func constants() throws -> [NamedValue] {
    func isUsable(_ value: String) -> Bool {
      ONNXImportOptions.isScalar(value) || FileManager.default.fileExists(atPath: value)
    }
    let constants = try options.constants.map { given in
      var constant = given.read { _, value in isUsable(value) }
      guard isUsable(constant.value) else {
        throw ToolError(
          "--constant \(given.name)=\(given.value): '\(given.value)' is neither a number nor a file")
      }
      if given.readings.count(where: { isUsable($0.value) }) > 1, let model {
        let inputs = try ONNXModel.read(path: model, followsLinks: options.followLinks).graph.inputs.map(
          \.name)
        constant = given.read { name, value in isUsable(value) && inputs.contains(name) }
      }
      return constant
    }
    try checkOnce("--constant", constants.map { ($0.name, $0.value) })
    return constants
  }

  private var source: NetworkSource {
    get throws {
      var source =
        options.graph.map { NetworkSource(graph: $0, variant: options.variant) }
        ?? NetworkSource(origin: .model(path: model ?? ""))
      for dimension in options.dimensions { source.dimensions[dimension.name] = dimension.value }
      for shape in options.shapes { source.shapes[shape.name] = shape.extents }
      for constant in try constants() {
        if ONNXImportOptions.isScalar(constant.value) {
          source.numbers[constant.name] = constant.value
        } else {
          source.constants[constant.name] = URL(filePath: constant.value)
        }
      }
      for setting in options.settings { source.options[setting.name] = setting.value }
      source.checkpoints = options.checkpoints.map {
        NetworkSource.Checkpoint(path: $0.path, weightSet: $0.set)
      }
      source.state = options.state
      source.ignoredTensors = options.ignored
      source.followsLinks = options.followLinks
      source.randomWeights = options.randomWeights
      return source
    }
  }

  /// What to call the model in messages.
  var title: String { model ?? [options.graph, options.variant].compactMap { $0 }.joined(separator: " ") }
}
