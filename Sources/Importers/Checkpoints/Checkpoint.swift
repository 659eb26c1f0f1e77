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
  /// Of a file that holds several dictionaries the keys, joined by dots, of the one that was taken; else empty.
  package let state: String
  /// Keys of other dictionaries in the file with tensors of the same names, such as averages of the weights.
  package let otherStates: [String]
  /// Size of the file, or of the files that an index lists.
  package internal(set) var fileBytes = 0
  private let positions: [String: Int]
  /// What was found instead of a tensor under names that may be weights but can't be read.
  private let unreadable: [String: String]

  /// Takes entries with unique names.
  package init(path: String, entries: [Entry]) {
    self.init(path: path, entries: entries, unreadable: [])
  }

  init(
    path: String, entries: [Entry], unreadable: [(name: String, found: String)], state: String = "",
    otherStates: [String] = []
  ) {
    self.path = path
    (self.state, self.otherStates) = (state, otherStates)
    self.entries = entries
    positions = Dictionary(entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { _, last in last })
    self.unreadable = Dictionary(
      unreadable.map { ($0.name, $0.found) }, uniquingKeysWith: { first, _ in first })
  }

  package var names: [String] { entries.map(\.name) }

  /// What the user should know of how the file was read.
  package var notes: [String] {
    guard !otherStates.isEmpty else { return [] }
    let others = otherStates.prefix(5).map(ImportError.quoted).joined(separator: ", ")
    let taken = state.isEmpty ? "the weights themselves" : ImportError.quoted(state)
    return ["\(path): took \(taken); it also holds \(others), which --state NAME chooses"]
  }

  /// The tensors whose names begin with `state` and a dot, without that.
  func selecting(state: String) throws(ImportError) -> Checkpoint {
    let prefix = state + "."
    let selected = entries.filter { $0.name.hasPrefix(prefix) }
    guard !selected.isEmpty else {
      let names = entries.prefix(3).map { ImportError.quoted($0.name) }.joined(separator: ", ")
      throw ImportError(
        file: path, found: "has no tensor under \(ImportError.quoted(prefix)) among its \(entries.count)",
        expected: "tensors of that state",
        advice: entries.isEmpty ? nil : "its names are \(names) and so on")
    }
    return Checkpoint(
      path: path,
      entries: selected.map { Entry(name: String($0.name.dropFirst(prefix.count)), tensor: $0.tensor) },
      unreadable: [], state: state)
  }

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
