import IR
import Tensors

// Layers with a state that they hand from one call to the next.

/// A depthwise convolution over past and present positions; returns also the last positions, which the next
/// call needs.
func causalConvolution(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  enum Activation: String, CaseIterable { case none, silu, swish }
  let (x, weight) = (try context.input(0), try context.input(1))
  guard x.rank == 3, weight.rank == 3, weight.shape[0] == x.shape[1], weight.shape[1] == 1,
    weight.shape[2] >= 1
  else {
    throw Finding("has input \(x.shape) and weight \(weight.shape)", expected: "[N, C, L] and [C, 1, k]")
  }
  let (channels, history) = (x.shape[1], weight.shape[2] - 1)
  let none = try context.expand(context.scalar(0, like: x), [x.shape[0], channels, history])
  let past = context.optional(3) ?? none
  guard past.shape == [x.shape[0], channels, history] else {
    throw Finding(
      "past_state has shape \(past.shape)", expected: "[\(x.shape[0]), \(channels), \(history)]")
  }
  let padded = history == 0 ? x : try context.concat([past, x], axis: 2)
  let operands = [padded, weight] + (context.optional(2).map { [$0] } ?? [])
  var result = try context.emit(.conv(Conv(Window(), group: channels)), operands)
  switch try context.word("activation", Activation.none) {
  case .none: break
  case .silu, .swish: result = try context.unary(.silu, result)
  }
  let state = try context.slice(padded, axis: 2, start: padded.shape[2] - history, count: history)
  return [result, state]
}

/// Attention without a softmax: a matrix for each head that takes in one key and value after the other.
/// Returns the results and the last state. Arithmetic is in fp32.
func linearAttention(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let layer = try LinearAttention(context)
  let query = try context.input(0)
  var state = try layer.firstState()
  let stateElement = context.optional(3)?.element ?? query.element
  var parts: [ONNXOperand] = []
  for position in 0..<layer.positions {
    state = try layer.advanced(state, position)
    parts.append(try layer.read(state, position))
  }
  guard !parts.isEmpty else { throw Finding("the sequence is empty", expected: "at least one position") }
  // [batch, heads, positions, width] to [batch, positions, heads × width].
  let joined = try context.transpose(try context.concat(parts, axis: 2), [0, 2, 1, 3])
  let flat = try context.reshape(
    joined, [layer.batch, layer.positions, joined.shape[2] * joined.shape[3]])
  return [try context.cast(flat, query.element), try context.cast(state, stateElement)]
}

private struct LinearAttention {
  private static let positionLimit = 1000

  private let context: ONNXNodeContext
  private let queries: ONNXOperand
  private let keys: ONNXOperand
  private let values: ONNXOperand
  /// [batch, heads, positions, 1 or width], the factor by which the state fades.
  private var fading: ONNXOperand?
  /// [batch, heads or 1, positions, 1].
  private var rate: ONNXOperand?
  private let scale: Double

  var batch: Int { keys.shape[0] }
  var positions: Int { keys.shape[2] }

  init(_ context: ONNXNodeContext) throws(Finding) {
    enum Rule: String, CaseIterable {
      case linear, gated, delta
      case gatedDelta = "gated_delta"
    }
    self.context = context
    let heads = try context.requiredInt("q_num_heads")
    let shared = try context.requiredInt("kv_num_heads")
    let inputs = [try context.input(0), try context.input(1), try context.input(2)]
    guard heads >= 1, shared >= 1, heads % shared == 0,
      inputs.allSatisfy({ $0.rank == 3 && $0.element.isFloat }),
      inputs.allSatisfy({ $0.shape.extents.prefix(2) == inputs[0].shape.extents.prefix(2) })
    else {
      throw Finding(
        "has \(heads) query heads, \(shared) key heads and inputs \(inputs.map(\.type))",
        expected: "whole groups of heads and floats [batch, positions, width]")
    }
    queries = try Self.unpacked(context, inputs[0], heads: heads)
    keys = try Self.unpacked(context, inputs[1], heads: shared)
    values = try Self.unpacked(context, inputs[2], heads: shared)
    guard queries.shape[3] == keys.shape[3], keys.shape[2] <= Self.positionLimit else {
      throw Finding(
        "queries are \(queries.shape) and keys \(keys.shape)",
        expected: "equal widths and at most \(Self.positionLimit) positions")
    }
    let rule = try context.word("update_rule", Rule.gatedDelta)
    if rule == .gated || rule == .gatedDelta {
      let decay = try context.input(4)
      fading = try context.unary(.exp, try Self.unpacked(context, decay, heads: shared))
    }
    if rule == .delta || rule == .gatedDelta {
      let beta = try context.input(5)
      let isCommon = beta.rank == 3 && beta.shape[2] == 1
      rate = try Self.unpacked(context, beta, heads: isCommon ? 1 : shared)
    }
    let stated = try context.float("scale", 0)
    scale = stated == 0 ? 1 / Double(max(1, keys.shape[3])).squareRoot() : stated
  }

  /// [batch, positions, heads × width] as [batch, heads, positions, width].
  private static func unpacked(
    _ context: ONNXNodeContext, _ x: ONNXOperand, heads: Int
  ) throws(Finding) -> ONNXOperand {
    guard x.rank == 3, x.shape[2] % heads == 0 else {
      throw Finding("an input has shape \(x.shape) for \(heads) heads", expected: "heads of equal width")
    }
    let wide = try context.cast(x, .f32)
    let split = try context.reshape(wide, [x.shape[0], x.shape[1], heads, x.shape[2] / heads])
    return try context.transpose(split, [0, 2, 1, 3])
  }

  /// [batch, heads, key width, value width].
  func firstState() throws(Finding) -> ONNXOperand {
    let shape = [batch, keys.shape[1], keys.shape[3], values.shape[3]]
    guard let past = context.optional(3) else {
      return try context.expand(context.scalar(0, .f32), shape)
    }
    guard past.shape.extents == shape else {
      throw Finding("past_state has shape \(past.shape)", expected: "\(shape)")
    }
    return try context.cast(past, .f32)
  }

  /// The state after taking in what stands at a position.
  func advanced(_ state: ONNXOperand, _ position: Int) throws(Finding) -> ONNXOperand {
    var state = state
    if let fading {
      let factor = try context.transpose(try at(position, fading), [0, 1, 3, 2])
      state = try context.binary(.mul, state, factor)
    }
    // Row vectors [batch, heads, 1, width].
    let key = try at(position, keys)
    var value = try at(position, values)
    if let rate {
      let known = try context.emit(.matmul(MatMul()), [key, state])
      value = try context.binary(.mul, try at(position, rate), try context.binary(.sub, value, known))
    }
    let column = try context.transpose(key, [0, 1, 3, 2])
    return try context.binary(.add, state, try context.binary(.mul, column, value))
  }

  /// What the queries at a position find in the state: [batch, query heads, 1, width].
  func read(_ state: ONNXOperand, _ position: Int) throws(Finding) -> ONNXOperand {
    let query = try at(position, queries)
    let (heads, shared) = (queries.shape[1], keys.shape[1])
    let rows = try context.reshape(query, [batch, shared, heads / shared, keys.shape[3]])
    let found = try context.affine(try context.emit(.matmul(MatMul()), [rows, state]), scale: scale)
    return try context.reshape(found, [batch, heads, 1, values.shape[3]])
  }

  private func at(_ position: Int, _ x: ONNXOperand) throws(Finding) -> ONNXOperand {
    try context.slice(x, axis: 2, start: position, count: 1)
  }
}
