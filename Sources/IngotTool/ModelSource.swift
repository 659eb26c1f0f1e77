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
    help: ArgumentHelp("Fixes a symbolic dimension; may be repeated.", valueName: "name=n"))
  var dimensions: [NamedNumber] = []

  @Option(
    name: .customLong("constant"),
    help: ArgumentHelp(
      "Fixes an input to an array, so that shapes that depend on it become static; may be repeated.",
      valueName: "name=file.npy"))
  var constants: [NamedValue] = []

  @Flag(
    help:
      "Follows links to external data and to the files of a checkpoint's index out of the folder of the file that names them. Those of a Hugging Face cache are always followed."
  )
  var followLinks = false
}

/// What a bundle records of how its graph was built.
struct RecordedChoices {
  var dimensions: [NamedNumber] = []
  var options: [String: String] = [:]

  init() {}

  init(provenance: [String: String]) {
    dimensions = provenance.compactMap { key, value in
      key.hasPrefix("dim.") ? NamedNumber(argument: "\(key.dropFirst(4))=\(value)") : nil
    }
    options = NetworkSource.options(recordedIn: provenance)
  }
}

/// A checkpoint, and the weight set that it fills.
struct WeightFile: ExpressibleByArgument {
  /// Empty for weights that belong to no set.
  var set = ""
  var path: String

  init?(argument: String) {
    path = argument
    guard let sign = argument.firstIndex(of: "=") else { return }
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
    case (nil, .some) where !options.constants.isEmpty:
      throw ValidationError("--constant goes with a model file.")
    default: break
    }
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
  ///
  /// `recorded` is used unless the user chooses otherwise.
  func load(recorded: RecordedChoices = RecordedChoices()) throws -> Module {
    if let source = graphSource(recorded: recorded) { return try source.read().module }
    let given = options.dimensions
    let dimensions = given + recorded.dimensions.filter { old in !given.contains { $0.name == old.name } }
    guard let model else { throw ToolError("no model was given") }
    if model.hasSuffix(".graph") || model.hasSuffix(".txt") { return try loadText(model) }
    var fixed = ONNXImportOptions()
    for dimension in dimensions { fixed.dimensions[dimension.name] = dimension.value }
    fixed.followsLinks = options.followLinks
    for constant in options.constants { fixed.constants[constant.name] = try Npy.read(path: constant.value) }
    return try importONNX(path: model, options: fixed)
  }

  /// The graph that was chosen among those that come with the compiler; nil for a model file.
  private func graphSource(recorded: RecordedChoices = RecordedChoices()) -> NetworkSource? {
    guard let graph = options.graph else { return nil }
    var source = NetworkSource(graph: graph, variant: options.variant)
    for dimension in recorded.dimensions + options.dimensions {
      source.dimensions[dimension.name] = dimension.value
    }
    source.options = recorded.options
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

  private func loadText(_ path: String) throws -> Module {
    var module = try parseModule(try readText(path: path), file: path)
    if let randomWeights = options.randomWeights { module.bindRandomWeights(seed: randomWeights) }
    return module
  }

  /// Facts for the manifest. Names only, never paths, so that the same inputs give the same bytes in any
  /// folder.
  var provenance: [String: String] {
    if let source = graphSource() { return source.provenance }
    var facts: [String: String] = [:]
    if let model { facts["model"] = lastComponent(model) }
    if let randomWeights = options.randomWeights { facts["random_weights"] = "\(randomWeights)" }
    for dimension in options.dimensions { facts["dim.\(dimension.name)"] = "\(dimension.value)" }
    for constant in options.constants { facts["constant.\(constant.name)"] = lastComponent(constant.value) }
    return facts
  }

  /// Size of the files that hold the parameters; nil when they are random.
  var sourceBytes: Int? {
    let paths = options.checkpoints.isEmpty ? [model].compactMap { $0 } : options.checkpoints.map(\.path)
    let sizes = paths.compactMap { path in
      (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue
    }
    return sizes.isEmpty || sizes.count < paths.count ? nil : sizes.reduce(0, +)
  }

  /// What to call the model in messages.
  var title: String { model ?? [options.graph, options.variant].compactMap { $0 }.joined(separator: " ") }

  private func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
