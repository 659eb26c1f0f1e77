import IR
import Tensors

/// Folds batch normalization into the conv, conv_transpose or matmul before it, with or without a bias.
///
///     %a = conv %x, @w                             ->      %y = conv %x, @w.folded, @bias.folded
///     %y = batch_norm %a, @g, @b, @m, @v
///
/// Where there is none, it goes into the one after it, provided that no padding lies between (padding would
/// have to be the shift's preimage of zero).
package let foldBatchNorm = Pass(
  "fold-batch-norm", "Folds batch normalization into neighboring conv and matmul."
) {
  (context: inout PassContext) throws(Diagnostic) in
  var readers = Readers()
  for node in context.graph.order where context.graph.contains(node) {
    guard case .batchNorm = context.graph[node].op else { continue }
    _ = try foldIntoNeighbor(node, in: &context, &readers)
  }
}
