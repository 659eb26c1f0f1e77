import IR
import Tensors

/// Averages and sums of integers whose result is quantized.
///
///     %a = dequantize %q, @s, @z                           ->      %y = reduce_integer %q, @z, @multiplier, @shift, @yz
///     %b = reduce %a {kind = mean, axes = [2, 3]}                       {axes = [2, 3]}
///     %y = quantize %b, @ys, @yz
@Sendable func averageIntegers(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let result = QuantizedResult(node, in: graph), graph.isOnlyQuantized(result.value),
    let producer = graph.node(result.value),
    let x = producer.operands.first.flatMap({ graph.dequantized($0) }),
    x.steps.isWhole, result.steps.isWhole
  else { return false }
  let shape = graph.shape(of: x.integers)
  let factor = Double(x.steps.scales[0]) / Double(result.steps.scales[0])
  let op: Op
  var factors: Factors?
  switch producer.op {
  case .reduce(let reduce) where reduce.kind == .mean || reduce.kind == .sum:
    op = .reduceInteger(ReduceInteger(axes: reduce.axes, keep: reduce.keep, result.rescaling))
    let axes = reduce.axes.isEmpty ? Array(shape.indices) : reduce.axes
    let count = axes.reduce(1) { $0 * shape[$1] }
    guard count > 0 else { return false }
    factors = Factors([reduce.kind == .mean ? factor / Double(count) : factor])
  case .pool(let pool) where pool.kind != .max:
    op = .poolInteger(PoolInteger(pool, result.rescaling))
    factors = Factors((1...pool.kernel.reduce(1, *)).map { factor / Double($0) }, isVector: true)
  default: return false
  }
  let types = [graph.type(of: x.integers), graph.type(of: x.zero)]
  guard let factors else { return false }
  let parameters =
    factors.tensors.map { TensorType($0.element, $0.shape) } + [TensorType(result.steps.element, [])]
  guard (try? op.infer(types + parameters)) != nil else { return false }
  try context.rewrite(
    node, as: op,
    [x.integers, x.zero] + factors.weights(of: graph[node].name, &context) + [result.zero(&context)],
    "reduced the integers of \(graph.describe(node))")
  return true
}

/// Softmax of integers whose result is quantized: in the steps that it has, 1 / 256, or in 16 bits and rescaled.
///
///     %a = dequantize %q, @s, @z                           ->      %y = softmax_integer %q, @z, @multiplier, @shift, @yz
///     %b = softmax %a
///     %y = quantize %b, @ys, @yz
@Sendable func softmaxIntegers(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let result = QuantizedResult(node, in: graph), graph.isOnlyQuantized(result.value),
    let producer = graph.node(result.value), case .softmax(let softmax) = producer.op, !softmax.log,
    let x = graph.dequantized(producer.operands[0]), x.steps.isWhole, result.steps.isWhole,
    let factors = Factors([Double(x.steps.scales[0]) * 65536 / 0.693147180559945309417])
  else { return false }
  let name = graph[node].name
  let op = Op.softmaxInteger(SoftmaxInteger(axis: softmax.axis))
  let operands = [x.integers, x.zero] + factors.weights(of: name + ".exponent", &context)
  let description = "computed softmax of the integers of \(graph.describe(node))"
  let own: Float = result.steps.element == .i16 ? 1 / 32768 : 1 / 256
  if result.steps.scales[0] == own, result.rescaling == Rescaling(result.rounding),
    result.steps.element != .i32
  {
    try context.rewrite(node, as: op, operands + [result.zero(&context)], description)
    return true
  }
  guard let rescaling = Factors([1 / 32768 / Double(result.steps.scales[0])]) else { return false }
  let none = context.addWeight(name + ".wide.zero", Tensor(zeros: .i16, []))
  let wide = try context.insert(op, operands + [none], before: node)
  try context.rewrite(
    node, as: .rescale(Rescale(result.rescaling)),
    [wide, none] + rescaling.weights(of: name, &context) + [result.zero(&context)], description)
  return true
}

/// Samples integers anew where the result has the same steps.
///
///     %a = dequantize %q, @s, @z                           ->      %y = resize %q {mode = linear, sizes = [8, 8]}
///     %b = resize %a {mode = linear, sizes = [8, 8]}
///     %y = quantize %b, @s, @z
@Sendable func resampleIntegers(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let result = QuantizedResult(node, in: graph), graph.isOnlyQuantized(result.value),
    result.rescaling == Rescaling(result.rounding),
    let producer = graph.node(result.value), case .resize = producer.op,
    let x = graph.dequantized(producer.operands[0]), x.steps == result.steps,
    (try? producer.op.infer([graph.type(of: x.integers)])) != nil
  else { return false }
  try context.rewrite(
    node, as: producer.op, [x.integers], "sampled the integers of \(graph.describe(node))")
  return true
}
