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

  init(file: String) { self.file = file }

  mutating func add(_ error: ImportError) { errors.append(error) }

  /// Records a node of an operator that has no translation.
  mutating func add(unsupported node: ONNXNode) {
    let operation = node.domain.isEmpty ? node.opType : "\(node.domain).\(node.opType)"
    if let index = positions[operation] {
      unsupported[index].count += 1
    } else {
      positions[operation] = unsupported.count
      unsupported.append(
        Unsupported(
          operation: operation, count: 1, first: node.place,
          reason: onnxRefusal(domain: node.domain, opType: node.opType)))
    }
  }

  /// Throws one error for all that was recorded. Missing operators come first, since other failures can
  /// follow from them.
  func check() throws(ImportError) {
    if !unsupported.isEmpty {
      let lines = unsupported.prefix(Self.listLimit).map { entry in
        let operation = ImportError.quoted(entry.operation)
        let nodes = entry.count == 1 ? "1 node" : "\(entry.count) nodes, the first"
        return "\(operation), \(nodes) at \(entry.first): \(entry.reason)"
      }
      let kinds = unsupported.count == 1 ? "an operator" : "\(unsupported.count) operators"
      throw ImportError(
        file: file, found: "uses \(kinds) that can't be translated:",
        notes: lines + more(than: lines.count, of: unsupported.count))
    }
    guard let first = errors.first else { return }
    guard errors.count > 1 else { throw first }
    let others = errors.dropFirst().prefix(Self.listLimit).map(\.description)
    throw ImportError(
      file: first.file, place: first.place, found: first.found, expected: first.expected,
      advice: first.advice ?? "there are further errors",
      notes: others.map { "also \($0)" } + more(than: others.count + 1, of: errors.count))
  }

  private func more(than shown: Int, of count: Int) -> [String] {
    count > shown ? ["and \(count - shown) more"] : []
  }
}
