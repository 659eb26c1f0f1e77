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
  /// What is wrong with sizes of outputs, each with the position of the output. All outputs are values of the
  /// graph.
  func problemsInSizes() -> [(output: Int, problem: String)] {
    guard outputs.contains(where: { !$0.sizes.isEmpty }) else { return [] }
    var problems: [(output: Int, problem: String)] = []
    let types = Dictionary(
      outputs.map { ($0.name, type(of: $0.value)) }, uniquingKeysWith: { first, _ in first })
    for (index, port) in outputs.enumerated() {
      var previous = -1
      for size in port.sizes {
        if let problem = problem(in: size, after: previous, of: type(of: port.value), types) {
          problems.append((index, problem))
        }
        previous = size.axis
      }
    }
    return problems
  }

  private func problem(
    in size: OutputSize, after previous: Int, of type: TensorType, _ types: [String: TensorType]
  ) -> String? {
    guard type.shape.indices.contains(size.axis) else {
      let expected = type.rank == 0 ? "a type that has axes" : "0 to \(type.rank - 1)"
      return "axis \(size.axis) of \(type) is sized, expected \(expected)"
    }
    guard size.axis > previous else { return "axis \(size.axis) is sized after axis \(previous)" }
    let holder = stringLiteral(size.output)
    guard let found = types[size.output] else {
      return "axis \(size.axis) is sized by \(holder), which is no output"
    }
    guard found.element == .i64, found.rank == 0 else {
      return "axis \(size.axis) is sized by \(holder), which is \(found), expected i64[]"
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
