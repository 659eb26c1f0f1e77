import IR
import Tensors

/// A weight, one row for each output.
struct OutputRows {
  private let tensor: Tensor
  private let axis: Int
  /// [outputs, inputs], whatever the weight's own order.
  private let values: [Float]
  private let outputs: Int
  private let inputs: Int

  /// Nil where readers need floats, or some are not finite.
  init?(_ tensor: Tensor, read reading: WeightReading) {
    switch reading {
    case .outputs(let outputs): axis = outputs
    case .table: axis = 0
    case .rows, .floats: return nil
    }
    guard tensor.floats.allSatisfy(\.isFinite) else { return nil }
    self.tensor = tensor
    outputs = tensor.shape[axis]
    inputs = tensor.elementCount / max(outputs, 1)
    values = (axis == 0 ? tensor : tensor.transposed2D()).floats
  }

  private var shape: Shape { tensor.shape }

  /// Inputs of a group: as many as are asked for, or fewer of which whole groups make a row; nil where it has none.
  private func group(_ size: Int) -> Int? {
    let isFlat = axis == 1 || shape[1...].dropFirst().allSatisfy { $0 == 1 }
    return isFlat ? [size, 128, 64, 32, 16].first { $0 <= size && inputs % $0 == 0 } : nil
  }

  /// The nearest of 255 numbers, one scale for each output.
  func symmetric() -> EncodedWeight {
    let quantized = QuantizedWeights(nearest: tensor, axis: axis)
    return EncodedWeight(
      .dequantize(Dequantize(Granularity(axis: axis))),
      [quantized.integers, Tensor(quantized.scales, shape: [outputs]), Tensor(zeros: .i8, [outputs])])
  }

  /// Numbers from 0 to 15 between the smallest and the largest of a group, one of which stands for 0; nil where rows don't split
  /// into groups.
  func grouped(by size: Int) -> EncodedWeight? {
    guard let count = group(size) else { return nil }
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
    return EncodedWeight(
      .dequantize(Dequantize(Granularity(axis: inner, block: count))),
      [
        ordered(Tensor(numbers, shape: [numbers.count], element: .u8), shape),
        ordered(Tensor(scales, shape: [scales.count]), parameters),
        ordered(Tensor(zeros, shape: [zeros.count], element: .u8), parameters),
      ])
  }

  /// What lies row by row, in the order of the weight.
  private func ordered(_ tensor: Tensor, _ shape: Shape) -> Tensor {
    axis == 0
      ? tensor.reshaped(shape) : tensor.reshaped([outputs, tensor.elementCount / outputs]).transposed2D()
  }
}
