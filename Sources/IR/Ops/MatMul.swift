package import Tensors

/// Matrix product with optional bias and activation: y = activation(a · b + bias).
///
/// a: [batch.., M, K] ([batch.., K, M] when `transposeA`), b: [batch.., K, N] ([batch.., N, K] when
/// `transposeB`), both of rank 2 or more and floating point; batch extents broadcast. bias: [N], or [M, 1]
/// for one value per row. y: [batch.., M, N] of a's element type, accumulated in fp32. The element types of b
/// and bias may differ from a's (fp16 weights).
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
    try activation?.checkActivation()
    let (a, b) = (operands[0].shape, operands[1].shape)
    guard a.rank >= 2, b.rank >= 2 else {
      throw OpError("operands are \(a) and \(b), expected rank 2 or more")
    }
    let rows = a[a.rank - (transposeA ? 1 : 2)]
    let innerA = a[a.rank - (transposeA ? 2 : 1)]
    let innerB = b[b.rank - (transposeB ? 1 : 2)]
    let columns = b[b.rank - (transposeB ? 2 : 1)]
    guard innerA == innerB else {
      throw OpError("inner extents \(innerA) of \(a) and \(innerB) of \(b) differ")
    }
    guard let batch = Shape(Array(a.extents.dropLast(2))).broadcast(with: Shape(Array(b.extents.dropLast(2))))
    else {
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

  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int {
    let a = operands[0]
    return saturatingProduct(results[0].extents + [a[a.rank - (transposeA ? 2 : 1)]])
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (a, b, y) = (operands[0], operands[1], results[0].shape)
    let (rows, columns) = (y[y.rank - 2], y[y.rank - 1])
    let inner = a.shape[a.shape.rank - (transposeA ? 2 : 1)]
    let batch = Shape(Array(y.extents.dropLast(2)))
    let batchA = Shape(Array(a.shape.extents.dropLast(2)))
    let batchB = Shape(Array(b.shape.extents.dropLast(2)))

    var values = [Float](repeating: 0, count: y.elementCount)
    try withMemory(a.floats, b.floats, &values) { (a, b, y) throws(OpError) in
      let left = { Matrix(base: a + $0, pitch: transposeA ? rows : inner, isTransposed: transposeA) }
      let right = { Matrix(base: b + $0, pitch: transposeB ? inner : columns, isTransposed: transposeB) }
      // One product when every row of a, whatever its batch, meets the same b.
      if batchB.elementCount == 1, !transposeA {
        let allRows = batch.elementCount * rows
        try multiply(
          left(0), right(0), into: y, pitch: columns, rows: allRows, columns: columns, inner: inner)
        return
      }
      let (offsetsA, offsetsB) = (offsets(of: batchA, in: batch), offsets(of: batchB, in: batch))
      for index in 0..<batch.elementCount {
        try multiply(
          left(offsetsA[index] * rows * inner), right(offsetsB[index] * inner * columns),
          into: y + index * rows * columns, pitch: columns, rows: rows, columns: columns, inner: inner)
      }
    }

    var result = Elements(values: values, shape: y)
    if operands.count == 3 { result = Float.apply(.add, to: result, Float.elements(of: operands[2])) }
    result.values = activation.applied(to: result.values)
    return [Float.tensor(result, results[0].element)]
  }

  /// For each batch of the result, which matrix of an operand it takes.
  private func offsets(of batch: Shape, in result: Shape) -> [Int] {
    let own = Elements(values: Array(0..<batch.elementCount), shape: batch)
    return own.expanded(to: result).values
  }
}
