import IR
import Tensors

// The two attentions of com.microsoft whose keys have as many heads as the queries. They differ in where
// queries, keys and values come from; masks, earlier keys and results are the same.

/// The scores are in fp32. Inputs: query, key, value, bias, key_padding_mask, attention_bias, past_key,
/// past_value, past_sequence_length.
func multiHeadAttention(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  guard context.optional(9) == nil else {
    throw Finding("reads cache_indirection, which beam search needs", advice: "export the decoder by itself")
  }
  var heads = try multipleHeads(context, count: try context.requiredInt("num_heads"))
  var past: CachedPositions?
  if let keys = context.optional(6), let values = context.optional(7) {
    past = try CachedPositions(
      keys: keys, values: values, used: try context.constantInt(8, "past_sequence_length"))
  } else if context.optional(6) != nil || context.optional(7) != nil {
    throw Finding("has one of past_key and past_value", expected: "both or none")
  }
  try past?.prepend(to: &heads, context)
  let result = try attended(
    context, heads, past: past?.used ?? 0, mask: context.optional(4), bias: context.optional(5))
  let (keys, values) = try past?.stored(heads, context) ?? (heads.keys, heads.values)
  let outputs = [result.sums, keys, values]
  return context.isUsed(output: 3) ? outputs + [result.scores] : outputs
}

/// Queries, keys and values in any of four arrangements, biases added.
private func multipleHeads(_ context: ONNXNodeContext, count: Int) throws(Finding) -> AttentionHeads {
  let query = try context.input(0)
  var parts: [ONNXOperand]
  var isProjected = true
  switch (query.rank, context.optional(1), context.optional(2)) {
  case (5, nil, nil): parts = try context.unpacked(query, heads: count, members: 3)
  case (3, let packed?, nil) where packed.rank == 5:
    parts = [query] + (try context.unpacked(packed, heads: count, members: 2))
  case (3, let key?, let value?) where key.rank == 3 && value.rank == 3: parts = [query, key, value]
  case (3, let key?, let value?) where key.rank == 4 && value.rank == 4:
    parts = [query, key, value]
    isProjected = false
  default:
    let types = context.inputs.prefix(3).map { $0.map { "\($0.type)" } ?? "none" }
    throw Finding(
      "query, key and value are \(types.joined(separator: ", "))",
      expected: "three of rank 3, rank 3 with a packed key of rank 5, one packed query of rank 5, or rank 3 "
        + "with key and value of rank 4")
  }
  if let bias = context.optional(3) {
    let widths = [query.rank == 5 ? parts[0].shape[2] : query.shape[2]]
    parts = try context.biased(parts, bias, projected: isProjected, queryWidth: widths[0])
  }
  let heads = AttentionHeads(
    queries: try context.separated(parts[0], heads: count),
    keys: isProjected ? try context.separated(parts[1], heads: count) : parts[1],
    values: isProjected ? try context.separated(parts[2], heads: count) : parts[2])
  try heads.check()
  return heads
}

/// Attention with its input projection. Inputs: input, weights, bias, mask_index, past, attention_bias.
func projectedAttention(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  guard try !context.flag("do_rotary"), try !context.flag("past_present_share_buffer") else {
    throw Finding(
      "rotates positions or shares the memory of past and present (do_rotary, past_present_share_buffer)",
      expected: "neither", advice: "export the model without runtime-specific fusions")
  }
  let count = try context.requiredInt("num_heads")
  let projected = try product(context, try context.input(0), try context.input(1))
  guard projected.rank == 3 else {
    throw Finding("the input has shape \(try context.input(0).shape)", expected: "[batch, positions, width]")
  }
  let merged = try context.optional(2).map { (bias) throws(Finding) in
    try context.binary(.add, projected, bias)
  }
  let third = projected.shape[2] / 3
  let widths = try context.ints("qkv_hidden_sizes") ?? [third, third, third]
  guard widths.count == 3, widths.allSatisfy({ $0 > 0 }), widths.reduce(0, +) == projected.shape[2] else {
    throw Finding(
      "weights give \(projected.shape[2]) columns for queries, keys and values of \(widths)",
      expected: "as many columns as the three together")
  }
  let parts = try context.cut(merged ?? projected, widths: widths)
  var heads = AttentionHeads(
    queries: try context.separated(parts[0], heads: count),
    keys: try context.separated(parts[1], heads: count),
    values: try context.separated(parts[2], heads: count))
  try heads.check()
  var past = 0
  if let both = context.optional(4) {
    guard both.rank == 5, both.shape[0] == 2 else {
      throw Finding("past has shape \(both.shape)", expected: "[2, batch, heads, positions, width]")
    }
    func half(_ index: Int) throws(Finding) -> ONNXOperand {
      try context.reshape(
        try context.slice(both, axis: 0, start: index, count: 1), Array(both.shape.extents.dropFirst()))
    }
    let cached = try CachedPositions(keys: try half(0), values: try half(1), used: nil)
    try cached.prepend(to: &heads, context)
    past = cached.used
  }
  let result = try attended(
    context, heads, past: past, mask: context.optional(3), bias: context.optional(5))
  guard context.isUsed(output: 1) else { return [result.sums] }
  let present = [heads.keys, heads.values]
  var rows: [ONNXOperand] = []
  for part in present { rows.append(try context.reshape(part, [1] + part.shape.extents)) }
  return [result.sums, try context.concat(rows, axis: 0)]
}

/// [batch, positions, heads × width] in the queries' type, and the scores.
private func attended(
  _ context: ONNXNodeContext, _ heads: AttentionHeads, past: Int, mask: ONNXOperand?, bias: ONNXOperand?
) throws(Finding) -> (sums: ONNXOperand, scores: ONNXOperand) {
  let stated = try context.float("scale", 0)
  var scores = try heads.scores(context, scale: stated == 0 ? nil : stated)
  if let mask {
    let filter = try context.float("mask_filter_value", -10000)
    scores = try context.binary(
      .add, scores, try context.paddingBias(mask, heads, past: past, excluded: filter))
  }
  if try context.flag("unidirectional") {
    let distance = try context.distances(rows: heads.rows, columns: heads.columns, offset: past)
    let allowed = try context.binary(.lessEqual, distance, context.scalar(0, .i64))
    scores = try context.binary(
      .add, scores,
      try context.select(allowed, context.scalar(0, .f32), context.scalar(-.infinity, .f32)))
  }
  if let bias {
    scores = try context.binary(.add, scores, try context.cast(try context.scoreBias(bias, heads), .f32))
  }
  let weights = try context.emit(.softmax(Softmax(axis: 3)), [scores])
  let sums = try context.joined(try heads.sums(context, weights: weights))
  let element = heads.queries.element
  return (try context.cast(sums, element), try context.cast(scores, element))
}

extension ONNXNodeContext {
  /// [batch, positions, heads, members, width] as `members` operands [batch, positions, heads × width].
  fileprivate func unpacked(_ x: ONNXOperand, heads: Int, members: Int) throws(Finding) -> [ONNXOperand] {
    guard x.shape[2] == heads, x.shape[3] == members else {
      throw Finding(
        "a packed input has shape \(x.shape)", expected: "[batch, positions, \(heads), \(members), width]")
    }
    var parts: [ONNXOperand] = []
    for index in 0..<members {
      parts.append(
        try reshape(
          try slice(x, axis: 3, start: index, count: 1), [x.shape[0], x.shape[1], heads * x.shape[4]]))
    }
    return parts
  }

  /// Adds each part's share of the bias; keys and values that are not projected here take none.
  fileprivate func biased(
    _ parts: [ONNXOperand], _ bias: ONNXOperand, projected: Bool, queryWidth: Int
  ) throws(Finding) -> [ONNXOperand] {
    let widths = projected ? parts.map { $0.shape[2] } : [queryWidth]
    guard bias.rank == 1, bias.shape[0] == widths.reduce(0, +) || (!projected && bias.shape[0] >= queryWidth)
    else {
      throw Finding("the bias has shape \(bias.shape)", expected: "[\(widths.reduce(0, +))]")
    }
    var result = parts
    var start = 0
    for (index, width) in widths.enumerated() {
      result[index] = try binary(
        .add, parts[index], try slice(bias, axis: 0, start: start, count: width))
      start += width
    }
    return result
  }

  /// Neighboring parts of the last axis.
  func cut(_ x: ONNXOperand, widths: [Int]) throws(Finding) -> [ONNXOperand] {
    var parts: [ONNXOperand] = []
    var start = 0
    for width in widths {
      parts.append(try slice(x, axis: x.rank - 1, start: start, count: width))
      start += width
    }
    return parts
  }
}

/// Keys and values that earlier steps have left, [batch, heads, positions, width]. Of a buffer that has room for
/// more the first `used` positions count.
private struct CachedPositions {
  let keys: ONNXOperand
  let values: ONNXOperand
  let used: Int

  init(keys: ONNXOperand, values: ONNXOperand, used: Int?) throws(Finding) {
    guard keys.rank == 4, values.rank == 4, keys.shape[2] == values.shape[2],
      (0...keys.shape[2]).contains(used ?? 0)
    else {
      throw Finding(
        "past_key is \(keys.type) and past_value \(values.type)"
          + (used.map { " with \($0) positions in use" } ?? ""),
        expected: "rank 4, equal lengths")
    }
    self.keys = keys
    self.values = values
    self.used = used ?? keys.shape[2]
  }

  func prepend(to heads: inout AttentionHeads, _ context: ONNXNodeContext) throws(Finding) {
    guard used > 0 else { return }
    heads.keys = try context.concat([try first(keys, context), heads.keys], axis: 2)
    heads.values = try context.concat([try first(values, context), heads.values], axis: 2)
    try heads.check()
  }

  private func first(_ x: ONNXOperand, _ context: ONNXNodeContext) throws(Finding) -> ONNXOperand {
    try context.slice(x, axis: 2, start: 0, count: used)
  }

  /// The buffers with the new positions behind the used ones.
  func stored(
    _ heads: AttentionHeads, _ context: ONNXNodeContext
  ) throws(Finding) -> (ONNXOperand, ONNXOperand) {
    func filled(_ new: ONNXOperand, _ buffer: ONNXOperand) throws(Finding) -> ONNXOperand {
      let (length, room) = (new.shape[2], buffer.shape[2])
      guard used < room else { return new }
      guard length <= room else {
        throw Finding("\(length) positions go into a buffer of \(room)", expected: "as much room or more")
      }
      let rest = try context.slice(buffer, axis: 2, start: length, count: room - length)
      return try context.concat([new, rest], axis: 2)
    }
    return (try filled(heads.keys, keys), try filled(heads.values, values))
  }
}
