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
  /// Entries that were left aside because the user's patterns name them, in the checkpoint's order.
  package var ignoredByUser: [String]
  /// Other prefixes under which the checkpoint has as many of the parameters, such as `ema.` beside `model.`.
  package var otherPrefixes: [String]

  package init(
    naming: String, prefix: String, ignored: [String], ignoredByUser: [String] = [],
    otherPrefixes: [String] = []
  ) {
    self.naming = naming
    self.prefix = prefix
    self.ignored = ignored
    self.ignoredByUser = ignoredByUser
    self.otherPrefixes = otherPrefixes
  }

  /// What the user should know of how `file` was bound.
  package func notes(file: String) -> [String] {
    var notes: [String] = []
    if !otherPrefixes.isEmpty {
      let place = prefix.isEmpty ? "without a prefix" : "under \(displayed(String(prefix.dropLast())))"
      let others = listed(otherPrefixes.map { displayed(String($0.dropLast())) }, limit: listLimit)
      notes.append(
        "\(file): took the parameters \(place), which are also under \(others); --state NAME chooses"
      )
    }
    if !ignoredByUser.isEmpty {
      let names = listed(ignoredByUser.map(displayed), limit: listLimit)
      notes.append("\(file): ignored \(ignoredByUser.count) of its tensors: \(names)")
    }
    return notes
  }
}

/// How many items of a kind a message lists.
private let listLimit = 5

/// A file of parameters.
package struct ParameterFile: Sendable {
  /// The set of weights that it fills, see ``Module/withWeights(_:)``; empty for those without a set.
  package var weightSet: String
  package var path: String
  /// Which of several sets of weights in the file the entries are; empty for all that it has.
  package var state: String
  package var entries: [(name: String, tensor: Tensor)]

  package init(
    weightSet: String = "", path: String, state: String = "", entries: [(name: String, tensor: Tensor)]
  ) {
    self.weightSet = weightSet
    self.state = state
    self.path = path
    self.entries = entries
  }
}

extension Graph {
  /// Gives every parameter without contents the checkpoint's entry of its name.
  ///
  /// Of the namings the one with the most matches is taken, under whatever prefix the checkpoint puts before
  /// all names. Floating point entries are converted to the parameter's type. Entries whose last name
  /// component is in `ignoring`, or whose name begins, after the prefix, with a member that ends in a dot, may
  /// be left over. All that does not fit is listed in one error, and then nothing is bound.
  @discardableResult
  package mutating func bind(
    _ entries: [(name: String, tensor: Tensor)], namings: [Naming] = [Naming("the graph")],
    ignoring: Set<String> = [],
    file: String
  ) throws(Diagnostic) -> Binding {
    var module = Module([self])
    let bindings = try module.bind(
      [ParameterFile(path: file, entries: entries)], namings: namings, ignoring: ignoring)
    self = module.functions[0]
    return bindings[0]
  }

  /// Parameters without contents, by their names within their set.
  fileprivate var parameters: [Parameter] {
    let prefix = weightSet.isEmpty ? 0 : weightSet.count + 1
    return weights.compactMap { value in
      guard let weight = weight(value), weight.tensor == nil else { return nil }
      return Parameter(value: value, name: String(weight.name.dropFirst(prefix)), type: type(of: value))
    }
  }

  /// The set that the weights belong to.
  fileprivate var weightSet: String {
    name.lastIndex(of: "@").map { String(name[name.index(after: $0)...]) } ?? ""
  }
}

extension Module {
  /// Gives every parameter without contents an entry of one of the files; see
  /// ``Graph/bind(_:namings:ignoring:file:)``.
  ///
  /// Each function takes the file of its weight set that has most of its parameters; what that one lacks comes
  /// from files that are nobody's first, such as adapters beside the weights they adapt. A file's entries may
  /// serve several functions; one that serves none is an error, as is an entry that nothing reads, unless one of
  /// the `patterns` matches its name, in full or behind the prefix. Each pattern must match such an entry: one that
  /// does not is a mistake. What the graph needs is taken whatever the patterns say.
  @discardableResult
  package mutating func bind(
    _ files: [ParameterFile], namings: [Naming], ignoring: Set<String> = [],
    patterns: [GlobPattern] = []
  ) throws(Diagnostic) -> [Binding] {
    let tables = files.map { EntryTable($0.entries) }
    var problems = files.map { _ in Mismatch() }
    var bound: [(function: Int, value: ValueID, tensor: Tensor)] = []
    var matches = [Match?](repeating: nil, count: files.count)
    var functionNames = files.map { _ in [String]() }
    for share in try shares(files, tables, namings) {
      for (value, tensor) in problems[share.file].collect(share.parameters, tables[share.file], share.match) {
        bound.append((share.function, value, tensor))
      }
      matches[share.file] = matches[share.file] ?? share.match
      functionNames[share.file].append(functions[share.function].name)
    }

    var bindings: [Binding] = []
    var exemptions = Exemptions(ignorable: ignoring, patterns: patterns)
    for (index, file) in files.enumerated() {
      guard let match = matches[index] else {
        throw Diagnostic(
          "the checkpoint fills no function of the graph", at: .model(file: file.path, node: ""),
          advice: "leave it out, or name the weight set that it belongs to: SET=FILE")
      }
      let leftovers = problems[index].leftovers(of: file.entries, match, &exemptions)
      bindings.append(
        Binding(
          naming: match.naming.name, prefix: match.prefix, ignored: leftovers.ignored,
          ignoredByUser: leftovers.ignoredByUser, otherPrefixes: match.otherPrefixes))
    }
    for (index, file) in files.enumerated() {
      guard let match = matches[index], !problems[index].isEmpty else { continue }
      let name = functionNames[index].joined(separator: "', '")
      var problem = problems[index].diagnostic(graph: name, file: file.path, match: match)
      problem.notes += exemptions.unmatched(files).map { "--ignore: \($0)" }
      throw problem
    }
    if let unmatched = exemptions.unmatched(files).first {
      throw Diagnostic(
        "\(listed(files.map(\.path), limit: listLimit)): \(unmatched)",
        advice:
          "leave the pattern out, or put it as the names in the checkpoint are; '*' stands for any characters"
      )
    }
    for (function, value, tensor) in bound {
      functions[function].bind(value, to: tensor.converted(to: functions[function].type(of: value).element))
    }
    return bindings
  }

  /// Which file fills which parameters of which function. A function's first file has all that no file has.
  private func shares(
    _ files: [ParameterFile], _ tables: [EntryTable], _ namings: [Naming]
  ) throws(Diagnostic) -> [Share] {
    var shares: [Share] = []
    for (index, graph) in functions.enumerated() {
      let parameters = graph.parameters
      let candidates = files.indices.filter { files[$0].weightSet == graph.weightSet }
      if parameters.isEmpty, functions.count > 1 { continue }
      guard let first = candidates.first else { throw missingFile(graph) }
      guard let (file, match) = bestFile(parameters, candidates, tables, namings) else {
        throw Diagnostic(
          "graph '\(graph.name)' declares no naming for checkpoints",
          at: .model(file: files[first].path, node: ""))
      }
      shares.append(Share(function: index, file: file, match: match, parameters: parameters))
    }

    let firsts = shares
    for (index, share) in firsts.enumerated() {
      var open = share.parameters.filter { tables[share.file][share.match.entryName($0)] == nil }
      var spare = files.indices.filter { file in
        files[file].weightSet == functions[share.function].weightSet
          && !firsts.contains { $0.file == file }
      }
      while !open.isEmpty, let (file, match) = bestFile(open, spare, tables, namings), match.count > 0 {
        let found = open.filter { tables[file][match.entryName($0)] != nil }
        let values = Set(found.map(\.value))
        open.removeAll { values.contains($0.value) }
        shares[index].parameters.removeAll { values.contains($0.value) }
        spare.removeAll { $0 == file }
        shares.append(Share(function: share.function, file: file, match: match, parameters: found))
      }
    }
    return shares
  }

  private func missingFile(_ graph: Graph) -> Diagnostic {
    graph.weightSet.isEmpty
      ? Diagnostic("graph '\(graph.name)' has no checkpoint", advice: "give one that holds its parameters")
      : Diagnostic(
        "weight set '\(graph.weightSet)' of graph '\(graph.name)' has no checkpoint",
        advice: "give --checkpoint \(graph.weightSet)=FILE")
  }
}

private struct Parameter {
  var value: ValueID
  var name: String
  var type: TensorType
}

/// What a function takes from a file.
private struct Share {
  var function: Int
  var file: Int
  var match: Match
  var parameters: [Parameter]
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
  /// What stands before the names in the checkpoint.
  var prefix: String
  /// How much of the beginning that all names of a graph share is not in the checkpoint's names.
  var droppedCount: Int
  /// Parameters that are found.
  var count: Int
  /// Other prefixes under which as many are found by this naming.
  var otherPrefixes: [String] = []

  func entryName(_ parameter: Parameter) -> String {
    prefix + naming.entryName(parameter.name).dropFirst(droppedCount)
  }
}

/// The file that has the most of the parameters, and how.
private func bestFile(
  _ parameters: [Parameter], _ candidates: [Int], _ tables: [EntryTable], _ namings: [Naming]
) -> (file: Int, match: Match)? {
  var best: (file: Int, match: Match)?
  for file in candidates {
    guard let match = bestMatch(parameters, tables[file], namings) else { continue }
    if match.count > best?.match.count ?? -1 { best = (file, match) }
  }
  return best
}

/// The naming and prefix under which most parameters are found; of equals the first naming, then the prefix
/// that comes first in the checkpoint.
private func bestMatch(_ parameters: [Parameter], _ checkpoint: EntryTable, _ namings: [Naming]) -> Match? {
  var best: Match?
  for naming in namings {
    let full = parameters.map { naming.entryName($0.name) }
    for droppedCount in sharedBeginnings(of: full) {
      let names = full.map { String($0.dropFirst(droppedCount)) }
      for prefix in prefixes(before: names, in: checkpoint) {
        let count = names.count { checkpoint[prefix + $0] != nil }
        if count > best?.count ?? -1 {
          best = Match(naming: naming, prefix: prefix, droppedCount: droppedCount, count: count)
        } else if let found = best, count == found.count, count > 0, found.naming.name == naming.name,
          found.droppedCount == droppedCount
        {
          best?.otherPrefixes.append(prefix)
        }
      }
    }
  }
  return best
}

/// How many characters of the names may be left out in a checkpoint: none, or the components, with their dots, that
/// all names begin with. A layer that is a graph by itself is often saved by itself, without its place in a network.
private func sharedBeginnings(of names: [String]) -> [Int] {
  guard let first = names.first, names.count > 1 else { return [0] }
  var counts = [0]
  for (offset, character) in first.enumerated() where character == "." {
    let beginning = first.prefix(offset + 1)
    guard names.allSatisfy({ $0.hasPrefix(beginning) }) else { break }
    counts.append(offset + 1)
  }
  return counts
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

/// Which entries of checkpoints may be left over.
private struct Exemptions {
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
private struct Mismatch {
  var missing: [String] = []
  var unexpected: [String] = []
  var misshapen: [String] = []
  /// Names of the entries that parameters have.
  var used: Set<String> = []

  var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && misshapen.isEmpty }

  /// The contents of parameters that have fitting ones.
  mutating func collect(
    _ parameters: [Parameter], _ entries: EntryTable, _ match: Match
  ) -> [(ValueID, Tensor)] {
    var bound: [(ValueID, Tensor)] = []
    for parameter in parameters {
      let entryName = match.entryName(parameter)
      guard let entry = entries[entryName] else {
        missing.append("\(displayed(entryName)), \(parameter.type)")
        continue
      }
      used.insert(entryName)
      let type = parameter.type
      let tensor = match.naming.adapt(parameter.name, entry, type.shape)
      if tensor.shape == type.shape,
        tensor.element == type.element || (tensor.element.isFloat && type.element.isFloat)
      {
        bound.append((parameter.value, tensor))
      } else {
        misshapen.append(
          "\(displayed(entryName)) is \(TensorType(entry.element, entry.shape)), expected \(type)")
      }
    }
    return bound
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
private func displayed(_ name: String) -> String {
  "'\(printable(String(name.prefix(200))))\(name.count > 200 ? "…" : "")'"
}
