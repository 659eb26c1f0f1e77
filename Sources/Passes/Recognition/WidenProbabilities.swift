import IR
import Tensors

/// Keeps what a softmax gives to a product in fp32 where the model computes in fp16 or bf16.
///
///     %p = softmax %x                              ->      %a = cast %x {to = f32}
///     %y = matmul %p, %v                                   %p = softmax %a
///                                                          %b = matmul %p, %v
///                                                          %y = cast %b {to = f16}
///
/// Kernels compute in fp32 anyway, so the model's rounding of each probability only loses digits: attention
/// written out then gives what the operator gives, which rounds once. onnxruntime does the same on CPUs, where
/// it computes such ops in fp32 and drops the conversions between them. Between softmax and product may stand
/// what moves or masks the probabilities; nothing else may read them.
package let widenProbabilities = Pass(
  "widen-probabilities", "Keeps the probabilities of fp16 attention in fp32 until their product."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let entry = context.graph[node]
    guard case .matmul = entry.op, context.graph.isNarrowProbability(entry.operands[0]) else { continue }
    let element = context.graph.type(of: entry.results[0]).element
    var operands = entry.operands
    operands[0] = try widened(operands[0], before: node, in: &context)
    let sums = try context.insert(entry.op, operands, before: node)
    try context.rewrite(
      node, as: .cast(Cast(element)), [sums],
      "keeps the probabilities that \(context.graph.describe(node)) reads in f32")
  }
}

extension Graph {
  /// Whether a value is a softmax in fp16 or bf16, moved or masked, of which each stage has one reader.
  fileprivate func isNarrowProbability(_ value: ValueID) -> Bool {
    guard [.f16, .bf16].contains(type(of: value).element), hasOneUse(value), let node = node(value) else {
      return false
    }
    switch node.op {
    case .softmax(let op): return !op.log
    case .reshape, .transpose: return isNarrowProbability(node.operands[0])
    case .select: return node.operands.dropFirst().contains { isNarrowProbability($0) }
    default: return false
    }
  }
}

/// The same numbers in fp32, computed before `node`.
private func widened(
  _ value: ValueID, before node: NodeID, in context: inout PassContext
) throws(Diagnostic) -> ValueID {
  guard context.graph.isNarrowProbability(value), let entry = context.graph.node(value),
    let producer = context.graph.producer(of: value)
  else {
    if let tensor = context.graph.constant(value) {
      return context.addWeight(foldedFrom: value, tensor.converted(to: .f32))
    }
    return try context.insert(.cast(Cast(.f32)), [value], before: node)
  }
  var operands = entry.operands
  switch entry.op {
  case .softmax: operands[0] = try context.insert(.cast(Cast(.f32)), [operands[0]], before: node)
  case .select:
    for index in 1...2 { operands[index] = try widened(operands[index], before: node, in: &context) }
  default: operands[0] = try widened(operands[0], before: node, in: &context)
  }
  return try context.insert(entry.op, operands, before: node, named: producer)
}
