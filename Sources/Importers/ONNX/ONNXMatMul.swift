import IR
import Tensors

/// NumPy's matmul: a vector on the left is a row, on the right a column, and its axis disappears from the
/// result.
func matrixMultiply(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  [try product(context, try context.input(0), try context.input(1))]
}

func product(_ context: ONNXNodeContext, _ a: ONNXOperand, _ b: ONNXOperand) throws(Finding) -> ONNXOperand {
  guard a.rank >= 1, b.rank >= 1 else {
    throw Finding("operands are \(a.type) and \(b.type)", expected: "rank 1 or more")
  }
  let rows = a.rank == 1 ? try context.reshape(a, [1] + a.shape.extents) : a
  let columns = b.rank == 1 ? try context.reshape(b, b.shape.extents + [1]) : b
  let result = try matrices(context, rows, columns)
  var shape = result.shape.extents
  if b.rank == 1 { shape.removeLast() }
  if a.rank == 1 { shape.remove(at: shape.count - (b.rank == 1 ? 1 : 2)) }
  return try context.reshape(result, shape)
}

/// The core op multiplies floats; integers are multiplied and summed.
private func matrices(_ context: ONNXNodeContext, _ a: ONNXOperand, _ b: ONNXOperand) throws(Finding)
  -> ONNXOperand
{
  if a.element.isFloat || a.element != b.element { return try context.emit(.matmul(MatMul()), [a, b]) }
  let left = try context.reshape(a, a.shape.extents + [1])
  var shape = b.shape.extents
  shape.insert(1, at: b.rank - 2)
  let products = try context.binary(.mul, left, try context.reshape(b, shape))
  return try context.reduce(.sum, products, axes: [products.rank - 2], keep: false)
}

/// alpha · A · B + beta · C.
func gemm(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (a, b) = (try context.input(0), try context.input(1))
  guard a.rank == 2, b.rank == 2 else {
    throw Finding("operands are \(a.type) and \(b.type)", expected: "two matrices")
  }
  let (alpha, beta) = (try context.float("alpha", 1), try context.float("beta", 1))
  let (transposeA, transposeB) = (try context.flag("transA"), try context.flag("transB"))
  let bias = try context.optional(2).map { (c) throws(Finding) in try context.affine(c, scale: beta) }
  guard a.element.isFloat else {
    let left = try context.transpose(a, transposeA ? [1, 0] : [0, 1])
    let right = try context.transpose(b, transposeB ? [1, 0] : [0, 1])
    let result = try context.affine(try matrices(context, left, right), scale: alpha)
    return [try bias.map { (bias) throws(Finding) in try context.binary(.add, result, bias) } ?? result]
  }
  let op = Op.matmul(MatMul(transposeA: transposeA, transposeB: transposeB))
  let columns = b.shape[transposeB ? 0 : 1]
  if alpha == 1, let bias, bias.shape == [columns] || bias.shape == [1, columns] {
    return [try context.emit(op, [a, b, try context.reshape(bias, [columns])])]
  }
  let result = try context.affine(try context.emit(op, [a, b]), scale: alpha)
  guard let bias else { return [result] }
  guard bias.shape.broadcast(with: result.shape) == result.shape else {
    throw Finding("C has shape \(bias.shape)", expected: "one that broadcasts to \(result.shape)")
  }
  return [try context.binary(.add, result, bias)]
}
