import IR
import Tensors

// Normalizations that onnxruntime fuses with what stands before them. Their sums and statistics are results too.

/// Layer normalization of input + skip + bias. Outputs: result, mean, inverse deviation, sum.
func skipLayerNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let sum = try skipSum(context, bias: 4)
  let epsilon = try context.float("epsilon", 1e-12)
  let operands = [sum, try context.input(2)] + (context.optional(3).map { [$0] } ?? [])
  let result = try context.emit(.layerNorm(LayerNorm(axis: sum.rank - 1, epsilon: epsilon)), operands)
  guard context.isUsed(output: 1) || context.isUsed(output: 2) else { return [result, sum, sum, sum] }
  let statistics = try context.statistics(of: sum, axes: [sum.rank - 1], epsilon: epsilon)
  return [result, statistics.mean, statistics.inverseDeviation, sum]
}

/// The same without a mean. Outputs: result, mean (not computed), inverse root mean square, sum.
func skipSimplifiedLayerNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  guard !context.isUsed(output: 1) else {
    throw Finding("output 1, a mean that this normalization does not compute, is read")
  }
  let sum = try skipSum(context, bias: 3)
  let epsilon = try context.float("epsilon", 1e-12)
  let op = RMSNorm(axis: sum.rank - 1, epsilon: epsilon)
  let result = try context.emit(.rmsNorm(op), [sum, try context.input(2)])
  guard context.isUsed(output: 2) else { return [result, sum, sum, sum] }
  let inverse = try context.inverseRoot(of: sum, axes: [sum.rank - 1], epsilon: epsilon)
  return [result, inverse, inverse, sum]
}

/// input + skip + bias; the skip may be the same for all samples.
private func skipSum(_ context: ONNXNodeContext, bias: Int) throws(Finding) -> ONNXOperand {
  let (input, skip) = (try context.input(0), try context.input(1))
  guard input.rank >= 1, skip.shape.broadcast(with: input.shape) == input.shape else {
    throw Finding("input is \(input.type) and skip \(skip.type)", expected: "a skip that fits the input")
  }
  let sum = try context.binary(.add, input, skip)
  return try context.optional(bias).map { (bias) throws(Finding) in try context.binary(.add, sum, bias) }
    ?? sum
}

/// Words, positions and segments looked up, summed and normalized. Outputs: result, how many leading tokens of each
/// sample count, sum.
func embedLayerNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (ids, gamma, beta) = (try context.input(0), try context.input(5), try context.input(6))
  guard ids.rank == 2, ids.element.isInteger else {
    throw Finding("input_ids are \(ids.type)", expected: "integers [batch, positions]")
  }
  let (batch, length) = (ids.shape[0], ids.shape[1])
  func rows(_ table: Int, _ ids: ONNXOperand) throws(Finding) -> ONNXOperand {
    try context.emit(.gather(Gather(axis: 0)), [try context.input(table), try context.cast(ids, .i64)])
  }
  var positions = try context.reshape(try context.iota(length), [1, length])
  if let given = context.optional(8) { positions = given }
  var sum = try context.binary(.add, try rows(2, ids), try rows(3, positions))
  if let segments = context.optional(1) { sum = try context.binary(.add, sum, try rows(4, segments)) }
  let op = LayerNorm(axis: 2, epsilon: try context.float("epsilon", 1e-12))
  let result = try context.emit(.layerNorm(op), [sum, gamma, beta])
  var counts = context.constant(Tensor([Int64](repeating: 0, count: batch), shape: [batch], element: .i32))
  if let mask = context.optional(7), context.isUsed(output: 1) {
    let isOne = try context.binary(.equal, mask, context.scalar(1, like: mask))
    counts = try context.reduce(.sum, try context.cast(isOne, .i32), axes: [1], keep: false)
  }
  return [result, counts, sum]
}

/// Group normalization with the channels last, after adding a skip and a bias if any, and a silu behind it if asked
/// for. Outputs: result, sum.
func channelsLastGroupNormalization(hasSkip: Bool) -> ONNXTranslation {
  { context throws(Finding) in
    var x = try context.input(0)
    guard x.rank == 4 else { throw Finding("the input has shape \(x.shape)", expected: "rank 4") }
    let isLast = try context.flag("channels_last", true)
    if hasSkip {
      var skip = try context.input(3)
      if skip.rank == 2 {
        let (n, c) = (skip.shape[0], skip.shape[1])
        skip = try context.reshape(skip, isLast ? [n, 1, 1, c] : [n, c, 1, 1])
      }
      x = try context.binary(.add, x, skip)
      if let bias = context.optional(4) {
        let shaped = isLast ? bias : try context.reshape(bias, [bias.shape.elementCount, 1, 1])
        x = try context.binary(.add, x, shaped)
      }
    }
    let op = GroupNorm(
      groups: try context.requiredInt("groups"), epsilon: try context.float("epsilon", 1e-5))
    let planes = isLast ? try context.transpose(x, [0, 3, 1, 2]) : x
    let element = planes.element
    let operands = [
      planes, try context.cast(try context.input(1), element),
      try context.cast(try context.input(2), element),
    ]
    var result = try context.emit(.groupNorm(op), operands)
    if try context.flag("activation") { result = try context.unary(.silu, result) }
    return [isLast ? try context.transpose(result, [0, 2, 3, 1]) : result, x]
  }
}
