package import Tensors

/// The named weights of a trained network, as a file holds them.
package struct Checkpoint: Sendable {
  /// One weight under the name that training gave it.
  package struct Entry: Sendable {
    package let name: String
    package let tensor: Tensor

    package init(name: String, tensor: Tensor) {
      self.name = name
      self.tensor = tensor
    }
  }

  /// The path the checkpoint was read from, for messages.
  package let path: String
  /// In the file's order; names are unique.
  package let entries: [Entry]
  private let positions: [String: Int]
  /// What was found instead of a tensor under names that may be weights but can't be read.
  private let unreadable: [String: String]

  /// Takes entries with unique names.
  package init(path: String, entries: [Entry]) {
    self.init(path: path, entries: entries, unreadable: [])
  }

  init(path: String, entries: [Entry], unreadable: [(name: String, found: String)]) {
    self.path = path
    self.entries = entries
    positions = Dictionary(entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { _, last in last })
    self.unreadable = Dictionary(
      unreadable.map { ($0.name, $0.found) }, uniquingKeysWith: { first, _ in first })
  }

  package var names: [String] { entries.map(\.name) }

  /// The weight of that name.
  package subscript(name: String) -> Tensor? { positions[name].map { entries[$0].tensor } }

  /// The weight of that name, which the network needs: an error says what the file has instead.
  package func weight(_ name: String) throws(ImportError) -> Tensor {
    if let tensor = self[name] { return tensor }
    if let found = unreadable[name] {
      throw ImportError(
        file: path, place: "entry \(ImportError.quoted(name))", found: "is \(found)",
        expected: "a tensor of numbers",
        advice: "save model.state_dict() with plain tensors")
    }
    let names = entries.prefix(3).map { ImportError.quoted($0.name) }.joined(separator: ", ")
    throw ImportError(
      file: path, found: "has no tensor \(ImportError.quoted(name)) among its \(entries.count)",
      expected: "the parameters of the network under their own names",
      advice: entries.isEmpty ? nil : "check that it belongs to this network, its names begin with \(names)")
  }
}
