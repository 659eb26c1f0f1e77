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
    help: ArgumentHelp(
      "Parameters of the graph: .safetensors, .safetensors.index.json, .pt or .pth.", valueName: "file"))
  var checkpoint: String?

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
    case (.some, nil) where options.checkpoint != nil || options.variant != nil:
      throw ValidationError("--checkpoint and --variant go with --graph NAME.")
    case (nil, .some) where !options.constants.isEmpty:
      throw ValidationError("--constant goes with a model file.")
    default: break
    }
    if options.checkpoint != nil, options.randomWeights != nil {
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
    var graph = try variant.build(dimensions.map { (name: $0.name, extent: $0.value) })
    if let checkpoint = options.checkpoint {
      let entries = try Checkpoint.read(path: checkpoint).entries.map { (name: $0.name, tensor: $0.tensor) }
      try graph.bind(
        entries, namings: definition.namings, ignoring: definition.ignoredEntries, file: checkpoint)
    }
    if let randomWeights = options.randomWeights { graph.bindRandomWeights(seed: randomWeights) }
    return Module([graph])
  }

  private func loadText(_ path: String) throws -> Module {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw ToolError("\(path): can't be read as UTF-8 text: \(error.localizedDescription)")
    }
    var module = try parseModule(text, file: path)
    if let randomWeights = options.randomWeights {
      for index in module.functions.indices { module.functions[index].bindRandomWeights(seed: randomWeights) }
    }
    return module
  }

  /// Facts for the manifest. Names only, never paths, so that the same inputs give the same bytes in any
  /// folder.
  var provenance: [String: String] {
    var facts: [String: String] = [:]
    if let model { facts["model"] = lastComponent(model) }
    if let graph = options.graph { facts["graph"] = graph }
    if let variant = options.variant { facts["variant"] = variant }
    if let checkpoint = options.checkpoint { facts["checkpoint"] = lastComponent(checkpoint) }
    if let randomWeights = options.randomWeights { facts["random_weights"] = "\(randomWeights)" }
    for dimension in options.dimensions { facts["dim.\(dimension.name)"] = "\(dimension.value)" }
    for constant in options.constants { facts["constant.\(constant.name)"] = lastComponent(constant.value) }
    return facts
  }

  /// Size of the files that hold the parameters; nil when they are random.
  var sourceBytes: Int? {
    guard let path = options.checkpoint ?? model else { return nil }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.intValue
  }

  /// What to call the model in messages.
  var title: String { model ?? [options.graph, options.variant].compactMap { $0 }.joined(separator: " ") }

  private func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
