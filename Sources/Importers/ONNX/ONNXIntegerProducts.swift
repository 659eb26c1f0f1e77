import IR
import Tensors

// Products of small integers: exact core ops, rescaled by floats where the operator says so.

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
  // One scale for a, or one for each of its rows; one for b, or one for each of its columns.
  let left = try context.cast(try column(context, try context.input(1)), .f32)
  let scale = try context.binary(
    .mul, left, try context.cast(try vector(context, try context.input(4)), .f32))
  return [try rescaled(context, product, scale, try context.input(6), try context.input(7))]
}

func quantizedConvolution(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, w) = (try context.input(0), try context.input(3))
  var sums = try integerConvolution(context, x, w, try context.input(2), try context.input(5))
  let perChannel = [Int](repeating: 1, count: max(w.rank - 2, 0))
  if let bias = context.optional(8) {
    sums = try context.binary(.add, sums, try context.reshape(bias, bias.shape.extents + perChannel))
  }
  var scales = try vector(context, try context.input(4))
  if scales.rank == 1 { scales = try context.reshape(scales, scales.shape.extents + perChannel) }
  let own = try context.cast(try vector(context, try context.input(1)), .f32)
  let scale = try context.binary(.mul, own, try context.cast(scales, .f32))
  return [try rescaled(context, sums, scale, try context.input(6), try context.input(7))]
}

private func integerProduct(
  _ context: ONNXNodeContext, _ a: ONNXOperand, _ b: ONNXOperand, _ zeroOfA: ONNXOperand?,
  _ zeroOfB: ONNXOperand?
) throws(Finding) -> ONNXOperand {
  guard a.rank >= 2, b.rank >= 2 else {
    throw Finding("operands are \(a.type) and \(b.type)", expected: "matrices")
  }
  return try context.emit(
    .matmulInteger(MatMulInteger()),
    [a, b, try zeroPoint(context, zeroOfA, of: a), try zeroPoint(context, zeroOfB, of: b)])
}

private func integerConvolution(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ w: ONNXOperand, _ zeroOfX: ONNXOperand?,
  _ zeroOfW: ONNXOperand?
) throws(Finding) -> ONNXOperand {
  let window = try context.window(
    input: Array(x.shape.dropFirst(2)), kernel: try kernelExtents(context, x, w))
  let op = ConvInteger(window, group: try checkedGroup(try context.int("group", 1)))
  return try context.emit(
    .convInteger(op), [x, w, try zeroPoint(context, zeroOfX, of: x), try zeroPoint(context, zeroOfW, of: w)])
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
/// saturated.
private func rescaled(
  _ context: ONNXNodeContext, _ sums: ONNXOperand, _ scale: ONNXOperand, _ step: ONNXOperand,
  _ zeroPoint: ONNXOperand
) throws(Finding) -> ONNXOperand {
  guard let range = zeroPoint.element.integerRange else {
    throw Finding("quantizes to \(zeroPoint.element.rawValue)", expected: "an integer type")
  }
  let factor = try context.binary(.div, scale, try context.cast(try vector(context, step), .f32))
  let steps = try context.unary(.round, try context.binary(.mul, try context.cast(sums, .f32), factor))
  let moved = try context.binary(.add, steps, try context.cast(try vector(context, zeroPoint), .f32))
  let limited = try context.unary(.clip, moved, Double(range.lowerBound), Double(range.upperBound))
  return try context.cast(limited, zeroPoint.element)
}
