import IR
import Tensors

/// How a value is stored for the products that read it.
struct NarrowForm {
  var grid: Grid
  /// What each channel is divided by before it is put on the grid; the weights of the products take it. Nil for nothing.
  var divisors: [Float]?
  var axis = 1

  /// The numbers that products read instead of a value's own.
  func nearest(_ x: Tensor) -> Tensor { grid.nearest(x, factors: divisors?.map { 1 / $0 }, axis: axis) }
}

/// What became of a product.
struct QuantizedProduct {
  var weights: QuantizedWeights
  var bias: [Float]?
}

/// How a graph is to be quantized: grids of values, integers of weights.
struct QuantizationPlan {
  /// By value.
  var wide: [ValueID: Grid] = [:]
  var narrow: [ValueID: NarrowForm] = [:]
  /// By node.
  var products: [NodeID: QuantizedProduct] = [:]
  /// Nodes that stay in floating point, and why.
  var floating: [NodeID: String] = [:]
}
