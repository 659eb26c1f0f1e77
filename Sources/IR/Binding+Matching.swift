import Tensors

/// A weight without contents as a function names it.
struct Parameter {
  /// Its name in the module.
  var weight: String
  /// Its name within its set of weights.
  var name: String
  var type: TensorType
}

/// What a function takes from a file.
struct Share {
  var function: Int
  var file: Int
  var match: Match
  var parameters: [Parameter]
}

struct EntryTable {
  let names: [String]
  private let tensors: [String: Tensor]

  init(_ entries: [(name: String, tensor: Tensor)]) {
    names = entries.map(\.name)
    tensors = Dictionary(entries.map { ($0.name, $0.tensor) }, uniquingKeysWith: { _, last in last })
  }

  subscript(name: String) -> Tensor? { tensors[name] }
}

struct Match {
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
func bestFile(
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

/// The entry of a file that fills a parameter.
struct FoundEntry {
  var parameter: Parameter
  var file: Int
  var name: String
  var tensor: Tensor

  /// Fails if another entry, found for the same weight, has other contents.
  func require(_ other: FoundEntry, _ files: [ParameterFile]) throws(Diagnostic) {
    guard (file, name) != (other.file, other.name) else { return }
    let element = parameter.type.element
    guard !tensor.converted(to: element).isIdentical(to: other.tensor.converted(to: element)) else { return }
    throw Diagnostic(
      "weight '\(parameter.weight)', which several functions name, is \(displayed(other.name)) of \(files[other.file].path) and \(displayed(name)) of \(files[file].path), whose contents differ",
      at: .model(file: files[file].path, node: ""),
      advice: "give checkpoints that belong together")
  }
}
