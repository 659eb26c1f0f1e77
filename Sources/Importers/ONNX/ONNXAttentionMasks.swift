import IR
import Tensors

// What onnxruntime's attentions add to their scores.

extension ONNXNodeContext {
  /// 0 for keys that count and `excluded` for others, to be added to scores [batch, heads, queries, keys].
  ///
  /// The mask is one of: a length for each sample [batch]; ends and then starts [2 × batch]; lengths and then
  /// other things [3 × batch + 2]; a number above 0 for each key that counts, [batch, keys], [batch, queries, keys]
  /// or, of positions in a longer sequence, [batch, 1, most, most].
  func paddingBias(
    _ mask: ONNXOperand, _ heads: AttentionHeads, past: Int, excluded: Double
  ) throws(Finding) -> ONNXOperand {
    let (batch, rows, columns) = (heads.batch, heads.rows, heads.columns)
    let allowed: ONNXOperand
    switch mask.shape.extents {
    case [batch], [3 * batch + 2]: allowed = try before(mask, from: 0, batch, columns)
    case [2 * batch]:
      let end = try before(mask, from: 0, batch, columns)
      let start = try unary(.not, try before(mask, from: batch, batch, columns))
      allowed = try binary(.and, end, start)
    case [batch, columns]: allowed = try reshape(try positive(mask), [batch, 1, 1, columns])
    case [batch, rows, columns]: allowed = try reshape(try positive(mask), [batch, 1, rows, columns])
    case let extents
    where extents.count == 4 && extents[0] == batch && extents[1] == 1 && extents[2] >= past + rows
      && extents[3] >= columns:
      let part = try slice(mask, starts: [0, 0, past, 0], counts: [batch, 1, rows, columns])
      allowed = try positive(part)
    default:
      throw Finding(
        "the mask has shape \(mask.shape)",
        expected: "[\(batch)], [\(2 * batch)], [\(3 * batch + 2)], [\(batch), \(columns)] or "
          + "[\(batch), \(rows), \(columns)]")
    }
    return try select(allowed, scalar(0, .f32), scalar(excluded, .f32))
  }

  private func positive(_ mask: ONNXOperand) throws(Finding) -> ONNXOperand {
    mask.element == .bool ? mask : try binary(.greater, mask, scalar(0, like: mask))
  }

  /// Whether a key stands before the position that part of a vector gives for its sample.
  private func before(
    _ bounds: ONNXOperand, from start: Int, _ batch: Int, _ columns: Int
  ) throws(Finding) -> ONNXOperand {
    let part = try slice(try cast(bounds, .i64), axis: 0, start: start, count: batch)
    return try binary(.less, try iota(columns), try reshape(part, [batch, 1, 1, 1]))
  }

  /// An addend [batch or 1, heads or 1, queries, keys].
  func scoreBias(_ bias: ONNXOperand, _ heads: AttentionHeads) throws(Finding) -> ONNXOperand {
    let shape: Shape = [heads.batch, heads.count, heads.rows, heads.columns]
    guard bias.element.isFloat, bias.rank == 4, bias.shape.broadcast(with: shape) == shape else {
      throw Finding("attention_bias is \(bias.type)", expected: "floats that broadcast to \(shape)")
    }
    return bias
  }
}
