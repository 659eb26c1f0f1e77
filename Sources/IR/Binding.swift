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
    table = module.weights
    return bindings[0]
  }

  /// Parameters without contents, by their names within their set.
  fileprivate var parameters: [Parameter] {
    let prefix = weightSet.isEmpty ? 0 : weightSet.count + 1
    return weights.compactMap { value in
      guard let weight = weight(value), weight.tensor == nil else { return nil }
      return Parameter(
        weight: weight.name, name: String(weight.name.dropFirst(prefix)), type: type(of: value))
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
    let functions = functions
    let tables = files.map { EntryTable($0.entries) }
    var problems = files.map { _ in Mismatch() }
    var bound: [String: FoundEntry] = [:]
    var matches = [Match?](repeating: nil, count: files.count)
    var functionNames = files.map { _ in [String]() }
    for share in try shares(functions, files, tables, namings) {
      for found in problems[share.file].collect(share, tables[share.file]) {
        if let other = bound[found.parameter.weight] {
          try found.require(other, files)
        } else {
          bound[found.parameter.weight] = found
        }
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
    for (weight, found) in bound { bind(weight, to: found.tensor) }
    return bindings
  }

  /// Which file fills which parameters of which function. A function's first file has all that no file has.
  private func shares(
    _ functions: [Graph], _ files: [ParameterFile], _ tables: [EntryTable], _ namings: [Naming]
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
        let weights = Set(found.map(\.weight))
        open.removeAll { weights.contains($0.weight) }
        shares[index].parameters.removeAll { weights.contains($0.weight) }
        spare.removeAll { $0 == file }
        shares.append(Share(function: share.function, file: file, match: match, parameters: found))
      }
    }

    // What the file of another function has need not be in this one's: the weight is the same.
    let found = Set(
      shares.flatMap { share in
        share.parameters.filter { tables[share.file][share.match.entryName($0)] != nil }.map(\.weight)
      })
    for index in shares.indices {
      let (table, match) = (tables[shares[index].file], shares[index].match)
      shares[index].parameters.removeAll {
        found.contains($0.weight) && table[match.entryName($0)] == nil
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
