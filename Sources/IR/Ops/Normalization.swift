package import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// exp(x − max) ÷ Σ exp(x − max) along one axis, or its logarithm with `log`.
package struct Softmax: OpDefinition {
  package var axis = -1
  package var log = false

  package init(axis: Int = -1, log: Bool = false) {
    self.axis = axis
    self.log = log
  }

  package var name: String { "softmax" }
  package var `default`: Softmax { Softmax() }
  package var attributes: [Attribute<Softmax>] { [.int("axis", \.axis), .flag("log", \.log)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    try operands.expectFloat()
    _ = try resolve(axis: axis, in: operands[0].shape)
    return [operands[0].with(operands[0].shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let axis = try resolve(axis: axis, in: x.shape)
    let result = x.mapRuns(along: axis) { row, target in
      let peak = row.reduce(-.infinity, Swift.max)
      var sum = 0.0
      for index in row.indices {
        let decayed = exp(row[index] - peak)
        target[index] = decayed
        sum += Double(decayed)
      }
      for index in row.indices {
        target[index] =
          log ? Float(Double(row[index]) - Double(peak) - logarithm(sum)) : Float(Double(target[index]) / sum)
      }
    }
    return [result]
  }
}

/// (x − mean) ÷ √(variance + epsilon) over the axes from `axis` to the last, then × scale + bias.
///
/// Operands: x, then optionally scale and bias, both of the shape of the normalized axes. The variance is
/// that of the population.
package struct LayerNorm: OpDefinition {
  package var axis = -1
  package var epsilon = 1e-5

  package init(axis: Int = -1, epsilon: Double = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }

  package var name: String { "layer_norm" }
  package var `default`: LayerNorm { LayerNorm() }
  package var attributes: [Attribute<LayerNorm>] { [.int("axis", \.axis), .float("epsilon", \.epsilon)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...3)
    try operands.expectFloat()
    let x = operands[0].shape
    let axis = try resolve(axis: axis, in: x)
    let normalized = Shape(Array(x.extents[axis...]))
    for operand in operands.dropFirst() where operand.shape != normalized {
      throw OpError("scale or bias has shape \(operand.shape), expected \(normalized)")
    }
    return [operands[0].with(x)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let axis = try resolve(axis: axis, in: x.shape)
    let length = x.shape.extents[axis...].reduce(1, *)
    let (scale, bias) = (operands.dropFirst().first?.floats, operands.dropFirst(2).first?.floats)
    let values = mappingRows(x.floats, length: length) { row, target in
      let (mean, deviation) = moments(row, epsilon)
      for index in row.indices {
        let centered = (Double(row[index]) - mean) / deviation
        target[index] = Float(centered * Double(scale?[index] ?? 1) + Double(bias?[index] ?? 0))
      }
    }
    return [Tensor(values, shape: x.shape, element: x.element)]
  }
}

/// x ÷ √(mean(x²) + epsilon) over the axes from `axis` to the last, then × scale when there is a second
/// operand.
package struct RMSNorm: OpDefinition {
  package var axis = -1
  package var epsilon = 1e-5

  package init(axis: Int = -1, epsilon: Double = 1e-5) {
    self.axis = axis
    self.epsilon = epsilon
  }

  package var name: String { "rms_norm" }
  package var `default`: RMSNorm { RMSNorm() }
  package var attributes: [Attribute<RMSNorm>] { [.int("axis", \.axis), .float("epsilon", \.epsilon)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...2)
    try operands.expectFloat()
    let x = operands[0].shape
    let axis = try resolve(axis: axis, in: x)
    let normalized = Shape(Array(x.extents[axis...]))
    if operands.count == 2, operands[1].shape != normalized {
      throw OpError("scale has shape \(operands[1].shape), expected \(normalized)")
    }
    return [operands[0].with(x)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let axis = try resolve(axis: axis, in: x.shape)
    let length = x.shape.extents[axis...].reduce(1, *)
    let scale = operands.dropFirst().first?.floats
    let values = mappingRows(x.floats, length: length) { row, target in
      var squares = 0.0
      for value in row { squares += Double(value) * Double(value) }
      let root = (squares / Double(length) + epsilon).squareRoot()
      for index in row.indices {
        target[index] = Float(Double(row[index]) / root * Double(scale?[index] ?? 1))
      }
    }
    return [Tensor(values, shape: x.shape, element: x.element)]
  }
}

/// Normalizes groups of channels: x: [N, C, ..], each (sample, group) to mean 0 and variance 1, then ×
/// scale[C] + bias[C].
///
/// Instance normalization is `groups` = C.
package struct GroupNorm: OpDefinition {
  package var groups = 1
  package var epsilon = 1e-5

  package init(groups: Int = 1, epsilon: Double = 1e-5) {
    self.groups = groups
    self.epsilon = epsilon
  }

  package var name: String { "group_norm" }
  package var `default`: GroupNorm { GroupNorm() }
  package var attributes: [Attribute<GroupNorm>] { [.int("groups", \.groups), .float("epsilon", \.epsilon)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...3)
    try operands.expectFloat()
    let x = operands[0].shape
    guard x.rank >= 2, groups >= 1, x[1] % groups == 0 else {
      throw OpError("input is \(x), expected rank 2 or more and channels in multiples of \(groups)")
    }
    for operand in operands.dropFirst() where operand.shape != [x[1]] {
      throw OpError("scale or bias has shape \(operand.shape), expected [\(x[1])]")
    }
    return [operands[0].with(x)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let channels = x.shape[1]
    let inner = x.shape.extents[2...].reduce(1, *)
    let (scale, bias) = (operands.dropFirst().first?.floats, operands.dropFirst(2).first?.floats)
    var group = 0
    let values = mappingRows(x.floats, length: channels / groups * inner) { row, target in
      let (mean, deviation) = moments(row, epsilon)
      let first = group % groups * (channels / groups)
      for start in stride(from: 0, to: row.count, by: inner) {
        let channel = first + start / inner
        let factor = Double(scale?[channel] ?? 1) / deviation
        let offset = Double(bias?[channel] ?? 0)
        for index in start..<(start + inner) {
          target[index] = Float((Double(row[index]) - mean) * factor + offset)
        }
      }
      group += 1
    }
    return [Tensor(values, shape: x.shape, element: x.element)]
  }
}

/// (x − mean[C]) ÷ √(variance[C] + epsilon) × scale[C] + bias[C] with stored statistics.
///
/// Operands: x: [N, C, ..], scale, bias, mean, variance.
package struct BatchNorm: OpDefinition {
  package var epsilon = 1e-5
  package init(epsilon: Double = 1e-5) { self.epsilon = epsilon }

  package var name: String { "batch_norm" }
  package var `default`: BatchNorm { BatchNorm() }
  package var attributes: [Attribute<BatchNorm>] { [.float("epsilon", \.epsilon)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(5...5)
    try operands.expectFloat()
    let x = operands[0].shape
    guard x.rank >= 2 else { throw OpError("input is \(x), expected rank 2 or more") }
    for (index, operand) in operands.enumerated().dropFirst() where operand.shape != [x[1]] {
      throw OpError("operand \(index) has shape \(operand.shape), expected [\(x[1])]")
    }
    return [operands[0].with(x)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let inner = x.shape.extents[2...].reduce(1, *)
    let (scale, bias, mean, variance) = (
      operands[1].floats, operands[2].floats, operands[3].floats, operands[4].floats
    )
    var plane = 0
    let values = mappingRows(x.floats, length: inner) { row, target in
      let channel = plane % x.shape[1]
      let factor = Double(scale[channel]) / (Double(variance[channel]) + epsilon).squareRoot()
      for index in row.indices {
        target[index] = Float((Double(row[index]) - Double(mean[channel])) * factor + Double(bias[channel]))
      }
      plane += 1
    }
    return [Tensor(values, shape: x.shape, element: x.element)]
  }
}

/// x ÷ its L1 or L2 norm along an axis; 0 where the norm is 0.
package struct LpNorm: OpDefinition {
  package var axis = -1
  /// 1 or 2.
  package var order = 2

  package init(axis: Int = -1, order: Int = 2) {
    self.axis = axis
    self.order = order
  }

  package var name: String { "lp_norm" }
  package var `default`: LpNorm { LpNorm() }
  package var attributes: [Attribute<LpNorm>] { [.int("axis", \.axis), .int("order", \.order)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    try operands.expectFloat()
    _ = try resolve(axis: axis, in: operands[0].shape)
    guard order == 1 || order == 2 else { throw OpError("order is \(order), expected 1 or 2") }
    return [operands[0].with(operands[0].shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let axis = try resolve(axis: axis, in: x.shape)
    let result = x.mapRuns(along: axis) { row, target in
      var sum = 0.0
      for value in row { sum += order == 1 ? Double(value.magnitude) : Double(value) * Double(value) }
      let norm = order == 1 ? sum : sum.squareRoot()
      for index in row.indices { target[index] = norm == 0 ? 0 : Float(Double(row[index]) / norm) }
    }
    return [result]
  }
}

/// Mean of a row, and √(population variance + epsilon).
private func moments(_ row: UnsafeBufferPointer<Float>, _ epsilon: Double) -> (
  mean: Double, deviation: Double
) {
  let count = Double(row.count)
  var sum = 0.0
  for value in row { sum += Double(value) }
  let mean = sum / count
  var squares = 0.0
  for value in row { squares += (Double(value) - mean) * (Double(value) - mean) }
  return (mean, (squares / count + epsilon).squareRoot())
}

/// The natural logarithm under a name that an attribute `log` does not hide.
private func logarithm(_ value: Double) -> Double { log(value) }
