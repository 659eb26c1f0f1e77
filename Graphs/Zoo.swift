package import IR

/// The networks that come with the compiler, each a graph that a checkpoint fills.
package let zoo: [GraphDefinition] = [efficientFormerV2]

/// One published architecture in its variants.
package struct GraphDefinition: Sendable {
  /// As written after `--graph`.
  package var name: String
  /// What it does, in one line.
  package var summary: String
  /// Where it was published.
  package var paper: String
  package var variants: [GraphVariant]
  /// The checkpoints that it can read.
  package var namings: [Naming]
  /// Last name components of entries that such checkpoints hold and the graph does not need.
  package var ignoredEntries: Set<String>
}

/// One published size of an architecture.
package struct GraphVariant: Sendable {
  /// As written after `--variant`.
  package var name: String
  /// Extents that the user can choose, with the published ones as defaults.
  package var dimensions: [Dimension]
  package var facts: Facts
  private let body: @Sendable (Dimensions) throws(Diagnostic) -> Graph

  init(
    _ name: String, dimensions: [Dimension], facts: Facts,
    body: @escaping @Sendable (Dimensions) throws(Diagnostic) -> Graph
  ) {
    self.name = name
    self.dimensions = dimensions
    self.facts = facts
    self.body = body
  }

  /// Builds the graph with some dimensions changed. Parameters are declared, not filled.
  package func build(_ chosen: [(name: String, extent: Int)] = []) throws(Diagnostic) -> Graph {
    var values = Dictionary(uniqueKeysWithValues: dimensions.map { ($0.name, $0.extent) })
    for (name, extent) in chosen {
      guard let dimension = dimensions.first(where: { $0.name == name }) else {
        let known = dimensions.map(\.name).joined(separator: ", ")
        throw Diagnostic(
          "variant '\(self.name)' has no dimension '\(name)'",
          advice: known.isEmpty ? "it has none" : "it has \(known)")
      }
      guard dimension.range.contains(extent), extent % dimension.multiple == 0 else {
        let kind = dimension.multiple == 1 ? "" : "a multiple of \(dimension.multiple) from "
        throw Diagnostic(
          "dimension '\(name)' of variant '\(self.name)' can't be \(extent), expected \(kind)"
            + "\(dimension.range.lowerBound) to \(dimension.range.upperBound)")
      }
      values[name] = extent
    }
    return try body(Dimensions(values: values))
  }
}

/// An extent that the user of a graph can choose.
package struct Dimension: Sendable {
  package var name: String
  /// The default.
  package var extent: Int
  package var range: ClosedRange<Int>
  /// The extent must be a multiple of this.
  package var multiple: Int
}

/// The extents chosen for one build.
struct Dimensions: Sendable {
  fileprivate let values: [String: Int]
  /// The extent of a dimension that the variant declares.
  subscript(name: String) -> Int { values[name] ?? 1 }
}

/// What is known of a variant's size; tests hold the graph to it.
package struct Facts: Sendable {
  package enum Status: String, Sendable {
    /// The published details suffice to build it, and the counts agree.
    case solid
    /// Some details are not public; the graph fits every public figure but they are ours.
    case reconstruction
    /// It is ours.
    case own
  }
  package var status: Status
  /// Learned parameters.
  package var parameters: Int
  /// Learned parameters after batch norms are folded; nil without batch norms.
  package var foldedParameters: Int?
  /// MACs at the default dimensions, with those of attention's products.
  package var macs: Int
  /// As published, in millions and after folding; nil where nothing is.
  package var publishedParameters: Double?
  /// As published, in billions; nil where nothing is.
  package var publishedMACs: Double?
}

/// The architecture of a name, and its variant. `variant` may be left out when there is one only, or when
/// `name` is that of the architecture and the variant joined by `_`.
package func findGraph(
  _ name: String, variant: String? = nil
) throws(Diagnostic) -> (definition: GraphDefinition, variant: GraphVariant) {
  for definition in zoo {
    if definition.name == name {
      if let found = definition.variants.first(where: { $0.name == variant }) { return (definition, found) }
      if variant == nil, definition.variants.count == 1 { return (definition, definition.variants[0]) }
      let found =
        variant.map { "graph '\(name)' has no variant '\($0)'" } ?? "graph '\(name)' has several variants"
      throw Diagnostic(
        found, advice: "choose one of \(definition.variants.map(\.name).joined(separator: ", "))")
    }
    if variant == nil,
      let found = definition.variants.first(where: { "\(definition.name)_\($0.name)" == name })
    {
      return (definition, found)
    }
  }
  throw Diagnostic(
    "there is no graph '\(name)'", advice: "the graphs are \(zoo.map(\.name).joined(separator: ", "))")
}
