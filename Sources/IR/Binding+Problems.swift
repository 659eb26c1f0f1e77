import Tensors

/// How many items of a kind a message lists.
let listLimit = 5

/// Which entries of checkpoints may be left over.
struct Exemptions {
  /// Last name components, or beginnings of names with their dot.
  private let ignorable: Set<String>
  private let beginnings: [String]
  private let patterns: [GlobPattern]
  /// Patterns that matched an entry that nothing reads.
  private var matched: Set<Int> = []

  init(ignorable: Set<String>, patterns: [GlobPattern]) {
    self.ignorable = ignorable
    self.patterns = patterns
    beginnings = ignorable.filter { $0.hasSuffix(".") }
  }

  /// What is outside of the parameters' prefix is another network's, and what is under another of their prefixes
  /// another set of weights.
  func isIgnorable(_ name: String, _ match: Match) -> Bool {
    let prefix = match.prefix
    guard name.hasPrefix(prefix), !match.otherPrefixes.contains(where: name.hasPrefix) else { return true }
    let lastComponent = name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? name[...]
    return ignorable.contains(String(lastComponent))
      || beginnings.contains { name.dropFirst(prefix.count).hasPrefix($0) }
  }

  /// Whether the user wants the entry left aside. All patterns are tried, so that each is known to be of use.
  mutating func patternsMatch(_ name: String, prefix: String) -> Bool {
    guard !patterns.isEmpty else { return false }
    let short = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    var result = false
    for (index, pattern) in patterns.enumerated() where pattern.matches(name) || pattern.matches(short) {
      matched.insert(index)
      result = true
    }
    return result
  }

  /// What there is to say of each pattern that left nothing aside.
  func unmatched(_ files: [ParameterFile]) -> [String] {
    let states = Set(files.map(\.state)).subtracting([""]).sorted()
    let scope = states.isEmpty ? "" : " under \(listed(states.map(displayed), limit: listLimit))"
    return patterns.enumerated().filter { !matched.contains($0.offset) }.map { _, pattern in
      let needed = files.lazy.flatMap(\.entries).map(\.name).first(where: pattern.matches)
      let reason =
        needed.map { ", only such as the graph needs: \(displayed($0))" }
        ?? (states.isEmpty ? "" : "; what else the file holds is not read anyway")
      return "no tensor to ignore\(scope) matches \(displayed(pattern.description))\(reason)"
    }
  }
}

/// Everything that does not fit between a checkpoint and the functions that it fills.
struct Mismatch {
  var missing: [String] = []
  var unexpected: [String] = []
  var misshapen: [String] = []
  /// Names of the entries that parameters have.
  var used: Set<String> = []

  var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && misshapen.isEmpty }

  /// The contents of parameters that have fitting ones.
  mutating func collect(_ share: Share, _ entries: EntryTable) -> [FoundEntry] {
    var found: [FoundEntry] = []
    for parameter in share.parameters {
      let entryName = share.match.entryName(parameter)
      guard let entry = entries[entryName] else {
        missing.append("\(displayed(entryName)), \(parameter.type)")
        continue
      }
      used.insert(entryName)
      let type = parameter.type
      let tensor = share.match.naming.adapt(parameter.name, entry, type.shape)
      if tensor.shape == type.shape,
        tensor.element == type.element || (tensor.element.isFloat && type.element.isFloat)
      {
        found.append(
          FoundEntry(parameter: parameter, file: share.file, name: entryName, tensor: tensor))
      } else {
        misshapen.append(
          "\(displayed(entryName)) is \(TensorType(entry.element, entry.shape)), expected \(type)")
      }
    }
    return found
  }

  /// Entries that may be left over; notes those that may not.
  mutating func leftovers(
    of entries: [(name: String, tensor: Tensor)], _ match: Match, _ exemptions: inout Exemptions
  ) -> (ignored: [String], ignoredByUser: [String]) {
    var (ignored, ignoredByUser) = ([String](), [String]())
    for (name, tensor) in entries where !used.contains(name) {
      if exemptions.patternsMatch(name, prefix: match.prefix) {
        ignoredByUser.append(name)
      } else if exemptions.isIgnorable(name, match) {
        ignored.append(name)
      } else {
        unexpected.append("\(displayed(name)), \(TensorType(tensor.element, tensor.shape))")
      }
    }
    return (ignored, ignoredByUser)
  }

  func diagnostic(graph: String, file: String, match: Match) -> Diagnostic {
    let matched = used.count
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
        : missing.isEmpty && misshapen.isEmpty
          ? "check that the checkpoint is of this very variant; --ignore 'PATTERN' leaves tensors out"
          : "check that the checkpoint is of this very variant",
      notes: notes("missing", missing) + notes("unexpected", unexpected)
        + notes("of another type", misshapen))
  }

  private func notes(_ kind: String, _ lines: [String]) -> [String] {
    let shown = lines.sorted().prefix(listLimit).map { "\(kind): \($0)" }
    return lines.count > listLimit ? shown + ["\(kind): and \(lines.count - listLimit) more"] : shown
  }
}

/// A name out of a file, safe to show: at most 200 characters.
func displayed(_ name: String) -> String {
  "'\(printable(String(name.prefix(200))))\(name.count > 200 ? "…" : "")'"
}
