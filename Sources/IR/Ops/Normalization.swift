import Tensors

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
}

/// (x − mean) ÷ √(variance + epsilon) over the axes from `axis` to the last, then × scale + bias.
///
/// Operands: x, then optionally scale and bias, both of the shape of the normalised axes. The variance is that of the population.
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
    let normalised = Shape(Array(x.extents[axis...]))
    for operand in operands.dropFirst() where operand.shape != normalised {
      throw OpError("scale or bias has shape \(operand.shape), expected \(normalised)")
    }
    return [operands[0].with(x)]
  }
}

/// x ÷ √(mean(x²) + epsilon) over the axes from `axis` to the last, then × scale when there is a second operand.
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
    let normalised = Shape(Array(x.extents[axis...]))
    if operands.count == 2, operands[1].shape != normalised {
      throw OpError("scale has shape \(operands[1].shape), expected \(normalised)")
    }
    return [operands[0].with(x)]
  }
}

/// Normalises groups of channels: x: [N, C, ..], each (sample, group) to mean 0 and variance 1, then × scale[C] + bias[C].
///
/// Instance normalisation is `groups` = C.
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
}
