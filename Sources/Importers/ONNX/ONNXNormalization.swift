import IR
import Tensors

func batchNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  try context.refuseTraining()
  guard try !context.flag("training_mode") else {
    throw Finding("is in training mode", expected: "a model exported for inference")
  }
  if context.opset < 9, try !context.flag("spatial", true) {
    throw Finding("has statistics for each position (spatial = 0)", expected: "statistics for each channel")
  }
  let x = try context.input(0)
  var operands = [x]
  for index in 1...4 { operands.append(try context.input(index)) }
  return [try context.emit(.batchNorm(BatchNorm(epsilon: try context.float("epsilon", 1e-5))), operands)]
}

func instanceNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  guard x.rank >= 3 else { throw Finding("the input has shape \(x.shape)", expected: "[N, C, spatial..]") }
  let op = GroupNorm(groups: x.shape[1], epsilon: try context.float("epsilon", 1e-5))
  return [try context.emit(.groupNorm(op), [x, try context.input(1), try context.input(2)])]
}

/// Up to opset 20 scale and bias have one value for each group, after that one for each channel.
func groupNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let groups = try context.requiredInt("num_groups")
  guard x.rank >= 2, groups >= 1, x.shape[1] % groups == 0 else {
    throw Finding(
      "the input has shape \(x.shape) and num_groups is \(groups)", expected: "channels in whole groups")
  }
  var operands = [x]
  for index in 1...2 {
    var operand = try context.input(index)
    if context.opset < 21, operand.shape == [groups], groups != x.shape[1] {
      let perGroup = try context.reshape(operand, [groups, 1])
      operand = try context.reshape(
        try context.expand(perGroup, [groups, x.shape[1] / groups]), [x.shape[1]])
    }
    operands.append(operand)
  }
  return [
    try context.emit(
      .groupNorm(GroupNorm(groups: groups, epsilon: try context.float("epsilon", 1e-5))), operands)
  ]
}

func layerNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axis = try context.axis(try context.int("axis", -1), rank: x.rank)
  let epsilon = try context.float("epsilon", 1e-5)
  let normalized = Array(x.shape.extents[axis...])
  var operands = [x]
  for index in 1...2 {
    guard let operand = context.optional(index) else { break }
    operands.append(try fitted(context, operand, to: normalized))
  }
  let result = try context.emit(.layerNorm(LayerNorm(axis: axis, epsilon: epsilon)), operands)
  guard context.isUsed(output: 1) || context.isUsed(output: 2) else { return [result] }
  let statistics = try context.statistics(of: x, axes: Array(axis..<x.rank), epsilon: epsilon)
  return [result, statistics.mean, statistics.inverseDeviation]
}

extension ONNXNodeContext {
  /// The mean and 1 ÷ √(variance + epsilon) over some axes, in fp32.
  func statistics(
    of x: ONNXOperand, axes: [Int], epsilon: Double
  ) throws(Finding) -> (mean: ONNXOperand, inverseDeviation: ONNXOperand) {
    let wide = try cast(x, .f32)
    let mean = try reduce(.mean, wide, axes: axes)
    return (mean, try inverseRoot(of: try binary(.sub, wide, mean), axes: axes, epsilon: epsilon))
  }

  /// 1 ÷ √(mean of squares + epsilon) over some axes, in fp32.
  func inverseRoot(of x: ONNXOperand, axes: [Int], epsilon: Double) throws(Finding) -> ONNXOperand {
    let wide = try cast(x, .f32)
    let square = try reduce(.mean, try binary(.mul, wide, wide), axes: axes)
    return try unary(.rsqrt, try affine(square, offset: epsilon))
  }
}

/// Outputs: result, in the scale's type, and 1 ÷ the root mean square.
func rmsNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, given) = (try context.input(0), try context.input(1))
  let axis = try context.axis(try context.int("axis", -1), rank: x.rank)
  let scale = try fitted(context, given, to: Array(x.shape.extents[axis...]))
  let epsilon = try context.float("epsilon", 1e-5)
  let common = x.element == scale.element ? x.element : .f32
  let normalized = try context.emit(
    .rmsNorm(RMSNorm(axis: axis, epsilon: epsilon)),
    [try context.cast(x, common), try context.cast(scale, common)])
  let result = try context.cast(normalized, scale.element)
  guard context.isUsed(output: 1) else { return [result] }
  return [result, try context.inverseRoot(of: x, axes: Array(axis..<x.rank), epsilon: epsilon)]
}

/// Scale and bias may broadcast to the normalized axes; the core ops want them whole.
private func fitted(_ context: ONNXNodeContext, _ operand: ONNXOperand, to shape: [Int]) throws(Finding)
  -> ONNXOperand
{
  var operand = operand
  if operand.rank > shape.count, operand.shape.dropLast(shape.count).allSatisfy({ $0 == 1 }) {
    operand = try context.reshape(operand, Array(operand.shape.suffix(shape.count)))
  }
  return try context.expand(operand, shape)
}

func lpNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axis = try context.axis(try context.int("axis", -1), rank: x.rank)
  return [try context.emit(.lpNorm(LpNorm(axis: axis, order: try context.int("p", 2))), [x])]
}

/// (x − mean) ÷ (standard deviation + 1e-9) over some axes.
func meanVarianceNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axes = try context.axes(try context.ints("axes") ?? [0, 2, 3], rank: x.rank)
  let centered = try context.binary(.sub, x, try context.reduce(.mean, x, axes: axes))
  let variance = try context.reduce(.mean, try context.binary(.mul, centered, centered), axes: axes)
  let deviation = try context.affine(try context.unary(.sqrt, variance), offset: 1e-9)
  return [try context.binary(.div, centered, deviation)]
}

/// x ÷ (bias + alpha ÷ size × Σ x²)^beta, the sum over neighboring channels: an average pool over the
/// channel axis.
func localResponseNormalization(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let size = try context.requiredInt("size")
  guard x.rank >= 2, (1...(1 << 20)).contains(size) else {
    throw Finding(
      "the input has shape \(x.shape) and size is \(size)", expected: "[N, C, ..] and a size of 1 or more")
  }
  let (n, c) = (x.shape[0], x.shape[1])
  let squares = try context.reshape(
    try context.binary(.mul, x, x), [n, 1, c, x.shape.dropFirst(2).reduce(1, *)])
  let window = Window(pads: [(size - 1) / 2, 0, size / 2, 0])
  let means = try context.emit(.pool(Pool(.averagePadded, kernel: [size, 1], window)), [squares])
  let (alpha, beta, bias) = (
    try context.float("alpha", 1e-4), try context.float("beta", 0.75), try context.float("bias", 1)
  )
  let base = try context.affine(try context.reshape(means, x.shape.extents), scale: alpha, offset: bias)
  return [try context.binary(.div, x, try context.binary(.pow, base, context.scalar(beta, like: x)))]
}
