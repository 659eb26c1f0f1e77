import IR
import Tensors

/// Writes batch normalisation as a product and a sum with constants, which fuse with their neighbours.
///
///     %y = batch_norm %x, @g, @b, @m, @v           ->      %a = mul %x, @g.folded
///                                                          %y = add %a, @b.folded
package let lowerBatchNorm = Pass("lower-batch-norm", "Writes batch normalisation as mul and add.") {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order {
    let graph = context.graph
    guard case .batchNorm = graph[node].op, let affine = ChannelAffine(node, along: 1, in: graph) else {
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
