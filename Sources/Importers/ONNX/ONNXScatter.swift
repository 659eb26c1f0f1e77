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
