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
    let factors = Factors(sums.scales.map { Double($0) / Double(result.steps.scales[0]) })
  else { return false }
  let steps = factors.weights(of: graph[node].name, &context) + [result.zero]
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
    let factors = Factors(source.steps.scales.map { Double($0) / Double(result.steps.scales[0]) })
  else { return false }
  let name = graph[node].name
  let own =
    source.steps.isWhole
    ? source.zero
    : context.addWeight(name + ".zero", Tensor([zero], shape: [], element: source.steps.element))
  let axis = source.steps.isWhole ? Rescale().axis : source.steps.axis
  try context.rewrite(
    node, as: .rescale(Rescale(result.rescaling, axis: axis)),
    [source.integers, own] + factors.weights(of: name, &context) + [result.zero],
    "rescaled the integers of \(graph.describe(node))")
  return true
}
