import IR
import Tensors

/// Normalizes integers of which the result is quantized; constant scales and biases become fixed point.
///
///     %a = dequantize %q, @s, @z                           ->      %y = norm_integer %q, @z, @γ, @β, @multiplier, @shift, @yz
///     %b = layer_norm %a, @scale, @bias                                 {kind = layer}
///     %y = quantize %b, @ys, @yz
@Sendable func normalizeIntegers(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let result = QuantizedResult(node, in: graph), result.steps.isWhole,
    graph.isOnlyQuantized(result.value),
    let producer = graph.node(result.value), let x = graph.dequantized(producer.operands[0]), x.steps.isWhole,
    let op = producer.op.ofIntegers(step: Double(x.steps.scales[0]), result.rescaling),
    let affine = FixedAffine(producer.operands.dropFirst(), step: Double(result.steps.scales[0]), in: graph)
  else { return false }
  let types = [graph.type(of: x.integers), graph.type(of: x.zero)]
  let parameters = affine.tensors.map { TensorType($0.element, $0.shape) }
  guard (try? op.infer(types + parameters + [TensorType(result.steps.element, [])])) != nil else {
    return false
  }
  let name = graph[node].name
  var operands = [x.integers, x.zero]
  for (suffix, tensor) in zip(affine.names, affine.tensors) {
    operands.append(context.addWeight("\(name).\(suffix)", tensor))
  }
  try context.rewrite(
    node, as: op, operands + [result.zero(&context)], "normalized the integers of \(graph.describe(node))")
  return true
}

/// Scale, bias and the last factor of a normalization in fixed point, as ``NormInteger`` takes them.
private struct FixedAffine {
  private(set) var tensors: [Tensor] = []
  private(set) var names: [String] = []

  /// Nil where scale or bias are no constants, or a bias is beyond 32 bits.
  init?(_ operands: ArraySlice<ValueID>, step: Double, in graph: Graph) {
    var largest = 1.0
    let numbers = operands.compactMap { graph.numbers($0)?.floats }
    guard numbers.count == operands.count else { return nil }
    if let scale = numbers.first, let shape = operands.first.map({ graph.shape(of: $0) }) {
      let magnitude = scale.reduce(0) { max($0, abs($1)) }
      guard magnitude.isFinite else { return nil }
      // The largest becomes 32767 of 32768.
      largest = magnitude > 0 ? Double(magnitude) * 32768 / 32767 : 1
      let gamma = scale.map { Int64((Double($0) / largest * 32768).rounded(.toNearestOrEven)) }
      append("gamma", Tensor(gamma, shape: shape, element: .i16))
    }
    if numbers.count > 1, let shape = operands.last.map({ graph.shape(of: $0) }) {
      let beta = numbers[1].map { (Double($0) / largest * 65536).rounded(.toNearestOrEven) }
      guard beta.allSatisfy({ abs($0) < 0x1p31 }) else { return nil }
      append("beta", Tensor(beta.map { Int64($0) }, shape: shape, element: .i32))
    }
    guard let factors = Factors([largest / 65536 / step]) else { return nil }
    for (name, tensor) in zip(["multiplier", "shift"], factors.tensors) { append(name, tensor) }
  }

  private mutating func append(_ name: String, _ tensor: Tensor) {
    names.append(name)
    tensors.append(tensor)
  }
}

extension Op {
  /// The normalization of integers whose step is so large.
  fileprivate func ofIntegers(step: Double, _ rescaling: Rescaling) -> Op? {
    func squared(_ epsilon: Double) -> Double { epsilon / (step * step) }
    switch self {
    case .layerNorm(let op):
      return .normInteger(NormInteger(.layer, axis: op.axis, epsilon: squared(op.epsilon), rescaling))
    case .rmsNorm(let op):
      return .normInteger(NormInteger(.rms, axis: op.axis, epsilon: squared(op.epsilon), rescaling))
    case .groupNorm(let op):
      return .normInteger(NormInteger(.group, groups: op.groups, epsilon: squared(op.epsilon), rescaling))
    default: return nil
    }
  }
}
