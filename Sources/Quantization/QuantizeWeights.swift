import IR
package import Passes
import Tensors

/// How weights are quantized where activations stay floats.
package struct WeightFormat: Sendable {
  /// 8: symmetric, one scale for each output. 4: one scale and zero point for each group of inputs of an output, where the inputs
  /// split into groups, else as 8.
  package var bits: Int
  /// Inputs that share a scale.
  package var groupSize: Int

  package init(bits: Int, groupSize: Int) {
    self.bits = bits
    self.groupSize = groupSize
  }
}

/// Quantizes the weights of products, convolutions and gathered tables.
///
///     %y = matmul %x, @w                           ->      %w = dequantize @w.folded, @w.scale, @w.zero {axis = 1}
///                                                          %y = matmul %x, %w
///
/// Each number becomes the nearest one. Small weights stay, as do those that anything else reads.
package func quantizeWeights(_ format: WeightFormat) -> Pass {
  Pass("quantize-weights", "Quantizes the weights of products, convolutions and tables.") {
    (context: inout PassContext) throws(Diagnostic) in
    for value in context.graph.weights where context.graph.contains(value) {
      try quantize(value, format, &context)
    }
  }
}

private let leastCount = 1024

private func quantize(
  _ value: ValueID, _ format: WeightFormat, _ context: inout PassContext
) throws(Diagnostic) {
  let graph = context.graph
  guard let tensor = graph.constant(value), tensor.element == .f32, tensor.elementCount >= leastCount,
    !graph.isOutput(value), tensor.floats.allSatisfy(\.isFinite)
  else { return }
  let users = Set(graph.users(of: value)).sorted()
  let outputs = users.map { graph[$0].outputsAxis(of: value, in: graph) }
  guard let first = outputs.first, let axis = first, outputs.allSatisfy({ $0 == axis }) else { return }
  let rows = OutputRows(tensor, axis: axis)
  let quantized = rows.group(format).map { rows.grouped(by: $0) } ?? rows.symmetric()
  let operands = [quantized.numbers, quantized.scale, quantized.zero].map {
    context.addWeight(foldedFrom: value, $0)
  }
  for user in users {
    let weight = try context.insert(.dequantize(Dequantize(quantized.granularity)), operands, before: user)
    let node = context.graph[user]
    try context.rewrite(
      user, as: node.op, node.operands.map { $0 == value ? weight : $0 },
      "quantized '\(graph[value].name)'")
  }
  tensor.evict()
}

extension Node {
  /// The axis of a weight that counts the outputs of the node, or the rows that it gathers; nil where its kernel reads floats.
  fileprivate func outputsAxis(of value: ValueID, in graph: Graph) -> Int? {
    let shape = graph.shape(of: value)
    let isWeight = operands.count > 1 && operands[1] == value && operands[0] != value
    switch op {
    case .matmul(let op) where isWeight && shape.rank == 2 && !operands.dropFirst(2).contains(value):
      return op.transposeB ? 0 : 1
    case .conv where isWeight && !operands.dropFirst(2).contains(value): return 0
    case .gather(let op)
    where operands[0] == value && shape.rank == 2 && shape.normalized(axis: op.axis) == 0:
      return 0
    default: return nil
    }
  }
}

/// A weight, one row for each output.
private struct OutputRows {
  private let tensor: Tensor
  private let axis: Int
  /// [outputs, inputs], whatever the weight's own order.
  private let values: [Float]
  private let outputs: Int
  private let inputs: Int

  struct Quantized {
    var numbers: Tensor
    var scale: Tensor
    var zero: Tensor
    var granularity: Granularity
  }

  /// The axis is the first, or the second of two.
  init(_ tensor: Tensor, axis: Int) {
    self.tensor = tensor
    self.axis = axis
    outputs = tensor.shape[axis]
    inputs = tensor.elementCount / max(outputs, 1)
    values = (axis == 0 ? tensor : tensor.transposed2D()).floats
  }

  private var shape: Shape { tensor.shape }

  /// Inputs of a group: as many as are asked for, or fewer of which whole groups make a row; nil where they have none in 4 bits.
  func group(_ format: WeightFormat) -> Int? {
    let isFlat = axis == 1 || shape[1...].dropFirst().allSatisfy { $0 == 1 }
    guard format.bits == 4, isFlat else { return nil }
    return [format.groupSize, 128, 64, 32, 16].first { $0 <= format.groupSize && inputs % $0 == 0 }
  }

  func symmetric() -> Quantized {
    let quantized = QuantizedWeights(nearest: tensor, axis: axis)
    return Quantized(
      numbers: quantized.integers, scale: Tensor(quantized.scales, shape: [outputs]),
      zero: Tensor(zeros: .i8, [outputs]), granularity: Granularity(axis: axis))
  }

  /// Numbers from 0 to 15 between the smallest and the largest of a group, one of which stands for 0.
  func grouped(by count: Int) -> Quantized {
    var (numbers, scales, zeros): ([Int64], [Float], [Int64]) = ([], [], [])
    for start in stride(from: 0, to: values.count, by: count) {
      let group = values[start..<(start + count)]
      let (low, high) = group.reduce((Float(0), Float(0))) { (min($0.0, $1), max($0.1, $1)) }
      // Neither the largest numbers nor the smallest make it infinite or zero.
      let scale = high > low ? max(high / 15 - low / 15, 0x1p-100) : 1
      let zero = (-low / scale).rounded(.toNearestOrEven)
      scales.append(scale)
      zeros.append(Int64(zero))
      numbers += group.map { Int64(min(max(($0 / scale).rounded(.toNearestOrEven) + zero, 0), 15)) }
    }
    var extents = shape.extents
    let inner = 1 - axis
    extents[inner] = inputs / count
    let parameters = Shape(extents)
    return Quantized(
      numbers: ordered(Tensor(numbers, shape: [numbers.count], element: .u8), shape),
      scale: ordered(Tensor(scales, shape: [scales.count]), parameters),
      zero: ordered(Tensor(zeros, shape: [zeros.count], element: .u8), parameters),
      granularity: Granularity(axis: inner, block: count))
  }

  /// What lies row by row, in the order of the weight.
  private func ordered(_ tensor: Tensor, _ shape: Shape) -> Tensor {
    axis == 0
      ? tensor.reshaped(shape) : tensor.reshaped([outputs, tensor.elementCount / outputs]).transposed2D()
  }
}
