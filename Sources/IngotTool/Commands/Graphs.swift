import ArgumentParser
import Graphs
import IR

struct GraphsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graphs", abstract: "List the networks that come with ingot.",
    discussion: """
      With the name of one and one of its variants, prints its inputs, outputs and the dimensions and \
      options that can be changed; with --ir, its graph as text, which 'ingot compile' also reads.
      """)

  @Argument(help: "One network.") var name: String?
  @Option(help: ArgumentHelp("One of its sizes.", valueName: "name")) var variant: String?
  @Option(
    name: .customLong("dim"), help: ArgumentHelp("Changes a dimension; may be repeated.", valueName: "name=n")
  )
  var dimensions: [NamedNumber] = []
  @Option(
    name: .customLong("option"),
    help: ArgumentHelp("Changes a choice of the variant; may be repeated.", valueName: "name=value"))
  var settings: [NamedValue] = []
  @Flag(help: "Prints the graph as text.") var ir = false
  @Flag(help: "Prints where the adapters' numbers stand in blocks of weights, as JSON.") var layout = false
  @Flag(help: "Prints what is published of all networks against what the graphs count, as Markdown.")
  var markdown = false
  @Flag(help: "Prints facts as JSON.") var json = false

  func validate() throws {
    if variant != nil || !dimensions.isEmpty || !settings.isEmpty, name == nil {
      throw ValidationError("--variant, --dim and --option need the name of a graph.")
    }
    try checkOnce("--dim", dimensions.map { ($0.name, "\($0.value)") })
    try checkOnce("--option", settings.map { ($0.name, $0.value) })
  }

  func run() throws {
    if ir {
      guard let name else { throw ValidationError("--ir needs the name of a graph.") }
      let (_, found) = try findGraph(name, variant: variant)
      return print(try build(found).text)
    }
    if layout {
      guard let name else { throw ValidationError("--layout needs the name of a graph.") }
      return try printLayout(findGraph(name, variant: variant).variant)
    }
    if markdown { return print(try graphsTable(zoo)) }
    if let name,
      variant != nil || !dimensions.isEmpty || !settings.isEmpty || !zoo.contains(where: { $0.name == name })
    {
      return try describe(findGraph(name, variant: variant))
    }
    let chosen = zoo.filter { name == nil || $0.name == name }
    let entries = try chosen.map { definition in
      GraphDescription(definition, try definition.variants.map { try VariantDescription($0, $0.module()) })
    }
    if json { return try printJSON(entries) }
    for entry in entries { print("\(entry.name): \(entry.summary)\n  \(entry.paper)\n\(entry.text)") }
  }

  private func describe(_ found: (definition: GraphDefinition, variant: GraphVariant)) throws {
    let variant = try VariantDescription(found.variant, build(found.variant))
    let entry = GraphDescription(found.definition, [variant])
    if json { return try printJSON([entry]) }
    print("\(entry.name), \(variant.name): \(entry.summary)\n  \(entry.paper)\n\n\(variant.text)")
  }

  private func build(_ variant: GraphVariant) throws -> Module {
    try variant.module(
      dimensions.map { (name: $0.name, extent: $0.value) }, settings.map { GraphSetting($0.name, $0.value) })
  }

  /// What a generator of weights, such as denoised_weights, must be trained with.
  private func printLayout(_ variant: GraphVariant) throws {
    let graph = try build(variant).functions[0]
    let layout = WeightLayout(adaptersOf: graph)
    guard !layout.tensors.isEmpty else {
      throw ToolError(
        "variant '\(variant.name)' has no adapters among its weights; choose one that has, such as e2gan's branch_2x"
      )
    }
    try printJSON(layout)
  }
}
