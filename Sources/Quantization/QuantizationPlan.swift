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

  /// A value as products read it, before it is rounded.
  func divided(_ x: Tensor) -> Tensor {
    guard let divisors else { return x }
    return x.mapChannels(axis: axis, count: divisors.count) { values, channel in
      for index in values.indices { values[index] /= divisors[channel] }
    }
  }

  /// The grid of the second byte, of what the first leaves of numbers within its range.
  var second: Grid { Grid(eightBits: -grid.scale / 2...grid.scale / 2) }

  /// The numbers that products in two bytes read.
  func nearestInTwoBytes(_ x: Tensor) -> Tensor {
    let first = nearest(x)
    return first.combined(second.nearest(x.combined(first) { $0 - $1 })) { $0 + $1 }
  }
}

/// What became of a product.
struct QuantizedProduct {
  var weights: QuantizedWeights
  var bias: [Float]?
}

/// How a graph is to be quantized: grids of values, integers of weights.
struct QuantizationPlan {
  let decisions: Decisions
  /// By value.
  var wide: [ValueID: Grid] = [:]
  var narrow: [ValueID: NarrowForm] = [:]
  /// By node.
  var products: [NodeID: QuantizedProduct] = [:]
  var recurrents: [NodeID: QuantizedRecurrent] = [:]
  /// Products that give recurrent layers their inputs; for the plan's other parts nodes in floating point.
  var recurrentInputs: [NodeID: SplitProduct] = [:]
  /// Weights of nodes in floating point that are stored in fewer bits.
  var storedWeights: [NodeID: StoredWeight] = [:]
  /// Values of which products read two bytes.
  var inTwoBytes: Set<ValueID> = []
  /// Of products that read two bytes: how the products of single bytes are stored that are added. Nil for floating point.
  var sums: [NodeID: Grid] = [:]

  init(_ decisions: Decisions) { self.decisions = decisions }
}
