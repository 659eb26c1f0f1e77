import IR
import Tensors

// Gathers by computed positions: all of them become one core gather from a flattened tensor.

func gather(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, indices) = (try context.input(0), try context.input(1))
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  try checkIndices(context, indices, extent: x.shape[axis])
  // A single index is a slice.
  if let index = indices.constant?.integers.first.map({ Int($0) }), indices.rank == 0,
    (-x.shape[axis]..<x.shape[axis]).contains(index)
  {
    let row = try context.slice(x, axis: axis, start: index < 0 ? index + x.shape[axis] : index, count: 1)
    var shape = x.shape.extents
    shape.remove(at: axis)
    return [try context.reshape(row, shape)]
  }
  return [try context.emit(.gather(Gather(axis: axis)), [x, indices])]
}

/// y[i…] = x[…, indices[i…], …], the index standing at `axis`.
func gatherElements(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, indices) = (try context.input(0), try context.input(1))
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  let position = try elementPositions(context, x.shape, indices, axis: axis)
  let flat = try context.reshape(x, [x.shape.elementCount])
  return [try context.emit(.gather(Gather(axis: 0)), [flat, position])]
}

/// Where x[…, indices[i…], …] stands among the elements of x.
func elementPositions(_ context: ONNXNodeContext, _ x: Shape, _ indices: ONNXOperand, axis: Int)
  throws(Finding) -> ONNXOperand
{
  guard indices.rank == x.rank,
    x.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= x[$0] })
  else { throw Finding("indices have shape \(indices.shape)", expected: "one that lies within \(x)") }
  try checkIndices(context, indices, extent: x[axis])
  if x.elementCount == x[axis] { return indices }
  let strides = x.strides
  let counted = try counted(context, indices, extent: x[axis])
  var position = try scaled(context, counted, strides[axis])
  for other in x.indices where other != axis && indices.shape[other] > 1 {
    let steps = try scaled(context, try context.iota(indices.shape[other]), strides[other])
    let shape = [indices.shape[other]] + [Int](repeating: 1, count: x.rank - 1 - other)
    position = try context.binary(.add, position, try context.reshape(steps, shape))
  }
  return try checked(context, position, among: x.elementCount, [(counted, x[axis])])
}

/// y[b…, i…] = x[b…, indices[b…, i…, 0], indices[b…, i…, 1], …].
func gatherND(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, indices) = (try context.input(0), try context.input(1))
  let batch = try context.int("batch_dims", 0)
  let position = try tuplePositions(context, x.shape, indices, batch: batch)
  let named = batch + indices.shape[indices.rank - 1]
  let rows = try context.reshape(x, [x.shape.extents[..<named].reduce(1, *)] + x.shape.extents[named...])
  return [try context.emit(.gather(Gather(axis: 0)), [rows, position])]
}

/// Where x[b…, indices[b…, i…, 0], indices[b…, i…, 1], …] stands among the slices that whole tuples name.
func tuplePositions(_ context: ONNXNodeContext, _ x: Shape, _ indices: ONNXOperand, batch: Int = 0)
  throws(Finding) -> ONNXOperand
{
  guard indices.rank >= 1, batch >= 0, batch < indices.rank, batch <= x.rank,
    x.extents.prefix(batch) == indices.shape.extents.prefix(batch)
  else {
    throw Finding(
      "data has shape \(x) and indices \(indices.shape) with batch_dims \(batch)",
      expected: "equal extents in the batch dimensions")
  }
  let depth = indices.shape[indices.rank - 1]
  guard depth >= 1, batch + depth <= x.rank else {
    throw Finding(
      "indices have shape \(indices.shape)", expected: "1 to \(x.rank - batch) numbers in each index")
  }
  // Extents and strides of the axes that an index names.
  let extents = Array(x.extents[batch..<(batch + depth)])
  let strides = Shape(extents).strides
  let column = Array(indices.shape.extents.dropLast())
  var position: ONNXOperand?
  var parts: [(counted: ONNXOperand, extent: Int)] = []
  for (index, extent) in extents.enumerated() {
    let part = try context.slice(indices, axis: indices.rank - 1, start: index, count: 1)
    try checkIndices(context, part, extent: extent)
    let row = try context.reshape(part, column)
    // The core ops count from the end as well.
    let isWhole = depth == 1 && x.extents[..<batch].allSatisfy { $0 == 1 }
    let counted = isWhole ? row : try counted(context, row, extent: extent)
    if !isWhole { parts.append((counted, extent)) }
    let term = try scaled(context, counted, strides[index])
    position = try position.map { (sum) throws(Finding) in try context.binary(.add, sum, term) } ?? term
  }
  guard var position else { throw Finding("has no indices") }
  let block = extents.reduce(1, *)
  let batches = x.extents[..<batch].reduce(1, *)
  if batches > 1 {
    let starts = try scaled(context, try context.iota(batches), block)
    let shape = Array(x.extents[..<batch]) + [Int](repeating: 1, count: column.count - batch)
    position = try context.binary(.add, position, try context.reshape(starts, shape))
  }
  return try checked(context, position, among: batches * block, parts)
}

/// Positions among `count`, but for those with a part that is out of range: they become one that is, too, since the sum
/// of a row's parts may be the position of something else.
private func checked(
  _ context: ONNXNodeContext, _ position: ONNXOperand, among count: Int,
  _ parts: [(counted: ONNXOperand, extent: Int)]
) throws(Finding) -> ONNXOperand {
  var position = position
  for (counted, extent) in parts {
    let nearest = try context.unary(.clip, counted, 0, Double(extent - 1))
    let isInside = try context.binary(.equal, counted, nearest)
    position = try context.select(isInside, position, context.scalar(Double(count), .i64))
  }
  return position
}

/// Refuses constant indices that are out of range, unless a run may not choose them.
func checkIndices(_ context: ONNXNodeContext, _ indices: ONNXOperand, extent: Int) throws(Finding) {
  guard indices.element.isInteger else { throw Finding("indices are \(indices.type)", expected: "integers") }
  guard context.choices.isEmpty, let tensor = indices.constant, tensor.elementCount <= 1 << 22 else { return }
  if let wrong = tensor.integers.first(where: { $0 < -extent || $0 >= extent }) {
    throw Finding("index \(wrong) is out of range", expected: "\(-extent) to \(extent - 1)")
  }
}

/// Indices as int64, negative ones counted from the end.
private func counted(_ context: ONNXNodeContext, _ indices: ONNXOperand, extent: Int) throws(Finding)
  -> ONNXOperand
{
  let wide = try context.cast(indices, .i64)
  let isNegative = try context.binary(.less, wide, context.scalar(0, .i64))
  let fromEnd = try context.binary(.add, wide, context.scalar(Double(extent), .i64))
  return try context.select(isNegative, fromEnd, wide)
}

private func scaled(_ context: ONNXNodeContext, _ x: ONNXOperand, _ factor: Int) throws(Finding)
  -> ONNXOperand
{
  factor == 1 ? x : try context.binary(.mul, x, context.scalar(Double(factor), .i64))
}
