import IR
import Tensors

/// Moves integers instead of the numbers that they stand for, where these are quantized again as they were before.
///
///     %a = dequantize %q, @s, @z                   ->      %y = transpose %q {permutation = [0, 2, 1]}
///     %b = transpose %a {permutation = [0, 2, 1]}
///     %y = quantize %b, @s, @z
///
/// Exact. The integers have 8 or 16 bits and scale and zero point are one for the tensor, so that q − z, below 2^17, is
/// exact; times s and divided by s it is (q − z)(1 + e), |e| < 2^-22, which is less than half a step away from q − z and
/// rounds to it. The scale is such that no product is subnormal or infinite. What only moves elements stands between.
package let foldRequantization = Pass(
  "fold-requantization", "Moves integers instead of numbers that are quantized again as they were."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard case .quantize = graph[node].op, let steps = graph.wholeSteps(graph[node]),
      graph.isMoved(graph[node].operands[0], from: steps, isShared: true)
    else { continue }
    let description = "moved the integers of \(graph.describe(node)) as they are"
    let value = try moved(graph[node].operands[0], before: node, &context)
    try context.replace(node, with: value, description)
  }
}

/// Scale and zero point of all of a tensor, and the type of its integers.
private struct WholeSteps: Equatable {
  var scale: Float
  var zero: Int64
  var element: ElementType
}

extension Graph {
  /// Those of a node that quantizes or dequantizes in fp32, if they are constants with which that is undone exactly.
  fileprivate func wholeSteps(_ node: Node) -> WholeSteps? {
    guard let scale = constant(node.operands[1]), let zero = constant(node.operands[2]), scale.shape == [],
      scale.element == .f32, [.i8, .u8, .i16].contains(zero.element)
    else { return nil }
    let steps = WholeSteps(scale: scale.floats[0], zero: zero.integers[0], element: zero.element)
    return (Float.leastNormalMagnitude...0x1p110).contains(steps.scale) ? steps : nil
  }

  /// Whether a value holds only numbers that integers with these steps stand for, moved. Nodes in between must have no
  /// other reader, which `isShared` excepts.
  fileprivate func isMoved(_ value: ValueID, from steps: WholeSteps, isShared: Bool = false, depth: Int = 16)
    -> Bool
  {
    guard depth > 0, type(of: value).element == .f32, let node = node(value) else { return false }
    switch node.op {
    case .dequantize: return wholeSteps(node) == steps
    case .pad: return false
    default:
      guard node.op.movesElements, isShared || hasOneUse(value) else { return false }
      return node.operands.allSatisfy { isMoved($0, from: steps, depth: depth - 1) }
    }
  }
}

/// The integers that stand for a value that is moved, moved alike.
private func moved(_ value: ValueID, before node: NodeID, _ context: inout PassContext) throws(Diagnostic)
  -> ValueID
{
  guard let producer = context.graph.producer(of: value) else { return value }
  let entry = context.graph[producer]
  if case .dequantize = entry.op { return entry.operands[0] }
  var operands: [ValueID] = []
  for operand in entry.operands { operands.append(try moved(operand, before: node, &context)) }
  return try context.insert(entry.op, operands, before: node, named: producer)
}
