import IR
import Tensors

/// onnxruntime's LSTM with integer weights: inputs and states are quantized by their range in every step, so
/// its steps are written out. The values are those that an integer runtime gets.
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
  private let inputWeights: ONNXOperand
  private let stateWeights: ONNXOperand
  private let bias: ONNXOperand?
  private let firstState: ONNXOperand
  private let firstCell: ONNXOperand

  private var width: Int { stateWeights.shape[0] }

  init(_ context: ONNXNodeContext, direction: Int, of count: Int) throws(Finding) {
    self.context = context
    let x = try context.input(0)
    func weights(_ index: Int, scale: Int, zero: Int) throws(Finding) -> ONNXOperand {
      let matrix = try context.input(index)
      guard matrix.rank == 3, matrix.shape[0] == count, matrix.element == .i8 || matrix.element == .u8 else {
        throw Finding("weights are \(matrix.type)", expected: "8-bit integers for \(count) directions")
      }
      let shape = Array(matrix.shape.extents[1...])
      func part(_ operand: ONNXOperand) throws(Finding) -> ONNXOperand {
        guard operand.rank >= 1, operand.rank <= 2, operand.shape[0] == count else {
          throw Finding(
            "scale or zero point is \(operand.type)", expected: "one for each of \(count) directions")
        }
        let slice = try context.slice(operand, axis: 0, start: direction, count: 1)
        return try context.cast(try context.reshape(slice, [1, slice.shape.elementCount]), .f32)
      }
      let integers = try context.slice(matrix, axis: 0, start: direction, count: 1)
      var values = try context.cast(try context.reshape(integers, shape), .f32)
      if let zero = context.optional(zero) { values = try context.binary(.sub, values, try part(zero)) }
      return try context.binary(.mul, values, try part(try context.input(scale)))
    }
    inputWeights = try weights(1, scale: 8, zero: 9)
    stateWeights = try weights(2, scale: 10, zero: 11)
    let hidden = stateWeights.shape[0]
    guard inputWeights.shape == [x.shape[2], 4 * hidden], stateWeights.shape[1] == 4 * hidden else {
      throw Finding(
        "weights have shapes \(inputWeights.shape) and \(stateWeights.shape)",
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
    var products = try quantizedProduct(rows, inputWeights)
    if let bias { products = try context.binary(.add, products, bias) }
    var (state, cell) = (firstState, firstCell)
    var states: [ONNXOperand] = []
    for step in 0..<steps {
      let row = (isReverse ? steps - 1 - step : step) * batch
      let own = try context.slice(products, axis: 0, start: row, count: batch)
      let gates = try context.binary(.add, own, try quantizedProduct(state, stateWeights))
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

  /// The product of x rounded to 256 steps of its range.
  private func quantizedProduct(_ x: ONNXOperand, _ weights: ONNXOperand) throws(Finding) -> ONNXOperand {
    let (scale, zero) = try dynamicRange(context, x)
    let steps = try context.unary(.round, try context.binary(.div, x, scale))
    let limited = try context.unary(.clip, try context.binary(.add, steps, zero), 0, 255)
    let centred = try context.binary(.sub, limited, zero)
    return try context.binary(.mul, try context.emit(.matmul(MatMul()), [centred, weights]), scale)
  }
}
