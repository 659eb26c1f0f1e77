public import Foundation
import Graphs
import IR
package import Importers
import Tensors

/// Where a network is read from, and what the user fixes in it.
///
/// ```swift
/// var source = NetworkSource(graph: "efficientformerv2", variant: "s0")
/// source.checkpoints = [.init(URL(filePath: "s0.safetensors"))]
/// let network = try source.read()
/// ```
public struct NetworkSource: Sendable {
  /// A file of parameters for a graph that comes with the compiler: safetensors, its index, or of `torch.save`.
  public struct Checkpoint: Sendable, Hashable {
    /// The file.
    public var path: String
    /// The set of weights that it fills, of graphs that have several; else empty.
    public var weightSet: String

    /// A file of parameters.
    public init(_ file: URL, weightSet: String = "") {
      self.init(path: file.relativePath, weightSet: weightSet)
    }

    package init(path: String, weightSet: String = "") {
      self.path = path
      self.weightSet = weightSet
    }
  }

  package enum Origin: Sendable, Hashable {
    case model(path: String)
    case graph(name: String, variant: String?)
  }

  package var origin: Origin
  /// Extents of dimensions that the model leaves open, by name.
  public var dimensions: [String: Int] = [:]
  /// Shapes of inputs that the model leaves open, by name; an empty one is a scalar's. They fix dimensions as
  /// `dimensions` does.
  public var shapes: [String: [Int]] = [:]
  /// Arrays (`.npy`) in place of inputs, by the input's name: such an input disappears, and what depends on it is
  /// computed at compile time. The input's type must hold every element exactly.
  public var constants: [String: URL] = [:]
  /// The same for inputs of one element, written as a number or as `true` or `false`.
  public var numbers: [String: String] = [:]
  /// Choices that a graph that comes with the compiler leaves, by name, in place of the published ones: for example
  /// `prediction`, what a sampler's denoiser was trained to predict, `epsilon`, `velocity` or `sample`.
  public var options: [String: String] = [:]
  /// Parameters of a graph that comes with the compiler.
  public var checkpoints: [Checkpoint] = []
  /// Which weights of a checkpoint that keeps several sets: the key that they are under in a file of `torch.save`, or
  /// what their names begin with. With nil the usual keys are tried, and a note says which was taken where others
  /// would have fitted too.
  public var state: String?
  /// Patterns of tensors' names, with `*`, `?` and `[…]`, that a checkpoint may hold although the graph has no place
  /// for them. Each must match such a tensor.
  public var ignoredTensors: [String] = []
  /// Whether links to external data and to files of an index may lead out of the folder of the file that names
  /// them. Those of a Hugging Face cache always may.
  public var followsLinks = false
  /// A seed for random parameters in place of a checkpoint, to try sizes and speed.
  public var randomWeights: UInt64?

  /// An ONNX model, or the textual form of a graph (`.graph`).
  public init(model file: URL) { self.init(origin: .model(path: file.relativePath)) }

  /// A graph that comes with the compiler; `variant` may be left out where there is one only.
  public init(graph name: String, variant: String? = nil) {
    self.init(origin: .graph(name: name, variant: variant))
  }

  package init(origin: Origin) { self.origin = origin }

  /// What to call the network in messages.
  public var title: String {
    switch origin {
    case .model(let path): path
    case .graph(let name, let variant): [name, variant].compactMap { $0 }.joined(separator: " ")
    }
  }

  /// Reads the network.
  ///
  /// Fails when a file is missing, damaged, or of a kind that is not read, when the model holds operators that can't be
  /// translated (all are listed), when sizes are open that must be fixed, and when a checkpoint does not fit its graph.
  public func read() throws(CompilerError) -> Network {
    try reporting(.reading) {
      let (module, sourceBytes) =
        switch origin {
        case .model(let path) where isText(path): try readText(path)
        case .model(let path): try readModel(path)
        case .graph(let name, let variant): try readGraph(name, variant)
        }
      return Network(module, sourceBytes: sourceBytes, provenance: provenance)
    }
  }

  private func isText(_ path: String) -> Bool { path.hasSuffix(".graph") || path.hasSuffix(".txt") }

  /// What the model leaves open; nil if nothing, or if it is no ONNX model.
  package func openModel() throws(CompilerError) -> (model: ONNXModel, open: ONNXOpenDimensions)? {
    guard case .model(let path) = origin, !isText(path) else { return nil }
    return try reporting(.reading) {
      let model = try ONNXModel.read(path: path, followsLinks: followsLinks)
      let open = try openDimensions(of: model, try importOptions())
      return open.isEmpty ? nil : (model, open)
    }
  }

  private func importOptions() throws -> ONNXImportOptions {
    var options = ONNXImportOptions(dimensions: dimensions, shapes: shapes, scalars: numbers)
    for (name, file) in constants {
      options.constants[name] = try StoredArray.read(path: file.relativePath, names: [name])
    }
    return options
  }

  private func readModel(_ path: String) throws -> (Module, Int?) {
    let model = try ONNXModel.read(path: path, followsLinks: followsLinks)
    return (try importONNX(model, options: try importOptions()), model.fileBytes)
  }

  private func readText(_ path: String) throws -> (Module, Int?) {
    guard dimensions.isEmpty, shapes.isEmpty, constants.isEmpty, numbers.isEmpty else {
      throw ImportError(
        file: path, found: "is IR text, which leaves nothing open",
        expected: "no dimensions, shapes or constants",
        advice: "edit the text")
    }
    try FileKind.checkText(path: path)
    let text = try Tensors.readText(path: path)
    var module = try parseModule(text, file: path)
    if let randomWeights { module.bindRandomWeights(seed: randomWeights) }
    return (module, text.utf8.count)
  }

  private func readGraph(_ name: String, _ variant: String?) throws -> (Module, Int?) {
    var bytes: Int?
    let (definition, variant) = try findGraph(name, variant: variant)
    var module = try variant.module(
      dimensions.sorted { $0.key < $1.key }.map { (name: $0.key, extent: $0.value) }, settings)
    if !checkpoints.isEmpty {
      let contents = try Importers.Checkpoint.read(
        paths: checkpoints.map(\.path), state: state, followsLinks: followsLinks)
      bytes = contents.reduce(0) { $0 + $1.fileBytes }
      let files = zip(checkpoints, contents).map { file, contents in
        ParameterFile(
          weightSet: file.weightSet, path: file.path, state: contents.state,
          entries: contents.entries.map { (name: $0.name, tensor: $0.tensor) })
      }
      let bindings: [Binding]
      do {
        bindings = try module.bind(
          files, namings: definition.namings, ignoring: definition.ignoredEntries,
          patterns: ignoredTensors.map { GlobPattern($0) })
      } catch {
        // Another set of weights of the file may be the one that fits.
        var error = error
        error.notes += contents.flatMap(\.notes)
        throw error
      }
      for (contents, binding) in zip(contents, bindings) {
        module.notes += (contents.notes + binding.notes(file: contents.path)).map { Note(.note, $0) }
      }
    }
    if let randomWeights { module.bindRandomWeights(seed: randomWeights) }
    return (module, bytes)
  }

  private var settings: [GraphSetting] {
    options.sorted { $0.key < $1.key }.map { GraphSetting($0.key, $0.value) }
  }

  private static let optionPrefix = "option."

  /// The value of every option of the graph that a bundle was compiled from, out of what it records.
  package static func options(recordedIn provenance: [String: String]) -> [String: String] {
    var options: [String: String] = [:]
    for (key, value) in provenance where key.hasPrefix(optionPrefix) {
      options[String(key.dropFirst(optionPrefix.count))] = value
    }
    return options
  }

  /// Facts for the manifest. Names only, never paths, so that the same inputs give the same bytes in any folder.
  package var provenance: [String: String] {
    var facts: [String: String] = [:]
    switch origin {
    case .model(let path): facts["model"] = lastComponent(path)
    case .graph(let name, let variant):
      facts["graph"] = name
      facts["variant"] = variant
      let chosen = (try? findGraph(name, variant: variant).variant.settings(settings)) ?? []
      for setting in chosen { facts[Self.optionPrefix + setting.name] = setting.value }
      facts["state"] = state
      if !ignoredTensors.isEmpty { facts["ignore"] = ignoredTensors.joined(separator: ", ") }
    }
    for file in checkpoints {
      let key = checkpoints.count == 1 ? "checkpoint" : "checkpoint.\(file.weightSet)"
      facts[key] = [facts[key], lastComponent(file.path)].compactMap { $0 }.joined(separator: ", ")
    }
    if let randomWeights { facts["random_weights"] = "\(randomWeights)" }
    for (name, extent) in dimensions { facts["dim.\(name)"] = "\(extent)" }
    for (name, shape) in shapes { facts["shape.\(name)"] = shape.map(String.init).joined(separator: "x") }
    for (name, file) in constants { facts["constant.\(name)"] = file.lastPathComponent }
    for (name, number) in numbers { facts["constant.\(name)"] = number }
    return facts
  }

  private func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
