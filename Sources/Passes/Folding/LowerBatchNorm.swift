import IR
import Tensors

/// Writes batch normalisation as a product and a sum with constants, which fuse with their neighbours.
///
///     %y = batch_norm %x, @g, @b, @m, @v           ->      %a = mul %x, @g.folded
///                                                          %y = add %a, @b.folded
///
/// With statistics that are known only at run time, ops on channels compute scale and offset first.
package let lowerBatchNorm = Pass("lower-batch-norm", "Writes batch normalisation as mul and add.") {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order {
    let graph = context.graph
    guard case .batchNorm(let norm) = graph[node].op else { continue }
    guard let affine = ChannelAffine(node, along: 1, in: graph) else {
      try lower(node, norm, &context)
      continue
    }
    let operands = graph[node].operands
    let type = graph.type(of: graph.result(node))
    let shape = Shape([affine.scale.count] + [Int](repeating: 1, count: type.rank - 2))
    // Arithmetic has one element type; statistics may be stored in another.
    let scale = context.addWeight(
      foldedFrom: operands[1], Tensor(affine.scale.map { Float($0) }, shape: shape, element: type.element))
    let offset = context.addWeight(
      foldedFrom: operands[2], Tensor(affine.offset.map { Float($0) }, shape: shape, element: type.element))
    let product = try context.insert(.binary(Binary(.mul)), [affine.x, scale], before: node)
    try context.rewrite(
      node, as: .binary(Binary(.add)), [product, offset], "wrote \(graph.describe(node)) as mul and add")
  }
}

/// scale = g × (v + ε)^−½, offset = b − m × scale, each [C, 1, ..].
private func lower(_ node: NodeID, _ norm: BatchNorm, _ context: inout PassContext) throws(Diagnostic) {
  let graph = context.graph
  let operands = graph[node].operands
  let type = graph.type(of: operands[0])
  var channels: [ValueID] = []
  for operand in operands.dropFirst() {
    let isSame = graph.type(of: operand).element == type.element
    let value = isSame ? operand : try context.insert(.cast(Cast(type.element)), [operand], before: node)
    let shape = graph.shape(of: operand).extents + [Int](repeating: 1, count: type.rank - 2)
    channels.append(try context.insert(.reshape(Reshape(shape)), [value], before: node))
  }
  let shifted = try context.insert(.unary(Unary(.affine, 1, norm.epsilon)), [channels[3]], before: node)
  let inverse = try context.insert(.unary(Unary(.rsqrt)), [shifted], before: node)
  let scale = try context.insert(.binary(Binary(.mul)), [channels[0], inverse], before: node)
  let moved = try context.insert(.binary(Binary(.mul)), [channels[2], scale], before: node)
  let offset = try context.insert(.binary(Binary(.sub)), [channels[1], moved], before: node)
  let product = try context.insert(.binary(Binary(.mul)), [operands[0], scale], before: node)
  try context.rewrite(
    node, as: .binary(Binary(.add)), [product, offset],
    "wrote \(graph.describe(node)) as ops on channels, its statistics being known at run time only")
}
