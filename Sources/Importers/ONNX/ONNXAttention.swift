import IR
import Tensors

/// Scaled dot-product attention as two products around a softmax, all in fp32.
///
/// Query heads that share a key head become further rows of one product, so that keys and values are never
/// repeated.
func attention(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let inputs = try AttentionInputs(context)
  let heads = inputs.heads
  let element = heads.queries.element
  let scores = try heads.scores(
    context, scale: try context.optionalFloat("scale"), cap: try context.float("softcap", 0))
  let bias = try attentionBias(context, inputs)
  let biased = try bias.map { (bias) throws(Finding) in try context.binary(.add, scores, bias) } ?? scores
  let weights = try attentionWeights(context, biased, bias)

  var result = try heads.sums(context, weights: weights)
  if inputs.isPacked { result = try context.joined(result) }
  let shown =
    switch try context.int("qk_matmul_output_mode", 0) {
    case 0, 1: scores
    case 2: biased
    case 3: weights
    case let mode: throw Finding("qk_matmul_output_mode is \(mode)", expected: "0 to 3")
    }
  let outputs = [try context.cast(result, element), heads.keys, heads.values]
  return context.isUsed(output: 3) ? outputs + [try context.cast(shown, element)] : outputs
}

/// The heads, earlier keys and values in front.
private struct AttentionInputs {
  var heads: AttentionHeads
  /// Whether the heads lie side by side in the last of three axes.
  let isPacked: Bool
  /// Positions that earlier steps have left.
  let past: Int

  init(_ context: ONNXNodeContext) throws(Finding) {
    let inputs = [try context.input(0), try context.input(1), try context.input(2)]
    let (query, key, value) = (inputs[0], inputs[1], inputs[2])
    guard (3...4).contains(query.rank), inputs.allSatisfy({ $0.rank == query.rank }),
      inputs.allSatisfy({ $0.element.isFloat && $0.shape[0] == query.shape[0] })
    else {
      throw Finding(
        "Q is \(query.type), K \(key.type) and V \(value.type)",
        expected: "floats of rank 3 or 4 with one batch size")
    }
    isPacked = query.rank == 3
    if isPacked {
      let count = try context.requiredInt("q_num_heads")
      let shared = try context.requiredInt("kv_num_heads")
      heads = AttentionHeads(
        queries: try context.separated(query, heads: count), keys: try context.separated(key, heads: shared),
        values: try context.separated(value, heads: shared))
    } else {
      heads = AttentionHeads(queries: query, keys: key, values: value)
    }
    var past = 0
    if let pastKeys = context.optional(4), let pastValues = context.optional(5) {
      guard pastKeys.rank == 4, pastValues.rank == 4, pastKeys.shape[2] == pastValues.shape[2] else {
        throw Finding(
          "past_key is \(pastKeys.type) and past_value \(pastValues.type)", expected: "rank 4, equal lengths")
      }
      past = pastKeys.shape[2]
      heads.keys = try context.concat([pastKeys, heads.keys], axis: 2)
      heads.values = try context.concat([pastValues, heads.values], axis: 2)
    } else if context.optional(4) != nil || context.optional(5) != nil {
      throw Finding("has one of past_key and past_value", expected: "both or none")
    }
    self.past = past
    try heads.check()
  }
}

/// The softmax over keys in the precision that the node states; 0 for a query that may attend to no key.
private func attentionWeights(
  _ context: ONNXNodeContext, _ scores: ONNXOperand, _ bias: ONNXOperand?
) throws(Finding) -> ONNXOperand {
  var precision = ElementType.f32
  if let number = try context.optionalInt("softmax_precision"), number != 0 {
    guard let element = ONNXElementType.element(Int64(number)), element.isFloat else {
      throw Finding(
        "softmax_precision is \(ONNXElementType.name(Int64(number)))", expected: "a floating-point type")
    }
    precision = element
  }
  let softmax = try context.emit(.softmax(Softmax(axis: 3)), [try context.cast(scores, precision)])
  let weights = try context.cast(softmax, .f32)
  guard let bias else { return weights }
  let highest = try context.reduce(.max, bias, axes: [bias.rank - 1])
  let isExcluded = try context.unary(.isInf, highest, 1, 0)
  if let known = isExcluded.constant, known.integers.allSatisfy({ $0 == 0 }) { return weights }
  return try context.select(isExcluded, context.scalar(0, .f32), weights)
}

// MARK: Masks

/// What is added to the scores: the mask, with −∞ where a query may not attend to a key; nil for nothing.
private func attentionBias(_ context: ONNXNodeContext, _ inputs: AttentionInputs) throws(Finding)
  -> ONNXOperand?
{
  var allowed = try allowedPositions(context, inputs)
  var addend: ONNXOperand?
  if let given = context.optional(3) {
    let mask = try completed(context, given, keys: inputs.heads.columns)
    if mask.element == .bool {
      allowed = try allowed.map { (other) throws(Finding) in try context.binary(.and, mask, other) } ?? mask
    } else {
      addend = try context.cast(mask, .f32)
    }
  }
  guard let allowed else { return addend }
  if let known = allowed.constant, known.integers.allSatisfy({ $0 != 0 }) { return addend }
  return try context.select(allowed, addend ?? context.scalar(0, .f32), context.scalar(-.infinity, .f32))
}

/// A mask may cover fewer keys than there are; it excludes the others.
private func completed(
  _ context: ONNXNodeContext, _ mask: ONNXOperand, keys: Int
) throws(Finding) -> ONNXOperand {
  guard mask.rank >= 1, mask.rank <= 4, mask.element == .bool || mask.element.isFloat else {
    throw Finding("attn_mask is \(mask.type)", expected: "bool or float of rank 1 to 4")
  }
  let missing = keys - mask.shape[mask.rank - 1]
  guard missing > 0 else { return mask }
  var pads = [Int](repeating: 0, count: 2 * mask.rank)
  pads[2 * mask.rank - 1] = missing
  let value = mask.element == .bool ? 0 : -Double.infinity
  return try context.emit(.pad(Pad(pads, value: value)), [mask])
}

/// Which keys a query may attend to by their positions: causality, a sliding window, and how many keys are
/// valid; nil for all.
private func allowedPositions(
  _ context: ONNXNodeContext, _ inputs: AttentionInputs
) throws(Finding) -> ONNXOperand? {
  let heads = inputs.heads
  var valid: ONNXOperand?
  if let lengths = context.optional(6) {
    guard lengths.shape == [heads.batch], lengths.element.isInteger else {
      throw Finding("nonpad_kv_seqlen is \(lengths.type)", expected: "one integer for each sample")
    }
    valid = try context.reshape(try context.cast(lengths, .i64), [heads.batch, 1, 1, 1])
  }
  // The number of valid keys comes to the bounds when it is known at run time only.
  let distance = try context.distances(
    rows: heads.rows, columns: heads.columns, offset: valid == nil ? inputs.past : -heads.rows)
  let origin = valid ?? context.scalar(0, .i64)
  var conditions: [ONNXOperand] = []
  var upper = try context.int("right_window_size", -1)
  if try context.flag("is_causal") { upper = 0 }
  if upper >= 0 {
    let bound = try context.affine(origin, offset: Double(upper))
    conditions.append(try context.binary(.lessEqual, distance, bound))
  }
  let lower = try context.int("left_window_size", -1)
  if lower >= 0 {
    let bound = try context.affine(origin, offset: -Double(lower))
    conditions.append(try context.binary(.greaterEqual, distance, bound))
  }
  if let valid { conditions.append(try context.binary(.less, try context.iota(heads.columns), valid)) }
  guard var result = conditions.first else { return nil }
  for condition in conditions.dropFirst() { result = try context.binary(.and, result, condition) }
  return result
}
