import IR
import Tensors

// Operators of com.microsoft on quantized tensors, which onnxruntime.quantization writes (QOperator): the operator on the
// numbers that the integers stand for, between dequantizing and quantizing. onnxruntime computes some of them in another
// order, which can differ by one step where a result lies next to a tie.

let quantizedMicrosoftOperators: [String: ONNXTranslation] = [
  "DynamicQuantizeMatMul": dynamicQuantizedMatMul,
  "MatMulIntegerToFloat": matMulIntegerToFloat,
  "QGemm": quantizedGemm,
  "QLinearAdd": quantized(binary(.add), [0, 3], steps: 6),
  "QLinearAveragePool": quantized(withLayout(averagePool), [0], steps: 3),
  "QLinearConcat": quantizedConcat,
  "QLinearConv": withLayout(quantizedConvolution),
  "QLinearGlobalAveragePool": quantized(withLayout(globalPool(.mean)), [0], steps: 3),
  "QLinearLeakyRelu": quantized(unary(.leakyRelu, "alpha", 0.01), [0], steps: 3),
  "QLinearMul": quantized(binary(.mul), [0, 3], steps: 6),
  "QLinearReduceMean": quantized(reduce(.mean), [0], steps: 3),
  "QLinearSigmoid": quantized(unary(.sigmoid), [0], steps: 3),
  "QLinearSoftmax": quantizedSoftmax,
  "QLinearWhere": quantized(select, keeping: 1, [1, 4], steps: 7),
]

/// An operator on numbers as one on quantized tensors: its first inputs as they are, then those at `positions`, each of
/// which a scale and a zero point follow; scale and zero point of the result stand at `steps`.
private func quantized(
  _ translation: @escaping ONNXTranslation, keeping kept: Int = 0, _ positions: [Int], steps: Int
) -> ONNXTranslation {
  { context throws(Finding) in
    var inner = context
    inner.inputs = Array(context.inputs.prefix(kept))
    for position in positions { inner.inputs.append(try numbers(context, position)) }
    return [try integers(context, try translation(inner)[0], scale: steps)]
  }
}

/// An operator on images whose channels are last where the node says so.
private func withLayout(_ translation: @escaping ONNXTranslation) -> ONNXTranslation {
  { context throws(Finding) in
    try context.flag("channels_last", false)
      ? try channelsLast(translation, inputs: [0])(context) : try translation(context)
  }
}

private func quantizedConcat(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  var inner = context
  inner.inputs = []
  for position in stride(from: 2, to: context.inputs.count, by: 3) {
    inner.inputs.append(try numbers(context, position))
  }
  return [try integers(context, try concat(inner)[0], scale: 0)]
}

/// Softmax as the operator set that the node names defines it.
private func quantizedSoftmax(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  var inner = context
  inner.inputs = [try numbers(context, 0)]
  inner.opset = try context.int("opset", 13)
  return [try integers(context, try softmax(log: false)(inner)[0], scale: 3)]
}

/// alpha · a · b + c in integers; quantized if there are steps for the result, else numbers.
private func quantizedGemm(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  func matrix(_ index: Int, transposed: String) throws(Finding) -> ONNXOperand {
    let x = try context.input(index)
    return try context.flag(transposed, false) && x.rank == 2 ? try context.transpose(x, [1, 0]) : x
  }
  let (a, b) = (try matrix(0, transposed: "transA"), try matrix(3, transposed: "transB"))
  let sums = try integerProduct(
    context, a, b, context.optional(2), context.optional(5), bias: context.optional(6))
  let scale = try context.affine(
    try productScale(context, try context.input(1), try context.input(4)),
    scale: try context.float("alpha", 1))
  guard let step = context.optional(7) else { return [try multiplied(context, sums, scale, axis: -1)] }
  let zero = context.optional(8) ?? context.scalar(0, a.element)
  return [try rescaled(context, sums, scale, axis: -1, step, zero)]
}

/// a · b as numbers, of integers, with an optional addend.
private func matMulIntegerToFloat(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (a, b) = (try context.input(0), try context.input(1))
  let sums = try integerProduct(context, a, b, context.optional(4), context.optional(5))
  let scale = try productScale(context, try context.input(2), try context.input(3))
  let product = try multiplied(context, sums, scale, axis: -1)
  return [
    try context.optional(6).map { (bias) throws(Finding) in try context.binary(.add, product, bias) }
      ?? product
  ]
}

/// a, quantized by its range, times integers b, with an optional addend.
private func dynamicQuantizedMatMul(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  var inner = context
  inner.inputs = [try context.input(0)]
  let a = try dynamicQuantizeLinear(inner)
  inner.inputs = [
    a[0], try context.input(1), a[1], try context.input(2), a[2], context.optional(3), context.optional(4),
  ]
  return try matMulIntegerToFloat(inner)
}

/// The numbers that the integers at an input stand for, whose scale and zero point follow it.
private func numbers(_ context: ONNXNodeContext, _ index: Int) throws(Finding) -> ONNXOperand {
  let x = try context.input(index)
  let parameters = try quantizationParameters(
    context, try context.input(index + 1), context.optional(index + 2), x.element, of: x)
  return try context.emit(
    .dequantize(Dequantize(parameters.granularity)), [x, parameters.scale, parameters.zeroPoint])
}

/// Numbers in steps of the scale at an input; its zero point follows it.
private func integers(_ context: ONNXNodeContext, _ x: ONNXOperand, scale index: Int) throws(Finding)
  -> ONNXOperand
{
  let parameters = try quantizationParameters(
    context, try context.input(index), context.optional(index + 1), .u8, of: x)
  return try context.emit(
    .quantize(Quantize(parameters.granularity)), [x, parameters.scale, parameters.zeroPoint])
}
