import IR
import Tensors

/// A convolution or matrix product of a value with constant weights, seen as rows of weights: one for each output channel.
struct Product {
  let node: NodeID
  /// The op without what is fused into it.
  let op: Op
  /// What is multiplied: one operand, of which `channelAxis` is the axis whose elements meet different weights.
  let input: ValueID
  let channelAxis: Int
  let weight: ValueID
  let bias: ValueID?
  /// Of the weight: the output channels, and the channels of the input.
  let outputAxis: Int
  let inputAxis: Int
  /// Of the result.
  let resultAxis: Int
  /// Of a convolution; 1 otherwise.
  let group: Int

  /// Nil where the node is no such product.
  init?(_ node: NodeID, in graph: Graph) {
    let entry = graph[node]
    guard entry.operands.count >= 2, let weights = graph.constant(entry.operands[1]), weights.element.isFloat,
      graph.constant(entry.operands[0]) == nil
    else { return nil }
    self.node = node
    op = entry.op
    input = entry.operands[0]
    weight = entry.operands[1]
    bias = entry.operands.count > 2 ? entry.operands[2] : nil
    switch entry.op {
    case .conv(let conv):
      (channelAxis, outputAxis, inputAxis, resultAxis, group) = (1, 0, 1, 1, conv.group)
    case .convTranspose(let conv):
      (channelAxis, outputAxis, inputAxis, resultAxis, group) = (1, 1, 0, 1, conv.group)
    case .matmul(let matmul):
      let rank = graph.shape(of: entry.operands[0]).rank
      guard weights.shape.rank == 2 else { return nil }
      channelAxis = rank - (matmul.transposeA ? 2 : 1)
      (outputAxis, inputAxis) = matmul.transposeB ? (0, 1) : (1, 0)
      resultAxis = graph.shape(of: entry.results[0]).rank - 1
      group = 1
    default: return nil
    }
    // A bias for each row of a matrix is no bias of channels.
    if let bias, graph.shape(of: bias).rank != 1 || graph.constant(bias) == nil { return nil }
  }

  /// How many scales the weights have: one for each index of their output axis.
  func scaleCount(_ weights: Tensor) -> Int { weights.shape[outputAxis] }

  /// The number of channels of the result.
  func outputs(_ weights: Tensor) -> Int {
    if case .convTranspose = op { return weights.shape[1] * group }
    return weights.shape[outputAxis]
  }

  /// Weights that take what the input's channels are divided by.
  func weights(_ weights: Tensor, times factors: [Float]) -> Tensor {
    let channel = inputChannels(weights)
    return Tensor(element: .f32, shape: weights.shape) { bytes in
      let target = bytes.bindMemory(to: Float.self)
      weights.withFloats { source in
        for index in source.indices { target[index] = source[index] * factors[channel(index)] }
      }
    }
  }

  /// The largest weight that each channel of the input meets.
  func largest(_ weights: Tensor) -> [Float] {
    let channel = inputChannels(weights)
    let isConvolution = if case .conv = op { true } else { false }
    var largest = [Float](repeating: 0, count: weights.shape[inputAxis] * (isConvolution ? group : 1))
    weights.withFloats { source in
      for index in source.indices {
        largest[channel(index)] = max(largest[channel(index)], abs(source[index]))
      }
    }
    return largest
  }

  /// The channel of the input that each weight meets, by its place.
  private func inputChannels(_ weights: Tensor) -> (Int) -> Int {
    let inner = weights.channelStride(axis: inputAxis)
    let own = weights.shape[inputAxis]
    guard case .conv = op else { return { $0 / inner % own } }
    // The axis counts channels of one group, which the output tells.
    let weightsOfGroup = weights.elementCount / group
    return { $0 / weightsOfGroup * own + $0 / inner % own }
  }

  /// Computes the product of other inputs with other weights.
  func evaluate(_ input: Tensor, _ weights: Tensor, bias: Tensor?) throws(Diagnostic) -> Tensor {
    do {
      return try op.evaluate([input, weights] + (bias.map { [$0] } ?? []))[0]
    } catch {
      throw error.located(at: .unknown, op: op.name)
    }
  }
}

/// Weights in 8 bits, with a scale for each output channel.
struct QuantizedWeights {
  /// i8, in the shape of the weights.
  var integers: Tensor
  var scales: [Float]
  var axis: Int
  /// A second byte of each weight: its integers, in steps of `secondShare` of the first's.
  var second: Tensor?

  /// A residual of half a step at most in 127 steps.
  static let secondShare: Float = 1 / 254

  /// The numbers that they stand for.
  var numbers: Tensor {
    let first = numbers(integers, scales)
    guard let second else { return first }
    return first.combined(numbers(second, secondScales)) { $0 + $1 }
  }

  var secondScales: [Float] { scales.map { $0 * Self.secondShare } }

  private func numbers(_ integers: Tensor, _ scales: [Float]) -> Tensor {
    Tensor(element: .f32, shape: integers.shape) { bytes in
      let target = bytes.bindMemory(to: Float.self)
      let inner = integers.channelStride(axis: axis)
      integers.withBytes { source in
        let source = source.bindMemory(to: Int8.self)
        for index in source.indices {
          target[index] = Float(source[index]) * scales[index / inner % scales.count]
        }
      }
    }
  }

  /// The scale of each channel that covers its largest weight, in 127 steps on both sides of 0.
  static func scales(_ weights: Tensor, axis: Int) -> [Float] {
    var largest = [Float](repeating: 0, count: weights.shape[axis])
    let inner = weights.channelStride(axis: axis)
    weights.withFloats { source in
      for index in source.indices {
        let channel = index / inner % largest.count
        largest[channel] = max(largest[channel], abs(source[index]))
      }
    }
    // A channel of zeros may have any scale.
    return largest.map { $0 > 0x1p-100 ? $0 / 127 : 1 }
  }

  /// Each weight rounded to the nearest integer. No scale is less than its least one.
  init(nearest weights: Tensor, axis: Int, leastScales: [Float]? = nil) {
    var scales = Self.scales(weights, axis: axis)
    if let leastScales { scales = zip(scales, leastScales).map { max($0, $1) } }
    self.init(rounding: weights, scales: scales, axis: axis)
  }

  private init(rounding weights: Tensor, scales: [Float], axis: Int) {
    let inner = weights.channelStride(axis: axis)
    self.scales = scales
    self.axis = axis
    integers = Tensor(element: .i8, shape: weights.shape) { bytes in
      let target = bytes.bindMemory(to: Int8.self)
      weights.withFloats { source in
        for index in source.indices {
          let q = (source[index] / scales[index / inner % scales.count]).rounded(.toNearestOrEven)
          target[index] = Int8(min(max(q, -127), 127))
        }
      }
    }
  }

  /// Adds a second byte, of what the first leaves.
  mutating func addSecond(_ weights: Tensor) {
    let rest = weights.combined(numbers) { $0 - $1 }
    second = Self(rounding: rest, scales: secondScales, axis: axis).integers
  }
}
