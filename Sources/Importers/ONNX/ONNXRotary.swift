import IR
import Tensors

/// Rotates pairs of elements of each head by angles whose cosines and sines are given for each position.
struct RotaryAngles {
  /// [batch or 1, positions, 1, pairs].
  let cosine: ONNXOperand
  let sine: ONNXOperand
  /// Whether the members of a pair lie side by side rather than half the rotated width apart.
  let isInterleaved: Bool

  /// Elements of each head that are rotated.
  private var rotated: Int { 2 * cosine.shape[3] }

  /// `x` is [batch, positions, heads, width]; elements behind the rotated ones stay.
  func rotate(_ x: ONNXOperand, _ context: ONNXNodeContext) throws(Finding) -> ONNXOperand {
    let (width, half) = (x.shape[3], rotated / 2)
    let pairs = isInterleaved ? [half, 2] : [2, half]
    let axis = isInterleaved ? 4 : 3
    let outer = Array(x.shape.extents.dropLast())
    let turned = try context.reshape(try context.slice(x, axis: 3, start: 0, count: rotated), outer + pairs)
    func member(_ index: Int) throws(Finding) -> ONNXOperand {
      try context.reshape(try context.slice(turned, axis: axis, start: index, count: 1), outer + [half])
    }
    let (first, second) = (try member(0), try member(1))
    let real = try context.binary(
      .sub, try context.binary(.mul, cosine, first), try context.binary(.mul, sine, second))
    let imaginary = try context.binary(
      .add, try context.binary(.mul, sine, first), try context.binary(.mul, cosine, second))
    let single = isInterleaved ? [half, 1] : [1, half]
    let joined = try context.concat(
      [try context.reshape(real, outer + single), try context.reshape(imaginary, outer + single)], axis: axis)
    let result = try context.reshape(joined, outer + [rotated])
    guard rotated < width else { return result }
    let rest = try context.slice(x, axis: 3, start: rotated, count: width - rotated)
    return try context.concat([result, rest], axis: 3)
  }
}

func rotaryEmbedding(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let input = try context.input(0)
  let x = try positionsFirst(
    context, input, heads: { () throws(Finding) in try context.requiredInt("num_heads") })
  let stated = try context.int("rotary_embedding_dim", 0)
  let rotated = stated == 0 ? x.shape[3] : stated
  guard rotated >= 2, rotated <= x.shape[3], rotated % 2 == 0 else {
    throw Finding("rotates \(rotated) of \(x.shape[3]) elements", expected: "an even number of them")
  }
  let angles = RotaryAngles(
    cosine: try rotaryTable(context, 1, x.shape, rotated / 2),
    sine: try rotaryTable(context, 2, x.shape, rotated / 2), isInterleaved: try context.flag("interleaved"))
  return [try restored(context, try angles.rotate(x, context), like: input)]
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

/// com.microsoft's operator: positions come second, one alone counts from there on, and the tables' width says
/// how much of a head is rotated.
func microsoftRotaryEmbedding(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  guard try !context.flag("is_packed_batching") else {
    throw Finding(
      "packs sequences of several lengths (is_packed_batching = 1), which has no fixed shapes",
      advice: "export the model without packed batching")
  }
  let (input, cosines) = (try context.input(0), try context.input(2))
  guard cosines.rank == 2, cosines.shape[1] > 0 else {
    throw Finding("the table has shape \(cosines.shape)", expected: "[positions, pairs]")
  }
  let stated = try context.int("rotary_embedding_dim", 0)
  let count = try context.int("num_heads", 0)
  let x = try positionsFirst(
    context, input,
    heads: { () throws(Finding) in
      guard count == 0 else { return count }
      guard stated == 0 else { throw context.missing("num_heads") }
      return input.shape[2] / (2 * cosines.shape[1])
    })
  guard stated == 0 || stated == 2 * cosines.shape[1], 2 * cosines.shape[1] <= x.shape[3] else {
    throw Finding(
      "heads of \(x.shape[3]) elements meet a table of \(cosines.shape[1]) pairs",
      expected: stated == 0
        ? "half as many pairs or fewer" : "\(stated / 2) pairs, as rotary_embedding_dim says")
  }
  var positions = try context.cast(try context.input(1), .i64)
  if positions.shape.elementCount == 1, x.shape[1] > 1 || positions.rank < 2 {
    positions = try context.binary(
      .add, try context.reshape(positions, [1, 1]),
      try context.reshape(try context.iota(x.shape[1]), [1, x.shape[1]]))
  }
  let angles = try context.rotaryAngles(
    cosines: 2, sines: 3, positions, of: x.shape, isInterleaved: try context.flag("interleaved"))
  return [try restored(context, try angles.rotate(x, context), like: input)]
}

extension ONNXNodeContext {
  /// Rows of the tables that are two of the inputs, for positions [batch or 1, positions] of `x`, which is
  /// [batch, positions, heads, width].
  func rotaryAngles(
    cosines: Int, sines: Int, _ positions: ONNXOperand, of x: Shape, isInterleaved: Bool
  ) throws(Finding) -> RotaryAngles {
    func rows(_ index: Int) throws(Finding) -> ONNXOperand {
      let table = try input(index)
      guard table.rank == 2, positions.rank == 2, positions.shape[0] == 1 || positions.shape[0] == x[0],
        positions.shape[1] == x[1], 2 * table.shape[1] <= x[3]
      else {
        throw Finding(
          "a table has shape \(table.shape), positions \(positions.shape) and the input \(x)",
          expected: "a table [positions, pairs] and one position for each of the input's")
      }
      let rows = try emit(.gather(Gather(axis: 0)), [table, positions])
      return try reshape(rows, [positions.shape[0], x[1], 1, table.shape[1]])
    }
    return RotaryAngles(cosine: try rows(cosines), sine: try rows(sines), isInterleaved: isInterleaved)
  }
}

/// [batch, heads, positions, width] or [batch, positions, heads × width] as [batch, positions, heads, width].
private func positionsFirst(
  _ context: ONNXNodeContext, _ x: ONNXOperand, heads: () throws(Finding) -> Int
) throws(Finding) -> ONNXOperand {
  switch x.rank {
  case 3: try context.split(x, heads: try heads())
  case 4: try context.transpose(x, [0, 2, 1, 3])
  default: throw Finding("the input has shape \(x.shape)", expected: "rank 3 or 4")
  }
}

/// Back from [batch, positions, heads, width] to the order of axes that the input has.
private func restored(
  _ context: ONNXNodeContext, _ x: ONNXOperand, like input: ONNXOperand
) throws(Finding) -> ONNXOperand {
  input.rank == 4
    ? try context.transpose(x, [0, 2, 1, 3]) : try context.reshape(x, input.shape.extents)
}
