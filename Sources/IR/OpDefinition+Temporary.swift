package import Tensors
extension OpDefinition {
  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    throw OpError("'\(name)' has no reference implementation")
  }
}
