/// What went wrong during a translation, collected so that one import names every missing operator.
struct ONNXFailures {
  private struct Unsupported {
    var operation: String
    var count: Int
    var first: String
    var reason: String
  }

  private let file: String
  /// Messages name at most this many of a kind.
  private static let listLimit = 20
  private var unsupported: [Unsupported] = []
  private var positions: [String: Int] = [:]
  private var errors: [ImportError] = []
  private var undecided: [ImportError] = []

  init(file: String) { self.file = file }

  /// What has been recorded so far.
  struct Mark: Equatable {
    var failures: Int
    var undecided: Int
  }

  var mark: Mark {
    Mark(failures: unsupported.reduce(errors.count) { $0 + $1.count }, undecided: undecided.count)
  }

  /// Records an error once; the iterations of a loop may repeat it.
  mutating func add(_ error: ImportError) {
    if !errors.contains(error) { errors.append(error) }
  }

  /// Records that a decision is open without which nothing might have failed that was recorded since `mark`.
  mutating func add(undecided error: ImportError, since mark: Mark) {
    undecided.removeAll { $0.advice == error.advice }
    undecided.insert(error, at: min(mark.undecided, undecided.count))
  }

  /// Records a node of an operator that has no translation.
  mutating func add(unsupported node: ONNXNode, at place: String) {
    let operation = node.operatorName
    if let index = positions[operation] {
      unsupported[index].count += 1
    } else {
      positions[operation] = unsupported.count
      unsupported.append(
        Unsupported(
          operation: operation, count: 1, first: place,
          reason: onnxRefusal(domain: node.domain, opType: node.opType)))
    }
  }

  /// Throws one error for all that was recorded. Open decisions come first, then missing operators, since other
  /// failures can follow from them.
  func check() throws(ImportError) {
    guard let failure = operatorFailure ?? nodeFailure else { return }
    guard let first = undecided.first else { throw failure }
    throw ImportError(
      file: first.file, place: first.place, found: first.found, expected: first.expected,
      advice: first.advice,
      notes: undecided.dropFirst().map { "also \($0)" } + ["as it is, \(failure.line)"] + failure.notes)
  }

  private var operatorFailure: ImportError? {
    guard !unsupported.isEmpty else { return nil }
    let lines = unsupported.prefix(Self.listLimit).map { entry in
      let operation = ImportError.quoted(entry.operation)
      let nodes = entry.count == 1 ? "1 node" : "\(entry.count) nodes, the first"
      return "\(operation), \(nodes) at \(entry.first): \(entry.reason)"
    }
    let kinds = unsupported.count == 1 ? "an operator" : "\(unsupported.count) operators"
    return ImportError(
      file: file, found: "uses \(kinds) that can't be translated:",
      notes: lines + more(than: lines.count, of: unsupported.count))
  }

  private var nodeFailure: ImportError? {
    guard let first = errors.first, errors.count > 1 else { return errors.first }
    let others = errors.dropFirst().prefix(Self.listLimit).map(\.description)
    return ImportError(
      file: first.file, place: first.place, found: first.found, expected: first.expected,
      advice: first.advice ?? "there are further errors",
      notes: others.map { "also \($0)" } + more(than: others.count + 1, of: errors.count))
  }

  private func more(than shown: Int, of count: Int) -> [String] {
    count > shown ? ["and \(count - shown) more"] : []
  }
}
