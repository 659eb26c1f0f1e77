import Tensors

/// Matrix product with optional bias and activation: y = activation(a · b + bias).
///
/// a: [batch.., M, K] ([batch.., K, M] when `transposeA`), b: [batch.., K, N] ([batch.., N, K] when `transposeB`), both
/// of rank 2 or more and floating point; batch extents broadcast. bias: [N], or [M, 1] for one value per row. y: [batch.., M, N] of a's
/// element type, accumulated in fp32. The element types of b and bias may differ from a's (fp16 weights).
package struct MatMul: OpDefinition {
  package var transposeA = false
  package var transposeB = false
  package var activation: Unary?

  package init(transposeA: Bool = false, transposeB: Bool = false, activation: Unary? = nil) {
    self.transposeA = transposeA
    self.transposeB = transposeB
    self.activation = activation
  }

  package var name: String { "matmul" }
  package var `default`: MatMul { MatMul() }
  package var attributes: [Attribute<MatMul>] {
    [
      .flag("transpose_a", \.transposeA), .flag("transpose_b", \.transposeB),
      .activation("activation", \.activation),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(2...3)
    try operands.expectFloat()
    let (a, b) = (operands[0].shape, operands[1].shape)
    guard a.rank >= 2, b.rank >= 2 else { throw OpError("operands are \(a) and \(b), expected rank 2 or more") }
    let rows = a[a.rank - (transposeA ? 1 : 2)]
    let innerA = a[a.rank - (transposeA ? 2 : 1)]
    let innerB = b[b.rank - (transposeB ? 1 : 2)]
    let columns = b[b.rank - (transposeB ? 2 : 1)]
    guard innerA == innerB else {
      throw OpError("inner extents \(innerA) of \(a) and \(innerB) of \(b) differ")
    }
    guard let batch = Shape(Array(a.extents.dropLast(2))).broadcast(with: Shape(Array(b.extents.dropLast(2)))) else {
      throw OpError("batch extents of \(a) and \(b) do not broadcast")
    }
    if operands.count == 3 {
      let bias = operands[2].shape
      guard bias == [columns] || bias == [rows, 1] else {
        throw OpError("bias has shape \(bias), expected [\(columns)] or [\(rows), 1]")
      }
    }
    return [operands[0].with(Shape(batch.extents + [rows, columns]))]
  }
}
