import IR
import Tensors

/// onnxruntime's LSTM with integer weights: inputs and states are quantized by their range in every step, so
/// its steps are written out. The values are those that an integer runtime gets: the sums are exact.
func dynamicQuantizeLSTM(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  enum Direction: String, CaseIterable { case forward, reverse, bidirectional }
  let direction = try context.word("direction", Direction.forward)
  guard context.optional(4) == nil, context.optional(7) == nil, !context.has("activations"),
    !context.has("clip"), try !context.flag("input_forget")
  else {
    throw Finding(
      "has sequence lengths, peepholes, a clip, a coupled gate or activations of its own, which is not supported",
      advice: "quantize the model without them, or not at all")
  }
  let x = try context.input(0)
  guard x.rank == 3, x.element == .f32, (1...QuantizedLSTM.stepLimit).contains(x.shape[0]) else {
    throw Finding(
      "the input is \(x.type)", expected: "f32[1 to \(QuantizedLSTM.stepLimit) steps, batch, width]")
  }
  let directions = direction == .bidirectional ? [false, true] : [direction == .reverse]
  var sequences: [ONNXOperand] = []
  var lastStates: [ONNXOperand] = []
  var lastCells: [ONNXOperand] = []
  for (index, isReverse) in directions.enumerated() {
    let layer = try QuantizedLSTM(context, direction: index, of: directions.count)
    let (steps, state, cell) = try layer.run(isReverse: isReverse)
    sequences.append(steps)
    lastStates.append(state)
    lastCells.append(cell)
  }
  // Each is [steps or 1, 1, batch, width].
  let outputs = [
    try context.concat(sequences, axis: 1), try context.concat(lastStates, axis: 1),
    try context.concat(lastCells, axis: 1),
  ]
  let states = [directions.count, x.shape[1], outputs[0].shape[3]]
  return [
    outputs[0], try context.reshape(outputs[1], states), try context.reshape(outputs[2], states),
  ]
}

/// One direction of the layer.
private struct QuantizedLSTM {
  static let stepLimit = 1000

  private let context: ONNXNodeContext
  private let inputWeights: IntegerWeights
  private let stateWeights: IntegerWeights
  private let bias: ONNXOperand?
  private let firstState: ONNXOperand
  private let firstCell: ONNXOperand

  private var width: Int { stateWeights.matrix.shape[0] }

  init(_ context: ONNXNodeContext, direction: Int, of count: Int) throws(Finding) {
    self.context = context
    let x = try context.input(0)
    inputWeights = try IntegerWeights(context, 1, scale: 8, zero: 9, direction, of: count)
    stateWeights = try IntegerWeights(context, 2, scale: 10, zero: 11, direction, of: count)
    let (inputShape, stateShape) = (inputWeights.matrix.shape, stateWeights.matrix.shape)
    let hidden = stateShape[0]
    guard inputShape == [x.shape[2], 4 * hidden], stateShape[1] == 4 * hidden else {
      throw Finding(
        "weights have shapes \(inputShape) and \(stateShape)",
        expected: "[\(x.shape[2]), 4 × hidden] and [hidden, 4 × hidden]")
    }
    bias = try context.optional(3).map { (bias) throws(Finding) in
      guard bias.shape == [count, 8 * hidden] else {
        throw Finding("the bias has shape \(bias.shape)", expected: "[\(count), \(8 * hidden)]")
      }
      let both = try context.slice(bias, axis: 0, start: direction, count: 1)
      return try context.reduce(
        .sum, try context.reshape(both, [2, 4 * hidden]), axes: [0], keep: false)
    }
    func initial(_ index: Int) throws(Finding) -> ONNXOperand {
      guard let states = context.optional(index) else {
        return try context.expand(context.scalar(0, .f32), [x.shape[1], hidden])
      }
      guard states.shape == [count, x.shape[1], hidden] else {
        throw Finding(
          "an initial state has shape \(states.shape)", expected: "[\(count), \(x.shape[1]), \(hidden)]")
      }
      let own = try context.slice(states, axis: 0, start: direction, count: 1)
      return try context.reshape(own, [x.shape[1], hidden])
    }
    (firstState, firstCell) = (try initial(5), try initial(6))
  }

  /// All states, the last one and the last cell.
  func run(isReverse: Bool) throws(Finding) -> (ONNXOperand, ONNXOperand, ONNXOperand) {
    let x = try context.input(0)
    let (steps, batch) = (x.shape[0], x.shape[1])
    let rows = try context.reshape(x, [steps * batch, x.shape[2]])
    let products = try quantizedProduct(rows, inputWeights)
    var (state, cell) = (firstState, firstCell)
    var states: [ONNXOperand] = []
    for step in 0..<steps {
      let row = (isReverse ? steps - 1 - step : step) * batch
      let own = try context.slice(products, axis: 0, start: row, count: batch)
      var gates = try context.binary(.add, own, try quantizedProduct(state, stateWeights))
      if let bias { gates = try context.binary(.add, gates, bias) }
      func gate(_ index: Int, _ function: UnaryFunction) throws(Finding) -> ONNXOperand {
        try context.unary(
          function, try context.slice(gates, axis: 1, start: index * width, count: width))
      }
      let kept = try context.binary(.mul, try gate(2, .sigmoid), cell)
      let added = try context.binary(.mul, try gate(0, .sigmoid), try gate(3, .tanh))
      cell = try context.binary(.add, kept, added)
      state = try context.binary(.mul, try gate(1, .sigmoid), try context.unary(.tanh, cell))
      states.append(try context.reshape(state, [1, 1, batch, width]))
    }
    let last = [1, 1, batch, width]
    return (
      try context.concat(isReverse ? states.reversed() : states, axis: 0),
      try context.reshape(state, last), try context.reshape(cell, last)
    )
  }

  /// The product of x rounded to 256 steps of its range: the sum of integers, exact, times both scales.
  private func quantizedProduct(_ x: ONNXOperand, _ weights: IntegerWeights) throws(Finding) -> ONNXOperand {
    let quantized = try dynamicallyQuantized(context, x)
    let product = try context.emit(
      .matmulInteger(MatMulInteger()), [quantized.x, weights.matrix, quantized.zero, weights.zero])
    let sums = try context.cast(product, .f32)
    return try context.binary(.mul, sums, try context.binary(.mul, quantized.scale, weights.scale))
  }
}

/// One direction's weights: 8-bit integers, and what one step of them stands for.
private struct IntegerWeights {
  /// [inputs, 4 × hidden]
  let matrix: ONNXOperand
  /// One number, or one for each column.
  let zero: ONNXOperand
  let scale: ONNXOperand

  init(
    _ context: ONNXNodeContext, _ index: Int, scale: Int, zero: Int, _ direction: Int, of count: Int
  ) throws(Finding) {
    let weights = try context.input(index)
    guard weights.rank == 3, weights.shape[0] == count, weights.element == .i8 || weights.element == .u8
    else {
      throw Finding("weights are \(weights.type)", expected: "8-bit integers for \(count) directions")
    }
    func part(_ operand: ONNXOperand) throws(Finding) -> ONNXOperand {
      let columns = operand.shape.elementCount / max(1, count)
      guard (1...2).contains(operand.rank), operand.shape[0] == count,
        columns == 1 || columns == weights.shape[2]
      else {
        throw Finding(
          "scale or zero point is \(operand.type)",
          expected: "one for each of \(count) directions, or one for each of its columns")
      }
      let slice = try context.slice(operand, axis: 0, start: direction, count: 1)
      return try context.reshape(slice, columns == 1 ? [] : [columns])
    }
    matrix = try context.reshape(
      try context.slice(weights, axis: 0, start: direction, count: 1), Array(weights.shape.extents[1...]))
    self.scale = try context.cast(try part(try context.input(scale)), .f32)
    self.zero =
      try context.optional(zero).map { (zero) throws(Finding) in try part(zero) }
      ?? context.scalar(0, like: weights)
  }
}
