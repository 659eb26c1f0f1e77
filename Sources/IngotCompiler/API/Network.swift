package import IR
import Tensors

/// A trained network as the compiler has read it: graph and parameters, ready to be compiled for any chip.
///
/// ```swift
/// var source = NetworkSource(model: URL(filePath: "net.onnx"))
/// source.dimensions["batch"] = 1
/// let network = try source.read()
/// ```
public struct Network: Sendable {
  /// Name, element type and shape of an input or output.
  public struct Port: Sendable, Hashable {
    /// The name from the model.
    public let name: String
    /// Element type: `f32`, `f16`, `bf16`, `i8`, `u8`, `i16`, `i32`, `i64` or `bool`.
    public let element: String
    /// Extents, outermost first. Of an output whose size depends on data, the bounds.
    public let shape: [Int]
  }

  /// What else there is to know of how it was read, such as what was left out.
  public var notes: [CompilerNote] { module.notes.map { CompilerNote($0) } }
  /// Bytes of the files that hold the parameters; nil when these are random.
  public let sourceBytes: Int?
  /// Facts of the source that the bundle records: names of files, fixed dimensions.
  public let provenance: [String: String]
  package var module: Module

  package init(_ module: Module, sourceBytes: Int? = nil, provenance: [String: String] = [:]) {
    self.module = module
    self.sourceBytes = sourceBytes
    self.provenance = provenance
  }

  /// Names of the functions: one for most models, several for a sampler.
  public var functions: [String] { module.functions.map(\.name) }

  /// What a function takes; none if there is no such function.
  public func inputs(function: Int = 0) -> [Port] { ports(function) { $0.inputs } }

  /// What a function gives; none if there is no such function.
  public func outputs(function: Int = 0) -> [Port] { ports(function) { $0.outputs } }

  private func ports(_ function: Int, _ list: (Graph) -> [IR.Port]) -> [Port] {
    guard module.functions.indices.contains(function) else { return [] }
    let graph = module.functions[function]
    return list(graph).map { port in
      let type = graph.type(of: port.value)
      return Port(name: port.name, element: type.element.rawValue, shape: type.shape.extents)
    }
  }
}
