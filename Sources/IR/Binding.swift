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

/// A file of parameters.
package struct ParameterFile: Sendable {
  /// The set of weights that it fills, see ``Module/withWeights(_:)``; empty for those without a set.
  package var weightSet: String
  package var path: String
  package var entries: [(name: String, tensor: Tensor)]

  package init(weightSet: String = "", path: String, entries: [(name: String, tensor: Tensor)]) {
    self.weightSet = weightSet
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
  /// serve several functions; one that serves none is an error, as is an entry that nothing reads.
  @discardableResult
  package mutating func bind(
    _ files: [ParameterFile], namings: [Naming], ignoring: Set<String> = []
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
    for (index, file) in files.enumerated() {
      guard let match = matches[index] else {
        throw Diagnostic(
          "the checkpoint fills no function of the graph", at: .model(file: file.path, node: ""),
          advice: "leave it out, or name the weight set that it belongs to: SET=FILE")
      }
      let ignored = problems[index].leftovers(of: file.entries, match, ignoring)
      guard problems[index].isEmpty else {
        let name = functionNames[index].joined(separator: "', '")
        throw problems[index].diagnostic(graph: name, file: file.path, match: match)
      }
      bindings.append(Binding(naming: match.naming.name, prefix: match.prefix, ignored: ignored))
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
  var prefix: String
  var count: Int

  func entryName(_ parameter: Parameter) -> String { prefix + naming.entryName(parameter.name) }
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
    of entries: [(name: String, tensor: Tensor)], _ match: Match, _ ignoring: Set<String>
  ) -> [String] {
    var ignored: [String] = []
    let beginnings = ignoring.filter { $0.hasSuffix(".") }
    for (name, tensor) in entries where !used.contains(name) {
      let lastComponent =
        name.split(separator: ".", omittingEmptySubsequences: false).last.map(String.init) ?? name
      let isIgnorable =
        ignoring.contains(lastComponent) || !name.hasPrefix(match.prefix)
        || beginnings.contains { name.dropFirst(match.prefix.count).hasPrefix($0) }
      if isIgnorable {
        ignored.append(name)
      } else {
        unexpected.append("\(displayed(name)), \(TensorType(tensor.element, tensor.shape))")
      }
    }
    return ignored
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
        : "check that the checkpoint is of this very variant",
      notes: listed("missing", missing) + listed("unexpected", unexpected)
        + listed("of another type", misshapen))
  }

  private func listed(_ kind: String, _ lines: [String]) -> [String] {
    let limit = 12
    let shown = lines.sorted().prefix(limit).map { "\(kind): \($0)" }
    return lines.count > limit ? shown + ["\(kind): and \(lines.count - limit) more"] : shown
  }
}

/// A name out of a file, safe to show: at most 200 characters.
private func displayed(_ name: String) -> String {
  "'\(printable(String(name.prefix(200))))\(name.count > 200 ? "…" : "")'"
}
