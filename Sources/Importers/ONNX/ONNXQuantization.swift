import IR
import Tensors

/// (x − zero point) × scale.
func dequantizeLinear(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, scale) = (try context.input(0), try context.input(1))
  let element = try stated(context) ?? scale.element
  let parameters = try quantizationParameters(context, scale, context.optional(2), x.element, of: x)
  return [
    try context.emit(
      .dequantize(Dequantize(parameters.granularity, to: element)),
      [x, parameters.scale, parameters.zeroPoint])
  ]
}

/// round(x ÷ scale) + zero point, saturated.
func quantizeLinear(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, scale) = (try context.input(0), try context.input(1))
  let zeroPoint = context.optional(2)
  let standard = try stated(context) ?? .u8
  let element = zeroPoint?.element ?? standard
  // uint16 is read as i32, and nothing else quantizes to i32.
  guard element.isQuantized else {
    throw Finding("quantizes to \(element.rawValue)", expected: "an integer of 8 or 16 bits")
  }
  let parameters = try quantizationParameters(context, scale, zeroPoint, element, of: x)
  let numbers = x.element.isFloat ? x : try context.cast(x, .f32)
  let result = try context.emit(
    .quantize(Quantize(parameters.granularity)),
    [numbers, parameters.scale, parameters.zeroPoint.unsigned(nil)])
  guard element == .i32 else { return [result] }
  return [try context.unary(.clip, result, 0, 65535).unsigned(16)]
}

/// Quantizes to u8 by the range of the data; returns the result, the scale and the zero point.
func dynamicQuantizeLinear(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let result = try dynamicallyQuantized(context, try context.input(0))
  return [result.x, result.scale, result.zero]
}

/// x in u8 by the range of the data, with its scale and its zero point, u8.
func dynamicallyQuantized(
  _ context: ONNXNodeContext, _ x: ONNXOperand
) throws(Finding) -> (x: ONNXOperand, scale: ONNXOperand, zero: ONNXOperand) {
  let (scale, zero) = try dynamicRange(context, x)
  let zeroPoint = try context.cast(zero, .u8)
  return (try context.emit(.quantize(Quantize()), [x, scale, zeroPoint]), scale, zeroPoint)
}

/// Scale and zero point, both as floats, with which u8 covers all elements and 0.
private func dynamicRange(
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

/// The element type that the node states.
private func stated(_ context: ONNXNodeContext) throws(Finding) -> ElementType? {
  let number = Int64(try context.int("output_dtype", 0))
  guard number != 0 else { return nil }
  guard let element = ONNXElementType.element(number) else {
    throw Finding("gives \(ONNXElementType.name(number))", expected: "a number type that is supported")
  }
  return element
}

/// Scale and zero point of one shape, and which elements of a tensor share them.
struct ONNXQuantizationParameters {
  var scale: ONNXOperand
  var zeroPoint: ONNXOperand
  var granularity: Granularity
}

/// Scale and zero point, which is 0 of `element` where there is none, as attributes `axis` and `block_size` say.
func quantizationParameters(
  _ context: ONNXNodeContext, _ scale: ONNXOperand, _ zeroPoint: ONNXOperand?, _ element: ElementType,
  of x: ONNXOperand
) throws(Finding) -> ONNXQuantizationParameters {
  var zero = zeroPoint ?? context.scalar(0, element)
  var scale = scale
  if scale.shape.elementCount == 1, scale.rank <= 1 { scale = try context.reshape(scale, []) }
  if zero.shape.elementCount == 1, zero.rank <= 1 { zero = try context.reshape(zero, []) }
  if scale.rank == 0, zero.rank == 0 {
    return ONNXQuantizationParameters(scale: scale, zeroPoint: zero, granularity: Granularity())
  }
  // One of them may stand for all.
  if scale.rank == 0 { scale = try context.expand(scale, zero.shape.extents) }
  if zero.rank == 0 { zero = try context.expand(zero, scale.shape.extents) }
  let axis = try context.axis(try context.int("axis", 1), rank: x.rank)
  let block = try context.int("block_size", 0)
  let isPerAxis = scale.rank == 1 && scale.shape[0] == x.shape[axis]
  let granularity = Granularity(axis: axis, block: isPerAxis ? 0 : block)
  guard isPerAxis || (1...max(1, x.shape[axis])).contains(block), scale.shape == zero.shape,
    (try? granularity.check(scale.shape, of: x.shape, "scale")) != nil
  else {
    throw Finding(
      "scale and zero point have shapes \(scale.shape) and \(zero.shape)",
      expected: "one for \(x.shape), its axis \(axis) or its blocks")
  }
  return ONNXQuantizationParameters(scale: scale, zeroPoint: zero, granularity: granularity)
}
