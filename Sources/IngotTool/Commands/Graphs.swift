import ArgumentParser
import Graphs
import IR

struct GraphsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graphs", abstract: "List the networks that come with ingot.",
    discussion: "With --ir, prints the graph of one variant as text, which 'ingot compile' also reads.")

  @Argument(help: "One network.") var name: String?
  @Option(help: ArgumentHelp("One of its sizes.", valueName: "name")) var variant: String?
  @Option(
    name: .customLong("dim"), help: ArgumentHelp("Changes a dimension; may be repeated.", valueName: "name=n")
  )
  var dimensions: [NamedNumber] = []
  @Flag(help: "Prints the graph as text.") var ir = false
  @Flag(help: "Prints what is published of all networks against what the graphs count, as Markdown.")
  var markdown = false
  @Flag(help: "Prints facts as JSON.") var json = false

  struct Port: Encodable {
    var name: String
    var type: String
  }
  struct Variant: Encodable {
    var name: String
    var parameters: Int
    var macs: Int
    var inputs: [Port]
    var outputs: [Port]
  }
  struct Entry: Encodable {
    var name: String
    var summary: String
    var paper: String
    var variants: [Variant]
  }

  func run() throws {
    if ir {
      guard let name else { throw ValidationError("--ir needs the name of a graph.") }
      let (_, found) = try findGraph(name, variant: variant)
      return print(try found.module(dimensions.map { (name: $0.name, extent: $0.value) }).text)
    }
    if markdown { return print(try graphsTable(zoo)) }
    let chosen = zoo.filter { name == nil || $0.name == name }
    guard !chosen.isEmpty else {
      throw ToolError(
        "there is no graph '\(name ?? "")'; the graphs are \(zoo.map(\.name).joined(separator: ", "))")
    }
    let entries = try chosen.map { definition in
      Entry(
        name: definition.name, summary: definition.summary, paper: definition.paper,
        variants: try definition.variants.filter { variant == nil || $0.name == variant }.map(describe))
    }
    if json { return try printJSON(entries) }
    for entry in entries {
      print("\(entry.name): \(entry.summary)\n  \(entry.paper)")
      let rows = entry.variants.map { variant in
        [
          "  " + variant.name, formatCount(variant.parameters), formatCount(variant.macs),
          variant.inputs.map { "\($0.name) \($0.type)" }.joined(separator: ", "),
          variant.outputs.map { "\($0.name) \($0.type)" }.joined(separator: ", "),
        ]
      }
      print(table(["  variant", "parameters", "MACs", "inputs", "outputs"], rows, right: [1, 2]))
    }
  }

  private func describe(_ variant: GraphVariant) throws -> Variant {
    let module = try variant.module()
    let graph = module.functions[0]
    let statistics = Statistics(module)
    func port(_ port: IR.Port) -> Port { Port(name: port.name, type: "\(graph.type(of: port.value))") }
    return Variant(
      name: variant.name, parameters: statistics.parameters, macs: statistics.macs,
      inputs: graph.inputs.map(port), outputs: graph.outputs.map(port))
  }
}
