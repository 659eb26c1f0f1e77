package import Tensors

/// A named constant. It keeps the checkpoint's own parameter name for its whole life.
package struct Weight: Sendable {
  package var name: String
  /// The contents; nil as long as no checkpoint is bound.
  package var tensor: Tensor?
  package init(name: String, tensor: Tensor?) {
    self.name = name
    self.tensor = tensor
  }
}

/// Weights by name, which is what tells them apart. A module owns one table, which all its functions name; a graph
/// that is worked on has one at hand.
///
/// A value type: copies share their memory until one of them changes.
package struct WeightTable: Sendable {
  package struct Entry: Sendable {
    package var type: TensorType
    /// The contents, of that type; nil as long as no checkpoint is bound.
    package var tensor: Tensor?
    package init(type: TensorType, tensor: Tensor? = nil) {
      self.type = type
      self.tensor = tensor
    }
  }

  private var entries: [String: Entry] = [:]

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }
  package var count: Int { entries.count }

  package subscript(name: String) -> Entry? {
    get { entries[name] }
    set { entries[name] = newValue }
  }

  /// Gives a weight contents of its shape; it takes their element type.
  mutating func bind(_ name: String, to tensor: Tensor) {
    guard let entry = entries[name] else { return }
    precondition(entry.type.shape == tensor.shape, "binding \(tensor.shape) to \(entry.type)")
    entries[name] = Entry(type: TensorType(tensor.element, tensor.shape), tensor: tensor)
  }

  /// The name under which contents stand: the one asked for if it is free or stands for the same, else that with a
  /// number.
  mutating func add(_ name: String, _ tensor: Tensor) -> String {
    var unique = name
    var count = 1
    while let existing = entries[unique] {
      if let other = existing.tensor, other.isIdentical(to: tensor) { return unique }
      count += 1
      unique = "\(name).\(count)"
    }
    entries[unique] = Entry(type: TensorType(tensor.element, tensor.shape), tensor: tensor)
    return unique
  }
}

// MARK: Tying and separating

extension WeightTable {
  /// Takes in the weights that a graph names. Those that the table has under these names with the same type and
  /// contents, or with contents where one of the two has none, become one. One that has other contents becomes a
  /// weight of its own, with the graph's name in front and none of the names that are `taken`.
  mutating func join(_ graph: inout Graph, taken: inout Set<String>) {
    var renamed: [String: String] = [:]
    for value in graph.weights {
      guard let weight = graph.weight(value) else { continue }
      let entry = Entry(type: graph.type(of: value), tensor: weight.tensor)
      guard let known = entries[weight.name] else {
        entries[weight.name] = entry
        continue
      }
      switch (entry.tensor, known.tensor) {
      case (let mine?, let theirs?) where !mine.isIdentical(to: theirs):
        var name = weight.name
        repeat { name = "\(graph.name)/\(name)" } while !taken.insert(name).inserted
        entries[name] = entry
        renamed[weight.name] = name
      case (_?, nil) where entry.type == known.type: entries[weight.name] = entry
      default: break
      }
    }
    if !renamed.isEmpty { graph.renameWeights { renamed[$0] ?? $0 } }
  }
}
