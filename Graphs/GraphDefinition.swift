package import IR

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
  /// Last name components, or beginnings of names with their dot, of entries that such checkpoints hold and
  /// the graph does not need.
  package var ignoredEntries: Set<String>
}

/// One published size of an architecture.
package struct GraphVariant: Sendable {
  /// As written after `--variant`.
  package var name: String
  /// Extents that the user can choose, with the published ones as defaults.
  package var dimensions: [Dimension]
  /// Choices among words, with the published ones as defaults.
  package var options: [GraphOption]
  package var facts: Facts
  private let body: @Sendable (Dimensions) throws(Diagnostic) -> Module

  /// A variant of one graph.
  init(
    _ name: String, dimensions: [Dimension] = [], options: [GraphOption] = [], facts: Facts,
    body: @escaping @Sendable (Dimensions) throws(Diagnostic) -> Graph
  ) {
    self.init(name, dimensions: dimensions, options: options, facts: facts) { chosen throws(Diagnostic) in
      Module([try body(chosen)])
    }
  }

  /// A variant of several functions, of which the first is the one that users call and the others those that
  /// it calls.
  init(
    _ name: String, dimensions: [Dimension] = [], options: [GraphOption] = [], facts: Facts,
    functions body: @escaping @Sendable (Dimensions) throws(Diagnostic) -> Module
  ) {
    self.name = name
    self.dimensions = dimensions
    self.options = options
    self.facts = facts
    self.body = body
  }

  /// Builds the first function alone; see ``module(_:)``.
  package func build(
    _ chosen: [(name: String, extent: Int)] = [], _ settings: [GraphSetting] = []
  ) throws(Diagnostic) -> Graph {
    try module(chosen, settings).functions[0]
  }

  /// Builds the functions with some dimensions and options changed. Parameters are declared, not filled.
  package func module(
    _ chosen: [(name: String, extent: Int)] = [], _ settings: [GraphSetting] = []
  ) throws(Diagnostic) -> Module {
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
    let words = Dictionary(uniqueKeysWithValues: try self.settings(settings).map { ($0.name, $0.value) })
    return try body(Dimensions(values: values, words: words))
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

  /// The same of one of several parts of a variant.
  func prefixed(by prefix: String) -> Dimension {
    var copy = self
    copy.name = prefix + name
    return copy
  }
}

/// The extents and options chosen for one build.
struct Dimensions: Sendable {
  fileprivate let values: [String: Int]
  fileprivate let words: [String: String]
  /// The extent of a dimension that the variant declares.
  subscript(name: String) -> Int { values[name] ?? 1 }

  /// The value of an option that the variant declares; `fallback` where it declares none of that name.
  func option<T: RawRepresentable<String>>(_ name: String, _ fallback: T) -> T {
    words[name].flatMap { T(rawValue: $0) } ?? fallback
  }

  /// Those of one part of a variant: extents whose names begin with `prefix` stand in place of others.
  func selecting(prefix: String) -> Dimensions {
    var selected = values
    for (name, extent) in values where name.hasPrefix(prefix) {
      selected[String(name.dropFirst(prefix.count))] = extent
    }
    return Dimensions(values: selected, words: words)
  }
}
