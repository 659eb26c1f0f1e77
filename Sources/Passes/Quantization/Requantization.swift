import IR
import Tensors

/// Rescales the sums of a product as its last step, where nothing else reads them.
///
///     %0 = conv_integer %q, @w, @z, @wz, @b                ->      %y = conv_integer %q, @w, @z, @wz, @b, @m, @shift, @yz
///     %c = dequantize %0, @scale, @zero {axis = 1}
///     %y = quantize %c, @ys, @yz
@Sendable func rescaleSums(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let result = QuantizedResult(node, in: graph), result.isOnlyReader,
    let sums = IntegerSums(result.value, in: graph), sums.isOnlyReader,
    let op = graph[sums.product].op.rescaling(result.rescaling),
    case let axis = graph.shape(of: result.value).normalized(axis: graph[sums.product].op.sumAxis),
    let quotients = result.factors(sums.scales.map { Double($0) }, axis: axis),
    quotients.axis == nil || quotients.axis == axis, let factors = Factors(quotients.factors)
  else { return false }
  let steps = factors.weights(of: graph[node].name, &context) + [result.zero(&context)]
  try context.rewrite(
    node, as: op, sums.operands + steps, "rescaled the sums of \(graph.describe(sums.product))")
  return true
}

/// Rescales integers that are dequantized and quantized in other steps.
///
///     %a = dequantize %q, @s, @z                           ->      %y = rescale %q, @z, @multiplier, @shift, @yz
///     %y = quantize %a, @ys, @yz
@Sendable func rescaleIntegers(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let result = QuantizedResult(node, in: graph), let source = graph.dequantized(result.value),
    let zero = source.steps.zero,
    let quotients = result.factors(source.steps.scales.map { Double($0) }, axis: source.steps.axis),
    let factors = Factors(quotients.factors)
  else { return false }
  let name = graph[node].name
  let own =
    source.steps.isWhole
    ? source.zero
    : context.addWeight(name + ".zero", Tensor([zero], shape: [], element: source.steps.element))
  try context.rewrite(
    node, as: .rescale(Rescale(result.rescaling, axis: quotients.axis ?? Rescale().axis)),
    [source.integers, own] + factors.weights(of: name, &context) + [result.zero(&context)],
    "rescaled the integers of \(graph.describe(node))")
  return true
}
