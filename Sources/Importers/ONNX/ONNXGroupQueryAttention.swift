import IR
import Tensors

/// com.microsoft's attention of decoders: fewer key heads than query heads, positions rotated, and keys and values
/// of earlier steps in a buffer of which each sample uses a length of its own, known at run time only.
///
/// Inputs: query, key, value, past_key, past_value, seqlens_k (tokens in the buffer after this step, less one),
/// total_sequence_length, cos_cache, sin_cache, position_ids, attention_bias, head_sink, …
func groupQueryAttention(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  try refuseCachesThatMove(context)
  var step = try GroupQueryStep(context)
  if try context.flag("do_rotary") { try step.rotate(context) }
  let keys = try step.buffer(context, past: 3, new: step.keys)
  let values = try step.buffer(context, past: 4, new: step.values)
  let total = step.total
  let heads = AttentionHeads(
    queries: try context.transpose(step.queries, [0, 2, 1, 3]),
    keys: try context.slice(keys, axis: 2, start: 0, count: total),
    values: try context.slice(values, axis: 2, start: 0, count: total))
  try heads.check()

  let stated = try context.float("scale", 0)
  let raw = try heads.scores(
    context, scale: stated == 0 ? nil : stated, cap: try context.float("softcap", 0))
  let scores = try step.biased(raw, heads, context)
  let allowed = try step.allowed(context)
  let weights = try smoothSoftmax(
    context, try context.replacing(scores, where: allowed, by: -.infinity), heads)
  let element = step.queries.element
  let sums = try context.joined(try heads.sums(context, weights: weights))
  let outputs = [try context.cast(sums, element), keys, values]
  guard context.isUsed(output: 3) else { return outputs }
  let shown =
    try context.int("qk_output", 0) == 2
    ? weights : try context.replacing(scores, where: allowed, by: 0)
  return outputs + [try context.cast(shown, element)]
}

/// Forms whose buffers are quantized, or whose positions move within them.
private func refuseCachesThatMove(_ context: ONNXNodeContext) throws(Finding) {
  for name in ["k_quant_type", "v_quant_type"] where try context.string(name, "NONE") != "NONE" {
    throw Finding(
      "keeps keys and values quantized (\(name))", expected: "'NONE'",
      advice: "export the model with a floating-point cache")
  }
  if try context.flag("sliding_window_cache") {
    throw Finding(
      "moves positions within its buffer (sliding_window_cache = 1)", expected: "0",
      advice: "export the model with a cache of the whole sequence")
  }
  if context.optional(16) != nil {
    throw Finding(
      "pads its queries by lengths of their own (query_seqlens)", expected: "none",
      advice: "export the model without padded chunks of queries")
  }
}

/// What one call takes in, as [batch, positions, heads, width], and where it stands in the whole sequence.
private struct GroupQueryStep {
  private(set) var queries: ONNXOperand
  private(set) var keys: ONNXOperand
  let values: ONNXOperand
  /// Positions of earlier steps and this one, of the longest sample.
  let total: Int
  /// The position of the first query of each sample, [batch, 1].
  private let start: ONNXOperand
  private let isPrompt: Bool

  private var batch: Int { queries.shape[0] }
  private var rows: Int { queries.shape[1] }

  init(_ context: ONNXNodeContext) throws(Finding) {
    let (count, shared) = (try context.requiredInt("num_heads"), try context.requiredInt("kv_num_heads"))
    guard shared > 0, count > 0, count % shared == 0 else {
      throw Finding("has \(count) query heads for \(shared) key heads", expected: "whole groups")
    }
    var parts = [try context.input(0)]
    if let key = context.optional(1), let value = context.optional(2) {
      parts += [key, value]
    } else {
      let packed = parts[0]
      guard packed.rank == 3, packed.shape[2] % (count + 2 * shared) == 0 else {
        throw Finding(
          "a packed query has shape \(packed.shape)",
          expected: "[batch, positions, (\(count) + 2 × \(shared)) × width]")
      }
      let width = packed.shape[2] / (count + 2 * shared)
      parts = try context.cut(packed, widths: [count * width, shared * width, shared * width])
    }
    queries = try context.split(parts[0], heads: count)
    keys = try context.split(parts[1], heads: shared)
    values = try context.split(parts[2], heads: shared)
    let (rows, batch) = (queries.shape[1], queries.shape[0])
    guard keys.shape[1] == rows, values.shape[1] == rows else {
      throw Finding(
        "queries are \(queries.shape) and keys \(keys.shape)", expected: "as many new keys as queries",
        advice: "attention over another sequence has no static form here")
    }
    if let weight = context.optional(14), let other = context.optional(15) {
      let standard = try context.float("qk_norm_epsilon", 1e-6)
      queries = try context.normalized(queries, weight, try context.float("q_norm_epsilon", standard))
      keys = try context.normalized(keys, other, try context.float("k_norm_epsilon", standard))
    }

    guard let stated = try context.constantInt(6, "the total sequence length") else {
      throw Finding("has no total_sequence_length", expected: "a constant")
    }
    total = stated
    guard total >= rows, total <= Limits.extent else {
      throw Finding("total_sequence_length is \(total)", expected: "\(rows), the queries' positions, or more")
    }
    isPrompt = total == rows
    let lengths = try context.input(5)
    guard lengths.shape.elementCount == batch, lengths.element.isInteger else {
      throw Finding("seqlens_k is \(lengths.type)", expected: "one integer for each of \(batch) samples")
    }
    let last = try context.reshape(try context.cast(lengths, .i64), [batch, 1])
    start =
      isPrompt
      ? context.constant(Tensor([0] as [Int64], shape: [1, 1]))
      : try context.affine(last, offset: Double(1 - rows))
    self.last = last
  }

  /// The last position of each sample, [batch, 1].
  private let last: ONNXOperand

  // MARK: Rotation

  mutating func rotate(_ context: ONNXNodeContext) throws(Finding) {
    var positions = try context.binary(.add, start, try context.iota(rows))
    if let given = context.optional(9) {
      guard given.rank == 2, given.shape[1] >= 1, given.element.isInteger else {
        throw Finding("position_ids are \(given.type)", expected: "integers [batch, positions]")
      }
      let ids = try context.cast(given, .i64)
      // Of a prompt the first one counts.
      positions =
        isPrompt
        ? try context.binary(
          .add, try context.slice(ids, starts: [0, 0], counts: [1, 1]), try context.iota(rows))
        : ids
    }
    let isInterleaved = try context.flag("rotary_interleaved")
    let angles = try context.rotaryAngles(
      cosines: 7, sines: 8, positions, of: queries.shape, isInterleaved: isInterleaved)
    queries = try angles.rotate(queries, context)
    keys = try angles.rotate(keys, context)
  }

  // MARK: The buffer

  /// The buffer with the new positions in their places, [batch, heads, positions, width].
  func buffer(_ context: ONNXNodeContext, past index: Int, new: ONNXOperand) throws(Finding) -> ONNXOperand {
    let new = try context.transpose(new, [0, 2, 1, 3])
    let past = context.optional(index)
    let known = past?.shape[2] ?? 0
    let room = max(known, total)
    guard let past, known > 0 else {
      guard room == rows else {
        throw Finding(
          "continues at position \(room - rows) without past_key and past_value", expected: "both",
          advice: "give the model's past the length that the sequence has")
      }
      return new
    }
    guard past.rank == 4, past.element == new.element,
      past.shape == [batch, new.shape[1], known, new.shape[3]]
    else {
      throw Finding(
        "past_key or past_value is \(past.type)",
        expected: "\(new.element)[\(batch), \(new.shape[1]), positions, \(new.shape[3])]")
    }
    if isPrompt { return try replaced(context, past, new) }
    return try inserted(context, past, new, room: room)
  }

  /// A prompt stands at the front.
  private func replaced(
    _ context: ONNXNodeContext, _ past: ONNXOperand, _ new: ONNXOperand
  ) throws(Finding) -> ONNXOperand {
    guard rows < past.shape[2] else { return new }
    let rest = try context.slice(past, axis: 2, start: rows, count: past.shape[2] - rows)
    return try context.concat([new, rest], axis: 2)
  }

  /// Rows of both, gathered: position p of a sample is new from its start on, and old elsewhere.
  private func inserted(
    _ context: ONNXNodeContext, _ past: ONNXOperand, _ new: ONNXOperand, room: Int
  ) throws(Finding) -> ONNXOperand {
    let (known, heads, width) = (past.shape[2], new.shape[1], new.shape[3])
    let both = try context.concat([past, new], axis: 2)
    let positions = try context.iota(room)
    let distance = try context.binary(.sub, positions, start)
    let isNew = try context.binary(
      .and, try context.binary(.greaterEqual, distance, context.scalar(0, .i64)),
      try context.binary(.less, distance, context.scalar(Double(rows), .i64)))
    // Behind the new ones and beyond the buffer nothing is read.
    let old = try context.unary(.clip, positions, 0, Double(known - 1))
    let place = try context.select(isNew, try context.affine(distance, offset: Double(known)), old)
    let lines = try context.affine(
      try context.reshape(try context.iota(batch * heads), [batch, heads, 1]), scale: Double(known + rows))
    let index = try context.binary(
      .add, try context.reshape(place, [place.shape[0], 1, room]), lines)
    let flat = try context.reshape(both, [batch * heads * (known + rows), width])
    return try context.emit(.gather(Gather(axis: 0)), [flat, index])
  }

  // MARK: Masks

  func biased(
    _ scores: ONNXOperand, _ heads: AttentionHeads, _ context: ONNXNodeContext
  ) throws(Finding) -> ONNXOperand {
    guard let bias = context.optional(10) else { return scores }
    return try context.binary(.add, scores, try context.cast(try context.scoreBias(bias, heads), .f32))
  }

  /// Which keys a query may attend to, [batch or 1, 1, queries, keys].
  func allowed(_ context: ONNXNodeContext) throws(Finding) -> ONNXOperand {
    let window = try context.int("local_window_size", -1)
    guard try context.flag("causal", true) else {
      guard window < 0 else {
        throw Finding("local_window_size is \(window) and causal 0", expected: "-1, or causal = 1")
      }
      let end = try context.reshape(last, [batch, 1, 1, 1])
      return try context.binary(.lessEqual, try context.iota(total), end)
    }
    let distance = try context.distances(rows: rows, columns: total, offset: 0)
    let origin = try context.reshape(start, [start.shape[0], 1, 1, 1])
    var result = try context.binary(.lessEqual, distance, origin)
    if window >= 0 {
      let first = try context.affine(origin, offset: Double(-window))
      result = try context.binary(.and, result, try context.binary(.greater, distance, first))
    }
    return result
  }
}

extension ONNXNodeContext {
  /// The scores, but a number where they are not allowed.
  fileprivate func replacing(
    _ scores: ONNXOperand, where allowed: ONNXOperand, by number: Double
  ) throws(Finding) -> ONNXOperand {
    if let known = allowed.constant, known.integers.allSatisfy({ $0 != 0 }) { return scores }
    return try select(allowed, scores, scalar(number, .f32))
  }

  /// Divides by the root mean square of each head's elements.
  fileprivate func normalized(
    _ x: ONNXOperand, _ weight: ONNXOperand, _ epsilon: Double
  ) throws(Finding) -> ONNXOperand {
    try emit(.rmsNorm(RMSNorm(axis: x.rank - 1, epsilon: epsilon)), [x, weight])
  }
}

/// Softmax over keys and one more score that stands for none of them: each head's sink, or 0.
private func smoothSoftmax(
  _ context: ONNXNodeContext, _ scores: ONNXOperand, _ heads: AttentionHeads
) throws(Finding) -> ONNXOperand {
  let softmax = Op.softmax(Softmax(axis: 3))
  var sink: ONNXOperand?
  if let given = context.optional(11) {
    guard given.shape == [heads.count] else {
      throw Finding("head_sink has shape \(given.shape)", expected: "[\(heads.count)]")
    }
    sink = try context.reshape(try context.cast(given, .f32), [1, heads.count, 1, 1])
  } else if try context.int("smooth_softmax", -1) > 0 {
    sink = context.scalar(0, .f32)
  }
  guard let sink else { return try context.emit(softmax, [scores]) }
  let column = try context.expand(sink, [heads.batch, heads.count, heads.rows, 1])
  let weights = try context.emit(softmax, [try context.concat([scores, column], axis: 3)])
  return try context.slice(weights, axis: 3, start: 0, count: heads.columns)
}
