import IR
import Tensors

// Gathers by indices of which there is an open number, or of slices with an open axis. Indices beyond the true
// size become 0, which is an index as long as there is anything to gather.

/// Input 1 with zeros in its padding, for indices into axes of these extents.
private func prepareIndices(_ context: inout ONNXNodeContext, extents: some Sequence<Int>) throws(Finding) {
  let indices = try context.input(1)
  guard indices.isOpen else { return }
  guard indices.shape.elementCount == 0 || extents.allSatisfy({ $0 > 0 }) else {
    let x = try context.input(0)
    throw Finding(
      "looks up at most \(indices.shape.elementCount) elements in \(x.type), along an axis that has none",
      expected: "an extent of at least 1")
  }
  context.inputs[1] = try context.zeroPadded(indices)
}

func prepareGather(_ context: inout ONNXNodeContext) throws(Finding) {
  let x = try context.input(0)
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  guard x.sizes[axis] == nil else { throw context.openInputRefused(0, axis: axis) }
  try prepareIndices(&context, extents: [x.shape[axis]])
}

/// Whether as many elements are looked up as the model says.
@Sendable func hasKnownIndices(_ context: ONNXNodeContext) -> Bool { !(context.optional(1)?.isOpen ?? false) }

func gatherSizes(_ context: ONNXNodeContext, _ results: [ONNXOperand]) throws(Finding) -> [[Int: ValueID]] {
  let (x, indices) = (try context.input(0), try context.input(1))
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  var sizes: [Int: ValueID] = [:]
  for (own, size) in x.sizes { sizes[own < axis ? own : own - 1 + indices.rank] = size }
  for (own, size) in indices.sizes { sizes[axis + own] = size }
  return [sizes]
}

func prepareGatherElements(_ context: inout ONNXNodeContext) throws(Finding) {
  let (x, indices) = (try context.input(0), try context.input(1))
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  for (own, size) in x.sizes where own == axis || indices.sizes[own] != size {
    throw context.openInputRefused(0, axis: own)
  }
  try prepareIndices(&context, extents: [x.shape[axis]])
}

func gatherElementsSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] { [try context.input(1).sizes] }

func prepareGatherND(_ context: inout ONNXNodeContext) throws(Finding) {
  let (x, indices) = (try context.input(0), try context.input(1))
  let batch = try context.int("batch_dims", 0)
  guard (0...x.rank).contains(batch), indices.rank >= 1 else { return }
  if let axis = indices.sizes.keys.first(where: { $0 < batch || $0 == indices.rank - 1 }) {
    throw context.openInputRefused(1, axis: axis)
  }
  let named = batch + indices.shape[indices.rank - 1]
  if let axis = x.sizes.keys.first(where: { $0 < named }) { throw context.openInputRefused(0, axis: axis) }
  try prepareIndices(&context, extents: x.shape.dropFirst(batch).prefix(named - batch))
}

func gatherNDSizes(_ context: ONNXNodeContext, _ results: [ONNXOperand]) throws(Finding) -> [[Int: ValueID]] {
  let (x, indices) = (try context.input(0), try context.input(1))
  let named = try context.int("batch_dims", 0) + indices.shape[indices.rank - 1]
  var sizes = indices.sizes
  for (axis, size) in x.sizes { sizes[indices.rank - 1 + axis - named] = size }
  return [sizes]
}
