import IR
import Tensors

// Parts of transformers other than attention.

/// Rotates pairs of elements of each head by angles whose cosines and sines are given for each position.
func rotaryEmbedding(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let input = try context.input(0)
  guard (3...4).contains(input.rank) else {
    throw Finding("the input has shape \(input.shape)", expected: "rank 3 or 4")
  }
  // [batch, positions, heads, width]
  var x: ONNXOperand
  if input.rank == 4 {
    x = try context.transpose(input, [0, 2, 1, 3])
  } else {
    let heads = try context.requiredInt("num_heads")
    guard heads > 0, input.shape[2] % heads == 0 else {
      throw Finding("the input has shape \(input.shape) for \(heads) heads", expected: "heads of equal width")
    }
    x = try context.reshape(input, [input.shape[0], input.shape[1], heads, input.shape[2] / heads])
  }
  let width = x.shape[3]
  let stated = try context.int("rotary_embedding_dim", 0)
  let rotated = stated == 0 ? width : stated
  guard rotated >= 2, rotated <= width, rotated % 2 == 0 else {
    throw Finding("rotates \(rotated) of \(width) elements", expected: "an even number of them")
  }
  let cosine = try rotaryTable(context, 1, x.shape, rotated / 2)
  let sine = try rotaryTable(context, 2, x.shape, rotated / 2)
  let isInterleaved = try context.flag("interleaved")

  // The members of each pair lie side by side or half the width apart.
  let pairs = isInterleaved ? [rotated / 2, 2] : [2, rotated / 2]
  let axis = isInterleaved ? 4 : 3
  let outer = Array(x.shape.extents.dropLast())
  let turned = try context.reshape(try context.slice(x, axis: 3, start: 0, count: rotated), outer + pairs)
  func member(_ index: Int) throws(Finding) -> ONNXOperand {
    try context.reshape(
      try context.slice(turned, axis: axis, start: index, count: 1), outer + [rotated / 2])
  }
  let (first, second) = (try member(0), try member(1))
  let real = try context.binary(
    .sub, try context.binary(.mul, cosine, first), try context.binary(.mul, sine, second))
  let imaginary = try context.binary(
    .add, try context.binary(.mul, sine, first), try context.binary(.mul, cosine, second))
  let single = isInterleaved ? [rotated / 2, 1] : [1, rotated / 2]
  let joined = try context.concat(
    [try context.reshape(real, outer + single), try context.reshape(imaginary, outer + single)], axis: axis)
  var result = try context.reshape(joined, outer + [rotated])
  if rotated < width {
    let rest = try context.slice(x, axis: 3, start: rotated, count: width - rotated)
    result = try context.concat([result, rest], axis: 3)
  }
  if input.rank == 4 { return [try context.transpose(result, [0, 2, 1, 3])] }
  return [try context.reshape(result, input.shape.extents)]
}

/// Cosines or sines as [batch or 1, positions, 1, pairs]: a table looked up by position ids, or one row for
/// each position.
private func rotaryTable(
  _ context: ONNXNodeContext, _ index: Int, _ x: Shape, _ pairs: Int
) throws(Finding) -> ONNXOperand {
  var table = try context.input(index)
  if let positions = context.optional(3) {
    guard table.rank == 2, positions.rank == 2, positions.element.isInteger else {
      throw Finding(
        "the table is \(table.type) and position_ids \(positions.type)", expected: "matrices, ids as integers"
      )
    }
    table = try context.emit(.gather(Gather(axis: 0)), [table, try context.cast(positions, .i64)])
  }
  guard table.rank == 3, table.shape[1] == x[1], table.shape[2] == pairs,
    table.shape[0] == 1 || table.shape[0] == x[0]
  else {
    throw Finding("a table has shape \(table.shape)", expected: "[\(x[0]), \(x[1]), \(pairs)]")
  }
  return try context.reshape(table, [table.shape[0], x[1], 1, pairs])
}

/// silu(a) × b.
func gatedSwish(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (a, b) = (try context.input(0), try context.input(1))
  guard a.shape == b.shape else {
    throw Finding("operands are \(a.type) and \(b.type)", expected: "equal shapes")
  }
  return [try context.binary(.mul, try context.unary(.silu, a, try context.float("alpha", 1)), b)]
}
