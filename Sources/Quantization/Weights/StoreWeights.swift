import IR
package import Passes
import Tensors

/// Stores the weights of products, convolutions, recurrent layers and gathered tables in a format.
///
///     %y = matmul %x, @w                           ->      %w = dequantize @w.folded, @w.scale, @w.zero {axis = 1}
///                                                          %y = matmul %x, %w
///
///     %e = gather @table, %ids                     ->      %g = gather @table, %ids        // @table: f16
///                                                          %e = cast %g {to = f32}
///
/// Each number becomes the nearest one. Small weights stay, as do those that the format can't hold and those that anything
/// else reads.
package func storeWeights(_ format: WeightFormat) -> Pass {
  Pass("store-weights", "Stores the weights of products, convolutions and tables in fewer bits.") {
    (context: inout PassContext) throws(Diagnostic) in
    for value in context.graph.weights where context.graph.contains(value) {
      guard let site = WeightSite(value, in: context.graph), let tensor = context.graph.constant(value),
        let encoded = format.encode(tensor, read: site.reading)
      else { continue }
      try site.write(encoded, &context)
      tensor.evict()
    }
  }
}
