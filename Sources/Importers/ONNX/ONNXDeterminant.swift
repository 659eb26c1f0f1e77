import IR
import Tensors

/// The determinant of each matrix: rows are eliminated by the largest element of their column until two are
/// left, whose determinant is ad − bc. Every row takes 22 nodes.
func determinant(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  guard x.rank >= 2, x.shape[x.rank - 1] == x.shape[x.rank - 2] else {
    throw Finding("the input has shape \(x.shape)", expected: "square matrices")
  }
  let (size, batch) = (x.shape[x.rank - 1], Array(x.shape.dropLast(2)))
  guard size <= rowLimit else {
    throw Finding(
      "takes the determinant of matrices of \(size) rows", expected: "at most \(rowLimit)",
      advice: "compute it outside of the model")
  }
  guard size > 0 else { return [try context.expand(context.scalar(1, like: x), batch)] }
  let count = batch.reduce(1, *)
  var matrix = try context.reshape(x, [count, size, size])
  var product: ONNXOperand?
  for _ in 0..<max(0, size - 2) {
    let (pivot, rest) = try eliminated(context, matrix)
    product =
      try product.map { (product) throws(Finding) in try context.binary(.mul, product, pivot) } ?? pivot
    matrix = rest
  }
  if size > 1 { matrix = try crossed(context, matrix) }
  let result =
    try product.map { (product) throws(Finding) in try context.binary(.mul, product, matrix) } ?? matrix
  return [try context.reshape(result, batch)]
}

private let rowLimit = 8

/// ad − bc of [count, 2, 2], as [count, 1, 1].
private func crossed(_ context: ONNXNodeContext, _ x: ONNXOperand) throws(Finding) -> ONNXOperand {
  func element(_ row: Int, _ column: Int) throws(Finding) -> ONNXOperand {
    try context.slice(x, starts: [0, row, column], counts: [x.shape[0], 1, 1])
  }
  return try context.binary(
    .sub, try context.binary(.mul, try element(0, 0), try element(1, 1)),
    try context.binary(.mul, try element(0, 1), try element(1, 0)))
}

/// The factor that a column contributes, [count, 1, 1], and what is left without that column and its pivot's
/// row.
///
/// The pivot's row changes places with the first, which changes the sign. A column of zeros gives a factor of 0
/// and eliminates nothing.
private func eliminated(
  _ context: ONNXNodeContext, _ x: ONNXOperand
) throws(Finding) -> (pivot: ONNXOperand, rest: ONNXOperand) {
  let size = x.shape[1]
  let column = try context.unary(.abs, try context.slice(x, axis: 2, start: 0, count: 1))
  let place = try context.emit(.argReduce(ArgReduce(.max, axis: 1)), [column])
  let isPivot = try context.binary(.equal, place, try context.reshape(try context.iota(size), [size, 1]))
  let zero = context.scalar(0, like: x)
  let row = try context.reduce(.sum, try context.select(isPivot, x, zero), axes: [1])
  let first = try context.slice(x, axis: 1, start: 0, count: 1)
  let others = try context.slice(
    try context.select(isPivot, first, x), axis: 1, start: 1, count: size - 1)

  let pivot = try context.slice(row, axis: 2, start: 0, count: 1)
  let divisor = try context.select(
    try context.binary(.equal, pivot, zero), context.scalar(1, like: x), pivot)
  let factors = try context.binary(
    .div, try context.slice(others, axis: 2, start: 0, count: 1), divisor)
  let rest = try context.binary(
    .sub, try context.slice(others, axis: 2, start: 1, count: size - 1),
    try context.binary(.mul, factors, try context.slice(row, axis: 2, start: 1, count: size - 1)))
  let isFirst = try context.binary(.equal, place, context.scalar(0, like: place))
  return (try context.select(isFirst, pivot, try context.unary(.neg, pivot)), rest)
}
