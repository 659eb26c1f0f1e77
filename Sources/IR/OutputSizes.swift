package import Tensors

/// An axis of an output whose extent only a run tells. The output's type has the bound of it.
package struct OutputSize: Hashable, Sendable {
  package var axis: Int
  /// The output that holds the extent, one i64.
  package var output: String

  package init(axis: Int, output: String) {
    self.axis = axis
    self.output = output
  }
}

extension Graph {
  /// What is wrong with the sizes of an output, whose value the graph has; nil when nothing is.
  func problem(inSizesOf port: Port) -> String? {
    let type = type(of: port.value)
    var previous = -1
    for size in port.sizes {
      guard type.shape.indices.contains(size.axis) else {
        return "axis \(size.axis) of \(type) is sized, expected "
          + (type.rank == 0 ? "a type that has axes" : "0 to \(type.rank - 1)")
      }
      guard size.axis > previous else { return "axis \(size.axis) is sized after axis \(previous)" }
      previous = size.axis
      guard let holder = outputs.first(where: { $0.name == size.output }), contains(holder.value) else {
        return "axis \(size.axis) is sized by \(stringLiteral(size.output)), which is no output"
      }
      let found = self.type(of: holder.value)
      guard found.element == .i64, found.rank == 0 else {
        return
          "axis \(size.axis) is sized by \(stringLiteral(size.output)), which is \(found), expected i64[]"
      }
    }
    return nil
  }

  /// The outputs of a run, given in order at their bounds, cut to the sizes that the run gave.
  package func cutToSize(_ outputs: [Tensor]) -> [Tensor] {
    let extents = Dictionary(
      zip(self.outputs.map(\.name), outputs).filter { $1.shape.rank == 0 && $1.element == .i64 }
        .map { ($0, $1.integers[0]) }, uniquingKeysWith: { first, _ in first })
    return zip(self.outputs, outputs).map { port, tensor in
      var shape = tensor.shape
      for size in port.sizes {
        shape[size.axis] = Int(min(max(extents[size.output] ?? 0, 0), Int64(shape[size.axis])))
      }
      return shape == tensor.shape ? tensor : tensor.gathered(shape, strides: tensor.shape.strides)
    }
  }
}
