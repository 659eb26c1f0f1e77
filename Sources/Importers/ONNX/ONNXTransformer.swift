import IR
import Tensors

// Parts of transformers other than attention and rotations.

/// silu(a) × b.
func gatedSwish(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (a, b) = (try context.input(0), try context.input(1))
  guard a.shape == b.shape else {
    throw Finding("operands are \(a.type) and \(b.type)", expected: "equal shapes")
  }
  return [try context.binary(.mul, try context.unary(.silu, a, try context.float("alpha", 1)), b)]
}
