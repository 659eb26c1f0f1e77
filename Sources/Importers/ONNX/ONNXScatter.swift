import IR
import Tensors

// Scatters to computed positions: all of them become one core scatter into a flattened tensor.

/// y = x, then y[…, indices[i…], …] = updates[i…], the index standing at `axis`.
func scatterElements(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, indices, updates) = (try context.input(0), try context.input(1), try context.input(2))
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  let position = try elementPositions(context, x.shape, indices, axis: axis)
  let flat = try context.reshape(x, [x.shape.elementCount])
  let y = try context.emit(
    .scatter(Scatter(try context.word("reduction", .none))), [flat, position, updates])
  return [try context.reshape(y, x.shape.extents)]
}

/// y = x, then y[indices[i…, 0], indices[i…, 1], …] = updates[i…].
func scatterND(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, indices, updates) = (try context.input(0), try context.input(1), try context.input(2))
  let position = try tuplePositions(context, x.shape, indices)
  let named = indices.shape[indices.rank - 1]
  let rows = try context.reshape(
    x, [x.shape.extents[..<named].reduce(1, *)] + x.shape.extents[named...])
  let y = try context.emit(
    .scatter(Scatter(try context.word("reduction", .none))), [rows, position, updates])
  return [try context.reshape(y, x.shape.extents)]
}

/// Writes slices into a cache: y[b…, w[b] + s] = update[b…, s] along `axis`, around its end in circular mode.
func tensorScatter(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (cache, update) = (try context.input(0), try context.input(1))
  let axis = try context.axis(try context.int("axis", -2), rank: cache.rank)
  var expected = cache.shape.extents
  if update.rank == cache.rank { expected[axis] = update.shape[axis] }
  guard axis >= 1, update.shape.extents == expected, update.shape[axis] <= cache.shape[axis] else {
    throw Finding(
      "the cache has shape \(cache.shape) and the update \(update.shape) along axis \(axis)",
      expected: "an update that differs along an axis after the batch alone")
  }
  let (extent, count, batch) = (cache.shape[axis], update.shape[axis], cache.shape[0])
  let outer = cache.shape.extents[..<axis].reduce(1, *)
  var position = try context.iota(count)
  if let starts = context.optional(2) {
    guard starts.shape == [batch] else {
      throw Finding("write_indices has shape \(starts.shape)", expected: "[\(batch)]")
    }
    let column = try context.reshape(try context.cast(starts, .i64), [batch, 1, 1])
    position = try context.binary(.add, column, position)
    if try context.string("mode", "linear") == "circular" {
      position = try context.binary(.mod, position, context.scalar(Double(extent), .i64))
    }
  }
  let blocks = try context.binary(.mul, try context.iota(outer), context.scalar(Double(extent), .i64))
  position = try context.binary(
    .add, position, try context.reshape(blocks, [batch, batch == 0 ? 0 : outer / batch, 1]))
  let rest = Array(cache.shape.extents[(axis + 1)...])
  let y = try context.emit(
    .scatter(Scatter()),
    [
      try context.reshape(cache, [outer * extent] + rest), try context.reshape(position, [outer, count]),
      try context.reshape(update, [outer, count] + rest),
    ])
  return [try context.reshape(y, cache.shape.extents)]
}

/// Puts every element where a MaxPool took it from; the other elements are 0.
func maxUnpool(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, indices) = (try context.input(0), try context.input(1))
  let kernel = try context.poolKernel(x)
  let window = try context.window(input: Array(x.shape.dropFirst(2)), kernel: kernel)
  guard indices.shape == x.shape else {
    throw Finding("indices have shape \(indices.shape)", expected: "\(x.shape)")
  }
  let spatial = kernel.indices.map {
    (x.shape[$0 + 2] - 1) * window.stride($0) - window.begin($0) - window.end($0) + kernel[$0]
  }
  let shape = Shape([x.shape[0], x.shape[1]] + spatial)
  try checkSize(shape, of: "the result")
  let zeros = try context.expand(context.scalar(0, like: x), [shape.elementCount])
  let flat = try context.emit(
    .scatter(Scatter()), [zeros, try context.cast(indices, .i64), x])
  let y = try context.reshape(flat, shape.extents)
  guard let wanted = try context.constantInts(2, "the output shape"), wanted != shape.extents else {
    return [y]
  }
  try checkSize(Shape(wanted), of: "the result")
  guard wanted.count == shape.rank, zip(wanted, shape).allSatisfy({ $0 >= $1 }) else {
    throw Finding("output_shape is \(wanted)", expected: "at least \(shape)")
  }
  let begins = [Int](repeating: 0, count: shape.rank)
  return [try context.emit(.pad(Pad(begins + zip(wanted, shape).map { $0 - $1 })), [y])]
}
