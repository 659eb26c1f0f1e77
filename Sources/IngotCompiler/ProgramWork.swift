package import Bundle
import CBundleFormat
import Tensors

extension Program {
  /// Multiply-adds of a convolution or matrix product; 0 for every other kernel call.
  package func multiplyAdds(_ instruction: Instruction) -> Int {
    guard let result = instruction.results.first, instruction.inputs.count >= 2,
      let second = instruction.inputs[1]
    else {
      return 0
    }
    let output = tensors[result].shape.elementCount
    let weight = tensors[second].shape
    switch instruction.opcode {
    case INGOT_OP_CONV: return output * weight.dropFirst().reduce(1, *)
    case INGOT_OP_CONV_TRANSPOSE:
      guard let input = instruction.inputs[0] else { return 0 }
      return tensors[input].shape.elementCount * weight.dropFirst().reduce(1, *)
    case INGOT_OP_MATMUL:
      let isTransposed = instruction.attributes.count > 1 && instruction.attributes[1] != 0
      return output * weight[weight.rank - (isTransposed ? 1 : 2)]
    default: return 0
    }
  }
}
