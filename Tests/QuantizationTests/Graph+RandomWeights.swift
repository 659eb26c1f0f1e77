import IR
import Tensors
import TestSupport

extension Graph {
  /// Weights that keep values about as large as they come.
  mutating func bindRandomly(seed: UInt64) {
    for (index, value) in weights.enumerated() {
      let type = type(of: value)
      let limit = 1.5 / Double(type.shape.extents.dropFirst().reduce(1, *)).squareRoot()
      bind(value, to: Tensor(random: .f32, type.shape, .uniform(-limit, limit), seed: seed &+ UInt64(index)))
    }
  }
}
