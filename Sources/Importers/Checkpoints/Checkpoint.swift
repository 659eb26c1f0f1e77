package import Tensors

/// The named weights of a trained network, as a file holds them.
package struct Checkpoint: Sendable {
  /// One weight under the name that training gave it.
  package struct Entry: Sendable {
    package var name: String
    package var tensor: Tensor
  }

  /// The path the checkpoint was read from, for messages.
  package let path: String
  /// In the file's order; names are unique.
  package let entries: [Entry]
  private let positions: [String: Int]

  /// Takes entries whose names are unique; of repeated names the last one is found by ``subscript(_:)``.
  package init(path: String, entries: [Entry]) {
    self.path = path
    self.entries = entries
    positions = Dictionary(
      entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { _, last in last })
  }

  package var names: [String] { entries.map(\.name) }

  /// The weight of that name.
  package subscript(name: String) -> Tensor? { positions[name].map { entries[$0].tensor } }
}
