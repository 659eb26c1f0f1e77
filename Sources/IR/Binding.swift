package import Tensors

/// How a checkpoint was matched with a graph.
package struct Binding: Hashable, Sendable {
  /// The naming that fitted best.
  package var naming: String
  /// What stands before every name in the checkpoint, such as `model.`; may be empty.
  package var prefix: String
  /// Entries that were left aside, in the checkpoint's order: those declared as ignorable and those outside
  /// the prefix.
  package var ignored: [String]

  package init(naming: String, prefix: String, ignored: [String]) {
    self.naming = naming
    self.prefix = prefix
    self.ignored = ignored
  }
}

extension Graph {
  /// Gives every parameter without contents the checkpoint's entry of its name.
  ///
  /// Of the namings the one with the most matches is taken, under whatever prefix the checkpoint puts before
  /// all names. Floating point entries are converted to the parameter's type. Entries whose last name
  /// component is in `ignoring` may be left over. All that does not fit is listed in one error, and then
  /// nothing is bound.
  @discardableResult
  package mutating func bind(
    _ entries: [(name: String, tensor: Tensor)], namings: [Naming] = [Naming("the graph")],
    ignoring: Set<String> = [],
    file: String
  ) throws(Diagnostic) -> Binding {
    let parameters = weights.compactMap { value in
      weight(value).flatMap {
        $0.tensor == nil ? Parameter(value: value, name: $0.name, type: type(of: value)) : nil
      }
    }
    let checkpoint = EntryTable(entries)
    guard let match = bestMatch(parameters, checkpoint, namings) else {
      throw Diagnostic("graph '\(name)' declares no naming for checkpoints", at: .model(file: file, node: ""))
    }

    var problems = Mismatch()
    var bound: [(ValueID, Tensor)] = []
    var used: Set<String> = []
    for parameter in parameters {
      let entryName = match.prefix + match.naming.entryName(parameter.name)
      guard let entry = checkpoint[entryName] else {
        problems.missing.append("\(displayed(entryName)), \(parameter.type)")
        continue
      }
      used.insert(entryName)
      let tensor = match.naming.adapt(parameter.name, entry, parameter.type.shape)
      let type = parameter.type
      if tensor.shape == type.shape,
        tensor.element == type.element || (tensor.element.isFloat && type.element.isFloat)
      {
        bound.append((parameter.value, tensor))
      } else {
        problems.misshapen.append(
          "\(displayed(entryName)) is \(TensorType(entry.element, entry.shape)), expected \(parameter.type)")
      }
    }
    var ignored: [String] = []
    for (name, tensor) in entries where !used.contains(name) {
      let lastComponent =
        name.split(separator: ".", omittingEmptySubsequences: false).last.map(String.init) ?? name
      if ignoring.contains(lastComponent) || !name.hasPrefix(match.prefix) {
        ignored.append(name)
      } else {
        problems.unexpected.append("\(displayed(name)), \(TensorType(tensor.element, tensor.shape))")
      }
    }
    guard problems.isEmpty else {
      throw problems.diagnostic(graph: name, file: file, match: match, matched: used.count)
    }
    for (value, tensor) in bound { bind(value, to: tensor.converted(to: type(of: value).element)) }
    return Binding(naming: match.naming.name, prefix: match.prefix, ignored: ignored)
  }
}

private struct Parameter {
  var value: ValueID
  var name: String
  var type: TensorType
}

private struct EntryTable {
  let names: [String]
  private let tensors: [String: Tensor]

  init(_ entries: [(name: String, tensor: Tensor)]) {
    names = entries.map(\.name)
    tensors = Dictionary(entries.map { ($0.name, $0.tensor) }, uniquingKeysWith: { _, last in last })
  }

  subscript(name: String) -> Tensor? { tensors[name] }
}

private struct Match {
  var naming: Naming
  var prefix: String
  var count: Int
}

/// The naming and prefix under which most parameters are found; of equals the first naming, then the prefix
/// that comes first in the checkpoint.
private func bestMatch(_ parameters: [Parameter], _ checkpoint: EntryTable, _ namings: [Naming]) -> Match? {
  var best: Match?
  for naming in namings {
    let names = parameters.map { naming.entryName($0.name) }
    for prefix in prefixes(before: names, in: checkpoint) {
      let count = names.count { checkpoint[prefix + $0] != nil }
      if count > best?.count ?? -1 { best = Match(naming: naming, prefix: prefix, count: count) }
    }
  }
  return best
}

/// What stands before the longest names in the checkpoint. Long names are the ones that do not end others by
/// chance; a few are tried because some may be missing.
private func prefixes(before names: [String], in checkpoint: EntryTable) -> [String] {
  var found = [""]
  for name in names.sorted(by: { ($1.utf8.count, $0) < ($0.utf8.count, $1) }).prefix(4) {
    let suffix = "." + name
    for entry in checkpoint.names where entry.hasSuffix(suffix) {
      let prefix = String(entry.dropLast(name.count))
      if !found.contains(prefix) { found.append(prefix) }
      if found.count == 16 { return found }
    }
  }
  return found
}

/// Everything that does not fit between a checkpoint and a graph.
private struct Mismatch {
  var missing: [String] = []
  var unexpected: [String] = []
  var misshapen: [String] = []

  var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && misshapen.isEmpty }

  func diagnostic(graph: String, file: String, match: Match, matched: Int) -> Diagnostic {
    let counts = [
      missing.isEmpty ? nil : "\(missing.count) missing",
      unexpected.isEmpty ? nil : "\(unexpected.count) unexpected",
      misshapen.isEmpty ? nil : "\(misshapen.count) of another type",
    ].compactMap { $0 }.joined(separator: ", ")
    let prefix = match.prefix.isEmpty ? "" : " under \(displayed(match.prefix))"
    return Diagnostic(
      "the checkpoint does not fit graph '\(graph)': by the naming of \(match.naming.name)\(prefix), \(matched) names match, \(counts)",
      at: .model(file: file, node: ""),
      advice: matched == 0
        ? "it belongs to another network, or its names follow another source"
        : "check that the checkpoint is of this very variant",
      notes: listed("missing", missing) + listed("unexpected", unexpected)
        + listed("of another type", misshapen))
  }

  private func listed(_ kind: String, _ lines: [String]) -> [String] {
    let limit = 50
    let shown = lines.sorted().prefix(limit).map { "\(kind): \($0)" }
    return lines.count > limit ? shown + ["\(kind): and \(lines.count - limit) more"] : shown
  }
}

/// A name out of a file, safe to show: control characters replaced, at most 200 characters.
private func displayed(_ name: String) -> String {
  let shown = name.unicodeScalars.prefix(200).map { scalar in
    scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) ? "?" : String(Character(scalar))
  }
  return "'\(shown.joined())\(name.unicodeScalars.count > 200 ? "…" : "")'"
}
