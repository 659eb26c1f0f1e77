import IR
import Tensors

/// A function of x plus an optional bias.
func biasGelu(_ function: UnaryFunction) -> ONNXTranslation {
  { context throws(Finding) in
    var x = try context.input(0)
    if let bias = context.optional(1) { x = try context.binary(.add, x, bias) }
    return [try context.unary(function, x)]
  }
}

/// alpha · A · B with the last two axes of either operand swapped on demand.
func fusedMatMul(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  guard try !context.flag("transBatchA"), try !context.flag("transBatchB") else {
    throw Finding(
      "moves batch axes, which is not supported", advice: "export the model without runtime-specific fusions")
  }
  let a = try swapped(context, try context.input(0), try context.flag("transA"))
  let b = try swapped(context, try context.input(1), try context.flag("transB"))
  return [try context.affine(try product(context, a, b), scale: try context.float("alpha", 1))]
}

private func swapped(_ context: ONNXNodeContext, _ x: ONNXOperand, _ swap: Bool) throws(Finding)
  -> ONNXOperand
{
  guard swap, x.rank >= 2 else { return x }
  return try context.transpose(x, Array(0..<(x.rank - 2)) + [x.rank - 1, x.rank - 2])
}

/// Convolution, then an optional addend, then an activation.
func fusedConvolution(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  var result = try convolution(context)[0]
  if let addend = context.optional(3) { result = try context.binary(.add, result, addend) }
  let parameters = try (context.floats("activation_params") ?? []).map { decimal($0) }
  func parameter(_ index: Int, _ standard: Double) -> Double {
    parameters.indices.contains(index) ? parameters[index] : standard
  }
  switch try context.string("activation", "") {
  case "": return [result]
  case "Relu": return [try context.unary(.relu, result)]
  case "Tanh": return [try context.unary(.tanh, result)]
  case "Sigmoid": return [try context.unary(.sigmoid, result)]
  case "LeakyRelu": return [try context.unary(.leakyRelu, result, parameter(0, 0.01))]
  case "Clip": return [try context.unary(.clip, result, parameter(0, -.infinity), parameter(1, .infinity))]
  case "HardSigmoid": return [try context.unary(.hardSigmoid, result, parameter(0, 0.2), parameter(1, 0.5))]
  case let other:
    throw Finding(
      "has activation \(ImportError.quoted(other)), which is not supported",
      advice: "export the model without runtime-specific fusions")
  }
}
