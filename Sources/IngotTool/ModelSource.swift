import ArgumentParser
import Foundation
import Graphs
import IR
import Importers
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
    case (nil, .some) where !options.constants.isEmpty:
      throw ValidationError("--constant goes with a model file.")
    default: break
    }
    if !options.checkpoints.isEmpty, options.randomWeights != nil {
      throw ValidationError("Give either --checkpoint or --random-weights, not both.")
    }
  }

  /// Reads the model. Parameters are bound if there is a checkpoint or a seed.
  ///
  /// `recorded` are dimensions to use unless the user gives others.
  func load(recorded: [NamedNumber] = []) throws -> Module {
    let given = options.dimensions
    let dimensions = given + recorded.filter { old in !given.contains { $0.name == old.name } }
    if let graph = options.graph { return try loadGraph(graph, dimensions) }
    guard let model else { throw ToolError("no model was given") }
    if model.hasSuffix(".graph") || model.hasSuffix(".txt") { return try loadText(model) }
    var fixed = ONNXImportOptions()
    for dimension in dimensions { fixed.dimensions[dimension.name] = dimension.value }
    for constant in options.constants { fixed.constants[constant.name] = try Npy.read(path: constant.value) }
    return try importONNX(path: model, options: fixed)
  }

  private func loadGraph(_ name: String, _ dimensions: [NamedNumber]) throws -> Module {
    let (definition, variant) = try findGraph(name, variant: options.variant)
    var module = try variant.module(dimensions.map { (name: $0.name, extent: $0.value) })
    if !options.checkpoints.isEmpty {
      let files = try options.checkpoints.map { file in
        ParameterFile(
          weightSet: file.set, path: file.path,
          entries: try Checkpoint.read(path: file.path).entries.map { (name: $0.name, tensor: $0.tensor) })
      }
      try module.bind(files, namings: definition.namings, ignoring: definition.ignoredEntries)
    }
    if let randomWeights = options.randomWeights {
      for index in module.functions.indices { module.functions[index].bindRandomWeights(seed: randomWeights) }
    }
    return module
  }

  private func loadText(_ path: String) throws -> Module {
    var module = try parseModule(try readText(path: path), file: path)
    if let randomWeights = options.randomWeights { module.bindRandomWeights(seed: randomWeights) }
    return module
  }

  /// Facts for the manifest. Names only, never paths, so that the same inputs give the same bytes in any
  /// folder.
  var provenance: [String: String] {
    var facts: [String: String] = [:]
    if let model { facts["model"] = lastComponent(model) }
    if let graph = options.graph { facts["graph"] = graph }
    if let variant = options.variant { facts["variant"] = variant }
    for file in options.checkpoints {
      let key = options.checkpoints.count == 1 ? "checkpoint" : "checkpoint.\(file.set)"
      facts[key] = [facts[key], lastComponent(file.path)].compactMap { $0 }.joined(separator: ", ")
    }
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
