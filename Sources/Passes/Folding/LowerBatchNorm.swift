import IR
import Tensors

/// Writes batch normalization as a product and a sum with constants, which fuse with their neighbors.
///
///     %y = batch_norm %x, @g, @b, @m, @v           ->      %a = mul %x, @g.folded
///                                                          %y = add %a, @b.folded
///
/// With statistics that are known only at run time, ops on channels compute scale and offset first. All in
/// fp32, so that a narrower result is rounded once: conversions join the fused op.
package let lowerBatchNorm = Pass("lower-batch-norm", "Writes batch normalization as mul and add.") {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order {
    let graph = context.graph
    guard case .batchNorm(let norm) = graph[node].op else { continue }
    guard let affine = ChannelAffine(node, along: 1, in: graph) else {
      try lower(node, norm, &context)
      continue
    }
    let operands = graph[node].operands
    let rank = graph.shape(of: graph.result(node)).rank
    let shape = Shape([affine.scale.count] + [Int](repeating: 1, count: rank - 2))
    let scale = context.addWeight(
      foldedFrom: operands[1], Tensor(affine.scale.map { Float($0) }, shape: shape))
    let offset = context.addWeight(
      foldedFrom: operands[2], Tensor(affine.offset.map { Float($0) }, shape: shape))
    try finish(node, affine.x, scale, offset, "wrote \(graph.describe(node)) as mul and add", &context)
  }
}

/// scale = g × (v + ε)^−½, offset = b − m × scale, each [C, 1, ..].
private func lower(_ node: NodeID, _ norm: BatchNorm, _ context: inout PassContext) throws(Diagnostic) {
  let graph = context.graph
  let operands = graph[node].operands
  let rank = graph.shape(of: operands[0]).rank
  var channels: [ValueID] = []
  for operand in operands.dropFirst() {
    let value = try wide(operand, before: node, &context)
    let shape = graph.shape(of: operand).extents + [Int](repeating: 1, count: rank - 2)
    channels.append(try context.insert(.reshape(Reshape(shape)), [value], before: node))
  }
  let shifted = try context.insert(.unary(Unary(.affine, 1, norm.epsilon)), [channels[3]], before: node)
  let inverse = try context.insert(.unary(Unary(.rsqrt)), [shifted], before: node)
  let scale = try context.insert(.binary(Binary(.mul)), [channels[0], inverse], before: node)
  let moved = try context.insert(.binary(Binary(.mul)), [channels[2], scale], before: node)
  let offset = try context.insert(.binary(Binary(.sub)), [channels[1], moved], before: node)
  try finish(
    node, operands[0], scale, offset,
    "wrote \(graph.describe(node)) as ops on channels, its statistics being known at run time only", &context)
}

/// Replaces the node by x × scale + offset in its type.
private func finish(
  _ node: NodeID, _ x: ValueID, _ scale: ValueID, _ offset: ValueID, _ description: String,
  _ context: inout PassContext
) throws(Diagnostic) {
  let element = context.graph.type(of: context.graph.result(node)).element
  let product = try context.insert(
    .binary(Binary(.mul)), [try wide(x, before: node, &context), scale], before: node)
  guard element != .f32 else {
    return try context.rewrite(node, as: .binary(Binary(.add)), [product, offset], description)
  }
  let sum = try context.insert(.binary(Binary(.add)), [product, offset], before: node)
  try context.rewrite(node, as: .cast(Cast(element)), [sum], description)
}

/// A value in fp32.
private func wide(_ value: ValueID, before node: NodeID, _ context: inout PassContext) throws(Diagnostic)
  -> ValueID
{
  context.graph.type(of: value).element == .f32
    ? value : try context.insert(.cast(Cast(.f32)), [value], before: node)
}
