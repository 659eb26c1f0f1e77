import IR
import Tensors

/// Scaled dot-product attention as two products around a softmax, all in fp32.
///
/// Query heads that share a key head become further rows of one product, so that keys and values are never
/// repeated.
func attention(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let heads = try AttentionHeads(context)
  let (queries, keys, values) = (heads.queries, heads.keys, heads.values)
  let element = queries.element
  let standard = 1 / Double(max(1, queries.shape[3])).squareRoot()
  let query = try context.affine(
    try context.cast(queries, .f32), scale: try context.float("scale", standard))
  let folded = [heads.batch, heads.shared, heads.group * queries.shape[2], queries.shape[3]]
  let product = try context.emit(
    .matmul(MatMul(transposeB: true)), [try context.reshape(query, folded), try context.cast(keys, .f32)])
  let extents = [heads.batch, heads.count, queries.shape[2], keys.shape[2]]
  let scores = try softCapped(context, try context.reshape(product, extents))
  let bias = try attentionBias(context, heads)
  let biased = try bias.map { (bias) throws(Finding) in try context.binary(.add, scores, bias) } ?? scores
  let weights = try attentionWeights(context, biased, bias)

  let rows = try context.reshape(weights, Array(folded.dropLast()) + [keys.shape[2]])
  let sums = try context.emit(.matmul(MatMul()), [rows, try context.cast(values, .f32)])
  var result = try context.reshape(sums, Array(extents.dropLast()) + [values.shape[3]])
  if heads.isPacked {
    result = try context.reshape(
      try context.transpose(result, [0, 2, 1, 3]),
      [heads.batch, queries.shape[2], heads.count * values.shape[3]])
  }
  let shown =
    switch try context.int("qk_matmul_output_mode", 0) {
    case 0, 1: scores
    case 2: biased
    case 3: weights
    case let mode: throw Finding("qk_matmul_output_mode is \(mode)", expected: "0 to 3")
    }
  let outputs = [try context.cast(result, element), keys, values]
  return context.isUsed(output: 3) ? outputs + [try context.cast(shown, element)] : outputs
}

/// Queries, keys and values as [batch, heads, positions, width], earlier keys and values in front.
private struct AttentionHeads {
  var queries: ONNXOperand
  var keys: ONNXOperand
  var values: ONNXOperand
  /// Whether the heads lie side by side in the last of three axes.
  let isPacked: Bool
  /// Positions that earlier steps have left.
  let past: Int

  var batch: Int { queries.shape[0] }
  var count: Int { queries.shape[1] }
  /// Heads of keys and values.
  var shared: Int { keys.shape[1] }
  /// Query heads for each of them.
  var group: Int { count / shared }

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
      queries = try separated(context, query, heads: count)
      keys = try separated(context, key, heads: shared)
      values = try separated(context, value, heads: shared)
    } else {
      (queries, keys, values) = (query, key, value)
    }
    var past = 0
    if let pastKeys = context.optional(4), let pastValues = context.optional(5) {
      guard pastKeys.rank == 4, pastValues.rank == 4, pastKeys.shape[2] == pastValues.shape[2] else {
        throw Finding(
          "past_key is \(pastKeys.type) and past_value \(pastValues.type)", expected: "rank 4, equal lengths")
      }
      past = pastKeys.shape[2]
      keys = try context.concat([pastKeys, keys], axis: 2)
      values = try context.concat([pastValues, values], axis: 2)
    } else if context.optional(4) != nil || context.optional(5) != nil {
      throw Finding("has one of past_key and past_value", expected: "both or none")
    }
    self.past = past
    let (q, k, v) = (queries.shape, keys.shape, values.shape)
    guard k[1] > 0, q[1] % k[1] == 0, k[1] == v[1], k[2] == v[2], q[3] == k[3] else {
      throw Finding(
        "queries are \(q), keys \(k) and values \(v)",
        expected: "query heads in whole groups for each key head, one value for each key")
    }
  }
}

/// [batch, positions, heads × width] as [batch, heads, positions, width].
private func separated(
  _ context: ONNXNodeContext, _ x: ONNXOperand, heads: Int
) throws(Finding) -> ONNXOperand {
  guard heads > 0, x.shape[2] % heads == 0 else {
    throw Finding("the input has shape \(x.shape) for \(heads) heads", expected: "heads of equal width")
  }
  let split = try context.reshape(x, [x.shape[0], x.shape[1], heads, x.shape[2] / heads])
  return try context.transpose(split, [0, 2, 1, 3])
}

/// cap × tanh(scores ÷ cap).
private func softCapped(_ context: ONNXNodeContext, _ scores: ONNXOperand) throws(Finding) -> ONNXOperand {
  let cap = try context.float("softcap", 0)
  guard cap > 0 else { return scores }
  return try context.affine(
    try context.unary(.tanh, try context.affine(scores, scale: 1 / cap)), scale: cap)
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
private func attentionBias(_ context: ONNXNodeContext, _ heads: AttentionHeads) throws(Finding)
  -> ONNXOperand?
{
  var allowed = try allowedPositions(context, heads)
  var addend: ONNXOperand?
  if let given = context.optional(3) {
    let mask = try completed(context, given, keys: heads.keys.shape[2])
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
  _ context: ONNXNodeContext, _ heads: AttentionHeads
) throws(Finding) -> ONNXOperand? {
  let (queries, keys) = (heads.queries.shape[2], heads.keys.shape[2])
  guard queries * keys <= 1 << 24 else {
    throw Finding("needs a mask of \(queries) by \(keys) elements", expected: "at most 2^24")
  }
  var valid: ONNXOperand?
  if let lengths = context.optional(6) {
    guard lengths.shape == [heads.batch], lengths.element.isInteger else {
      throw Finding("nonpad_kv_seqlen is \(lengths.type)", expected: "one integer for each sample")
    }
    valid = try context.reshape(try context.cast(lengths, .i64), [heads.batch, 1, 1, 1])
  }
  /// Bounds on (key − query), to which the number of valid keys comes when it is known at run time only.
  func distances(_ offset: Int) -> ONNXOperand {
    let values = (0..<queries).flatMap { row in (0..<keys).map { Int64($0 - row - offset) } }
    return context.constant(Tensor(values, shape: [queries, keys]))
  }
  let distance = valid == nil ? distances(heads.past) : distances(-queries)
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
  if let valid { conditions.append(try context.binary(.less, try context.iota(keys), valid)) }
  guard var result = conditions.first else { return nil }
  for condition in conditions.dropFirst() { result = try context.binary(.and, result, condition) }
  return result
}
