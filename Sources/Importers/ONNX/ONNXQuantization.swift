import IR
import Tensors

// Quantization as arithmetic: the values are those that an integer runtime gets.

/// (x − zero point) × scale.
func dequantizeLinear(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, scale) = (try context.input(0), try context.input(1))
  let factor = try fitted(context, scale, to: x)
  var real = try context.cast(x, .f32)
  if let zeroPoint = context.optional(2) {
    real = try context.binary(.sub, real, try context.cast(try fitted(context, zeroPoint, to: x), .f32))
  }
  let result = try context.binary(.mul, real, try context.cast(factor, .f32))
  return [try context.cast(result, try stated(context) ?? scale.element)]
}

/// round(x ÷ scale) + zero point, saturated.
func quantizeLinear(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, scale) = (try context.input(0), try context.input(1))
  let zeroPoint = context.optional(2)
  let standard = try stated(context) ?? .u8
  let element = zeroPoint?.element ?? standard
  let factor = try context.cast(try fitted(context, scale, to: x), .f32)
  let offset = try zeroPoint.map { (zero) throws(Finding) in try fitted(context, zero, to: x) }
  return [try quantized(context, try context.cast(x, .f32), factor, offset, element)]
}

/// Quantizes to u8 by the range of the data; returns the result, the scale and the zero point.
func dynamicQuantizeLinear(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let (scale, zero) = try dynamicRange(context, x)
  let zeroPoint = try context.cast(zero, .u8)
  return [try quantized(context, x, scale, zeroPoint, .u8), scale, zeroPoint]
}

/// Scale and zero point, both as floats, with which u8 covers all elements and 0.
func dynamicRange(
  _ context: ONNXNodeContext, _ x: ONNXOperand
) throws(Finding) -> (scale: ONNXOperand, zero: ONNXOperand) {
  let axes = Array(0..<x.rank)
  let zero = context.scalar(0, like: x)
  let low = try context.binary(.min, try context.reduce(.min, x, axes: axes, keep: false), zero)
  let high = try context.binary(.max, try context.reduce(.max, x, axes: axes, keep: false), zero)
  let range = try context.binary(.sub, high, low)
  let isFlat = try context.binary(.equal, range, zero)
  let step = try context.binary(.div, range, context.scalar(255, like: x))
  let scale = try context.select(isFlat, context.scalar(1, like: x), step)
  let lowest = try context.unary(.neg, try context.binary(.div, low, scale))
  return (scale, try context.unary(.clip, try context.unary(.round, lowest), 0, 255))
}

private func quantized(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ scale: ONNXOperand, _ zeroPoint: ONNXOperand?,
  _ element: ElementType
) throws(Finding) -> ONNXOperand {
  // uint16 is read as i32, and nothing else quantizes to i32.
  guard let range = element == .i32 ? 0...65535 : element.integerRange, element != .i64 else {
    throw Finding("quantizes to \(element.rawValue)", expected: "an integer of 8 or 16 bits")
  }
  var steps = try context.unary(.round, try context.binary(.div, x, scale))
  if let zeroPoint { steps = try context.binary(.add, steps, try context.cast(zeroPoint, .f32)) }
  let limited = try context.unary(.clip, steps, Double(range.lowerBound), Double(range.upperBound))
  return try context.cast(limited, element).unsigned(element == .i32 ? 16 : nil)
}

/// The element type that the node states.
private func stated(_ context: ONNXNodeContext) throws(Finding) -> ElementType? {
  let number = Int64(try context.int("output_dtype", 0))
  guard number != 0 else { return nil }
  guard let element = ONNXElementType.element(number) else {
    throw Finding("gives \(ONNXElementType.name(number))", expected: "a number type that is supported")
  }
  return element
}

/// Scale or zero point in a shape that broadcasts to x: one for the tensor, for each extent of an axis, or
/// for each block of an axis.
private func fitted(_ context: ONNXNodeContext, _ operand: ONNXOperand, to x: ONNXOperand) throws(Finding)
  -> ONNXOperand
{
  if operand.shape.elementCount == 1, operand.rank <= 1 { return try context.reshape(operand, []) }
  let axis = try context.axis(try context.int("axis", 1), rank: x.rank)
  if operand.rank == 1, operand.shape[0] == x.shape[axis] {
    return try context.reshape(operand, operand.shape.extents + [Int](repeating: 1, count: x.rank - 1 - axis))
  }
  let block = try context.int("block_size", 0)
  guard operand.rank == x.rank, (1...max(1, x.shape[axis])).contains(block),
    operand.shape[axis] == (x.shape[axis] + block - 1) / block
  else {
    throw Finding(
      "scale or zero point has shape \(operand.shape)",
      expected: "one for \(x.shape), its axis \(axis) or its blocks")
  }
  var shape = operand.shape.extents
  shape.insert(1, at: axis + 1)
  let separate = try context.reshape(operand, shape)
  shape[axis + 1] = block
  let repeated = try context.expand(separate, shape)
  var merged = operand.shape.extents
  merged[axis] *= block
  return try context.slice(try context.reshape(repeated, merged), axis: axis, start: 0, count: x.shape[axis])
}
