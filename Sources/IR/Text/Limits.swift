import Tensors

/// Bounds on what a graph may hold. With them the typing rules cannot overflow and no short text can ask for
/// unbounded memory; parser and verifier enforce them.
package enum Limits {
  /// Largest extent of one axis, and largest magnitude of an integer attribute.
  package static let extent = Int(Int32.max)
  package static let rank = 16
  package static let elements = 1 << 40
  /// How deep functions may run functions.
  package static let callDepth = 16
  /// Longest name of a function, port, weight or node, in bytes of UTF-8.
  package static let nameBytes = 4096
  /// Weights with more elements than this are printed as a digest.
  package static let inlineElements = 16
}

extension TensorType {
  /// Checks extents and counts against ``Limits``.
  package func checkShape() throws(OpError) {
    guard rank <= Limits.rank else {
      throw OpError("\(element.rawValue) tensor has rank \(rank), expected at most \(Limits.rank)")
    }
    for (axis, extent) in shape.enumerated() where !(0...Limits.extent).contains(extent) {
      throw OpError("extent \(extent) of axis \(axis) of \(self) lies outside 0 to \(Limits.extent)")
    }
    guard let count = shape.checkedCount, count <= Limits.elements else {
      throw OpError("\(self) has more than \(Limits.elements) elements")
    }
  }
}

extension Op {
  /// Checks that integer attributes keep to ``Limits/extent``. Those of a slice may be any: its rule guards
  /// its arithmetic, and models write steps as large as they go to take one element.
  package func checkAttributes() throws(OpError) {
    if case .slice = self { return }
    for (name, value) in writtenAttributes {
      switch value {
      case .int(let number): try check(number, name)
      case .ints(let numbers): for number in numbers { try check(number, name) }
      case .float, .floats, .word, .function, .call, .calls: break
      }
    }
  }

  private func check(_ number: Int, _ name: String) throws(OpError) {
    guard (-Limits.extent...Limits.extent).contains(number) else {
      throw OpError("attribute '\(name)' holds \(number), expected a magnitude of at most \(Limits.extent)")
    }
  }
}
