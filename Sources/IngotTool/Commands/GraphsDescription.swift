import Graphs
import IR

/// What `ingot graphs` says of a network.
struct GraphDescription: Encodable {
  var name: String
  var summary: String
  var paper: String
  var variants: [VariantDescription]

  init(_ definition: GraphDefinition, _ variants: [VariantDescription]) {
    name = definition.name
    summary = definition.summary
    paper = definition.paper
    self.variants = variants
  }

  /// A line a variant.
  var text: String {
    let rows = variants.map { variant in
      [
        "  " + variant.name, formatCount(variant.parameters), formatCount(variant.macs),
        list(variant.inputs), list(variant.outputs),
      ]
    }
    return table(["  variant", "parameters", "MACs", "inputs", "outputs"], rows, right: [1, 2])
  }

  private func list(_ ports: [VariantDescription.Port]) -> String {
    let shown = 4
    let names = ports.prefix(shown).map { "\($0.name) \($0.type)" }
    let rest = ports.count > shown ? ["\(ports.count - shown) more"] : []
    return (names + rest).joined(separator: ", ")
  }
}

/// One size of a network.
struct VariantDescription: Encodable {
  struct Port: Encodable {
    var name: String
    var type: String
  }
  /// An extent that `--dim` changes.
  struct Extent: Encodable {
    var name: String
    /// When it is left out.
    var value: Int
    var least: Int
    var most: Int
    var multiple: Int

    enum CodingKeys: String, CodingKey {
      case name, least, most
      case value = "default"
      case multiple = "multiple_of"
    }
  }

  /// A choice that `--option` changes.
  struct Option: Encodable {
    var name: String
    /// When it is left out.
    var value: String
    var values: [String]
    var summary: String

    enum CodingKeys: String, CodingKey {
      case name, values, summary
      case value = "default"
    }
  }

  var name: String
  var parameters: Int
  var macs: Int
  var inputs: [Port]
  var outputs: [Port]
  var dimensions: [Extent]
  var options: [Option]
  var status: String
  var ours: String

  /// Of the module that it was built into.
  init(_ variant: GraphVariant, _ module: Module) {
    let graph = module.functions[0]
    let statistics = Statistics(module)
    func port(_ port: IR.Port) -> Port { Port(name: port.name, type: "\(graph.type(of: port.value))") }
    name = variant.name
    (parameters, macs) = (statistics.parameters, statistics.macs)
    (inputs, outputs) = (graph.inputs.map(port), graph.outputs.map(port))
    dimensions = variant.dimensions.map { dimension in
      Extent(
        name: dimension.name, value: dimension.extent, least: dimension.range.lowerBound,
        most: dimension.range.upperBound, multiple: dimension.multiple)
    }
    options = variant.options.map {
      Option(name: $0.name, value: $0.value, values: $0.values, summary: $0.summary)
    }
    status = variant.facts.status.rawValue
    ours = variant.facts.ours
  }

  /// All of it, a line a port and a dimension.
  var text: String {
    var parts = ["\(formatCount(parameters)) parameters, \(formatCount(macs)) MACs"]
    if !ours.isEmpty { parts.append("a reconstruction: \(ours)") }
    parts.append(table(["input", ""], inputs.map { [$0.name, $0.type] }))
    parts.append(table(["output", ""], outputs.map { [$0.name, $0.type] }))
    if !dimensions.isEmpty {
      let rows = dimensions.map { dimension in
        let multiple = dimension.multiple == 1 ? "" : "multiple of \(dimension.multiple)"
        return [dimension.name, "\(dimension.value)", "\(dimension.least)…\(dimension.most)", multiple]
      }
      parts.append(table(["--dim", "default", "allowed", ""], rows, right: [1, 2]))
    }
    if !options.isEmpty {
      let rows = options.map { [$0.name, $0.value, $0.values.joined(separator: ", "), $0.summary] }
      parts.append(table(["--option", "default", "allowed", ""], rows))
    }
    return parts.joined(separator: "\n\n")
  }
}
