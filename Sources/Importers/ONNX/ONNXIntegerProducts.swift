import IR
import Tensors

// Products of small integers: exact core ops; where the operator rescales them, it does so by floats.

func matMulInteger(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (a, b) = (try context.input(0), try context.input(1))
  return [try integerProduct(context, a, b, context.optional(2), context.optional(3))]
}

func convInteger(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, w) = (try context.input(0), try context.input(1))
  return [try integerConvolution(context, x, w, context.optional(2), context.optional(3))]
}

func quantizedMatMul(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (a, b) = (try context.input(0), try context.input(3))
  let product = try integerProduct(context, a, b, try context.input(2), try context.input(5))
  let scale = try productScale(context, try context.input(1), try context.input(4))
  return [try rescaled(context, product, scale, axis: -1, try context.input(6), try context.input(7))]
}

func quantizedConvolution(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, w) = (try context.input(0), try context.input(3))
  let sums = try integerConvolution(
    context, x, w, try context.input(2), try context.input(5), bias: context.optional(8))
  let scales = try context.cast(try vector(context, try context.input(4)), .f32)
  let own = try context.cast(try vector(context, try context.input(1)), .f32)
  let scale = try context.binary(.mul, own, scales)
  return [try rescaled(context, sums, scale, axis: 1, try context.input(6), try context.input(7))]
}

/// The scale of a matrix product: one for a, or one for each of its rows, times one for b, or one for each of its columns.
func productScale(_ context: ONNXNodeContext, _ a: ONNXOperand, _ b: ONNXOperand) throws(Finding)
  -> ONNXOperand
{
  let left = try context.cast(try column(context, a), .f32)
  return try context.binary(.mul, left, try context.cast(try vector(context, b), .f32))
}

func integerProduct(
  _ context: ONNXNodeContext, _ a: ONNXOperand, _ b: ONNXOperand, _ zeroOfA: ONNXOperand?,
  _ zeroOfB: ONNXOperand?, bias: ONNXOperand? = nil
) throws(Finding) -> ONNXOperand {
  guard a.rank >= 2, b.rank >= 2 else {
    throw Finding("operands are \(a.type) and \(b.type)", expected: "matrices")
  }
  let isVector = bias?.type == TensorType(.i32, [b.shape[b.rank - 1]])
  let product = try context.emit(
    .matmulInteger(MatMulInteger()),
    [a, b, try zeroPoint(context, zeroOfA, of: a), try zeroPoint(context, zeroOfB, of: b)]
      + (isVector ? bias.map { [$0] } ?? [] : []))
  guard let bias, !isVector else { return product }
  return try context.binary(.add, product, bias)
}

private func integerConvolution(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ w: ONNXOperand, _ zeroOfX: ONNXOperand?,
  _ zeroOfW: ONNXOperand?, bias: ONNXOperand? = nil
) throws(Finding) -> ONNXOperand {
  let window = try context.window(
    input: Array(x.shape.dropFirst(2)), kernel: try kernelExtents(context, x, w))
  let op = ConvInteger(window, group: try checkedGroup(try context.int("group", 1)))
  return try context.emit(
    .convInteger(op),
    [x, w, try zeroPoint(context, zeroOfX, of: x), try zeroPoint(context, zeroOfW, of: w)]
      + (bias.map { [$0] } ?? []))
}

private func zeroPoint(_ context: ONNXNodeContext, _ zero: ONNXOperand?, of operand: ONNXOperand)
  throws(Finding)
  -> ONNXOperand
{
  guard let zero else { return context.scalar(0, like: operand) }
  return try vector(context, zero)
}

/// A single number as a scalar; one for each column or channel as it is; one for each row, which may have
/// axes of extent 1, as a vector.
private func vector(_ context: ONNXNodeContext, _ numbers: ONNXOperand) throws(Finding) -> ONNXOperand {
  let extents = numbers.shape.filter { $0 != 1 }
  guard extents.count <= 1 else {
    throw Finding(
      "a scale or zero point has shape \(numbers.shape)", expected: "one number or one axis of them")
  }
  return try context.reshape(numbers, extents)
}

private func column(_ context: ONNXNodeContext, _ numbers: ONNXOperand) throws(Finding) -> ONNXOperand {
  let rows = try vector(context, numbers)
  return rows.rank == 0 ? rows : try context.reshape(rows, rows.shape.extents + [1])
}

/// Integers times a scale, in steps of another scale: rounded half to even, moved by the zero point,
/// saturated. The scales are one, one for each index of the axis, or one for each row of a matrix, [M, 1].
///
/// As onnxruntime computes it, a sum is multiplied by the quotient of the scales: numbers in steps of the result, which are
/// then quantized with the scale 1.
func rescaled(
  _ context: ONNXNodeContext, _ sums: ONNXOperand, _ scale: ONNXOperand, axis: Int, _ step: ONNXOperand,
  _ zeroPoint: ONNXOperand
) throws(Finding) -> ONNXOperand {
  let factor = try context.binary(.div, scale, try context.cast(try vector(context, step), .f32))
  let zero = try vector(context, zeroPoint)
  guard zero.element.isQuantized else {
    throw Finding("quantizes to \(zero.element.rawValue)", expected: "an integer of 8, 16 or 32 bits")
  }
  let one = try context.expand(context.scalar(1, .f32), zero.shape.extents)
  let numbers = try multiplied(context, sums, factor, axis: axis)
  return try context.emit(.quantize(Quantize(Granularity(axis: -1))), [numbers, one, zero])
}

/// Sums times a factor: one, one for each index of the axis, or any that broadcasts.
func multiplied(
  _ context: ONNXNodeContext, _ sums: ONNXOperand, _ factor: ONNXOperand, axis: Int
) throws(Finding) -> ONNXOperand {
  let zero = try context.expand(context.scalar(0, .i32), factor.shape.extents)
  switch factor.rank {
  case 0, 1:
    let granularity = Granularity(axis: factor.rank == 0 ? 1 : axis)
    return try context.emit(.dequantize(Dequantize(granularity)), [sums, factor, zero])
  case 2 where factor.shape[1] == 1:
    let rows = [factor.shape[0]]
    return try context.emit(
      .dequantize(Dequantize(Granularity(axis: -2))),
      [sums, try context.reshape(factor, rows), try context.reshape(zero, rows)])
  default:
    let exact = try context.emit(
      .dequantize(Dequantize()), [sums, context.scalar(1, .f32), context.scalar(0, .i32)])
    return try context.binary(.mul, exact, factor)
  }
}
