package import Tensors

/// How one family of checkpoints names and shapes the parameters of a graph.
package struct Naming: Sendable {
  /// Whose names they are, for messages: `timm`.
  package var name: String
  /// The checkpoint's name for a parameter. Several parameters may come from one entry.
  package var entryName: @Sendable (_ parameter: String) -> String
  /// The parameter's contents from the entry's, given the parameter's shape. What it returns is checked
  /// against that shape.
  package var adapt: @Sendable (_ parameter: String, _ entry: Tensor, _ shape: Shape) -> Tensor

  package init(
    _ name: String, entryName: @escaping @Sendable (_ parameter: String) -> String = { $0 },
    adapt: @escaping @Sendable (_ parameter: String, _ entry: Tensor, _ shape: Shape) -> Tensor = {
      _, entry, _ in entry
    }
  ) {
    self.name = name
    self.entryName = entryName
    self.adapt = adapt
  }
}

extension Tensor {
  /// The tensor under `shape` if the two differ only by extents of 1, as `[C]` and `[C, 1, 1]` do; else
  /// unchanged.
  package func ignoringUnitExtents(_ shape: Shape) -> Tensor {
    self.shape.extents.filter { $0 != 1 } == shape.extents.filter { $0 != 1 } ? reshaped(shape) : self
  }
}
