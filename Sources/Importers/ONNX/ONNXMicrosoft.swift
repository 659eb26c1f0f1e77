import IR
import Tensors

// Fusions of a product, a convolution or a bias with what stands beside it.

/// A function of x plus an optional bias.
func biasGelu(_ function: UnaryFunction) -> ONNXTranslation {
  { context throws(Finding) in
    var x = try context.input(0)
    if let bias = context.optional(1) { x = try context.binary(.add, x, bias) }
    return [try context.unary(function, x)]
  }
}

/// x + bias + skip.
func biasAdd(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let sum = try context.binary(.add, try context.input(0), try context.input(1))
  return [try context.binary(.add, sum, try context.input(2))]
}

/// Of x + bias, the left half times gelu(right half).
func biasSplitGelu(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.binary(.add, try context.input(0), try context.input(1))
  guard x.rank >= 1, x.shape[x.rank - 1] % 2 == 0 else {
    throw Finding("the input has shape \(x.shape)", expected: "an even last extent")
  }
  let half = x.shape[x.rank - 1] / 2
  let parts = try context.cut(x, widths: [half, half])
  return [try context.binary(.mul, parts[0], try context.unary(.gelu, parts[1]))]
}

/// softmax(x + bias), the axes from one on as a single one. The bias lacks the axes between its outer and inner
/// ones, or the outer ones.
func biasSoftmax(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, bias) = (try context.input(0), try context.input(1))
  let axis = try context.axis(try context.int("axis", 1), rank: x.rank)
  let sum = try context.binary(.add, x, bias)
  guard sum.shape == x.shape else {
    throw Finding("the bias has shape \(bias.shape)", expected: "one that broadcasts to \(x.shape)")
  }
  let extents = x.shape.extents
  let rows = try context.reshape(sum, [extents[..<axis].reduce(1, *), extents[axis...].reduce(1, *)])
  return [try context.reshape(try context.emit(.softmax(Softmax(axis: 1)), [rows]), extents)]
}

// MARK: Products

/// alpha × A · B. On demand the last two axes of an operand are swapped, and before that its first axis is moved
/// behind its other batch axes.
func fusedMatMul(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let a = try arranged(context, try context.input(0), "transA", "transBatchA")
  let b = try arranged(context, try context.input(1), "transB", "transBatchB")
  let result = try context.affine(try product(context, a, b), scale: try context.float("alpha", 1))
  guard context.has("activation") else { return [result] }
  return [try activated(context, result, parameters: try scalarParameters(context))]
}

private func arranged(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ swap: String, _ moveBatch: String
) throws(Finding) -> ONNXOperand {
  guard x.rank >= 2 else { return x }
  var axes = Array(0..<x.rank)
  if try context.flag(moveBatch) { axes = Array(1..<(x.rank - 1)) + [0, x.rank - 1] }
  if try context.flag(swap) { axes.swapAt(x.rank - 1, x.rank - 2) }
  return try context.transpose(x, axes)
}

/// Gemm, then an activation.
func fusedGemm(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  [try activated(context, try gemm(context)[0], parameters: try scalarParameters(context))]
}

/// x · w + bias, then gelu.
func gemmFastGelu(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  var x = try product(context, try context.input(0), try context.input(1))
  if let bias = context.optional(2) { x = try context.binary(.add, x, bias) }
  return [try context.unary(.geluTanh, x)]
}

// MARK: Convolutions

/// Convolution, then an optional addend, then an activation.
func fusedConvolution(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  var result = try convolution(context)[0]
  if let addend = context.optional(3) { result = try context.binary(.add, result, addend) }
  let parameters = try (context.floats("activation_params") ?? []).map { decimal($0) }
  return [try activated(context, result, parameters: parameters)]
}

/// An operator whose result and some of whose inputs have their channels last.
func channelsLast(_ translation: @escaping ONNXTranslation, inputs: [Int]) -> ONNXTranslation {
  { context throws(Finding) in
    var inner = context
    for index in inputs {
      guard let x = context.optional(index) else { continue }
      guard x.rank >= 3 else {
        throw Finding("input \(index) has shape \(x.shape)", expected: "[N, spatial.., C]")
      }
      inner.inputs[index] = try context.transpose(x, [0, x.rank - 1] + Array(1..<(x.rank - 1)))
    }
    let y = try translation(inner)[0]
    return [try context.transpose(y, [0] + Array(2..<y.rank) + [1])]
  }
}

// MARK: Activations

private func scalarParameters(_ context: ONNXNodeContext) throws(Finding) -> [Double?] {
  [
    try context.optionalFloat("activation_alpha"), try context.optionalFloat("activation_beta"),
    try context.optionalFloat("activation_gamma"),
  ]
}

/// The activation that the node names, if any.
private func activated(
  _ context: ONNXNodeContext, _ x: ONNXOperand, parameters: [Double?]
) throws(Finding) -> ONNXOperand {
  func parameter(_ index: Int, _ standard: Double) -> Double {
    (parameters.indices.contains(index) ? parameters[index] : nil) ?? standard
  }
  switch try context.string("activation", "") {
  case "": return x
  case "Relu": return try context.unary(.relu, x)
  case "Tanh": return try context.unary(.tanh, x)
  case "Sigmoid": return try context.unary(.sigmoid, x)
  case "Softplus": return try context.unary(.softplus, x)
  case "Softsign": return try context.unary(.softsign, x)
  case "LeakyRelu": return try context.unary(.leakyRelu, x, parameter(0, 0.01))
  case "Elu": return try context.unary(.elu, x, parameter(0, 1))
  case "Clip": return try context.unary(.clip, x, parameter(0, -.infinity), parameter(1, .infinity))
  case "HardSigmoid": return try context.unary(.hardSigmoid, x, parameter(0, 0.2), parameter(1, 0.5))
  case let other:
    throw Finding(
      "has activation \(ImportError.quoted(other)), which is not supported",
      advice: "export the model without runtime-specific fusions")
  }
}
