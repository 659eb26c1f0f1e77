import IR
import Tensors

/// A recurrent layer on integers: the op, its constant operands, and the steps of the others.
struct QuantizedRecurrent {
  let op: RecurrentInteger
  let gates: Grid
  let hidden: Grid
  /// Of no meaning but in an LSTM.
  let cell: Grid
  /// i8 [D, G·H, H], i32, i32 and i8 [D, G·H].
  let rows: (weights: Tensor, bias: Tensor, multipliers: Tensor, shifts: Tensor)
  let tables: Tensor
  /// Multiplier, shift and zero point.
  let narrowing: [Tensor]
  /// Weights, multiplier and shift; empty for none.
  let peepholes: [Tensor]

  /// Those of the initial states, and of the last ones.
  var states: [Grid] { op.kind == .lstm ? [hidden, cell] : [hidden] }
  /// Those of the results.
  var results: [Grid] { [hidden] + states }

  /// All operands, given those that are no constants of the layer.
  func operands<Value>(
    gates: Value, states: [Value], lengths: Value?, constant: (Tensor, _ suffix: String) throws -> Value
  ) rethrows -> [Value] {
    var operands = [
      gates, try constant(rows.weights, "i8"), try constant(rows.bias, "bias"),
      try constant(rows.multipliers, "multiplier"), try constant(rows.shifts, "shift"),
    ]
    operands += states
    operands.append(try constant(tables, "tables"))
    for (tensor, suffix) in zip(narrowing, ["state.multiplier", "state.shift", "state.zero"]) {
      operands.append(try constant(tensor, suffix))
    }
    for (tensor, suffix) in zip(peepholes, ["peepholes", "peepholes.multiplier", "peepholes.shift"]) {
      operands.append(try constant(tensor, suffix))
    }
    return operands + [lengths].compactMap { $0 }
  }

  /// The results in floating point of operands in floating point.
  func evaluate(
    gates: Tensor, states: [Tensor], lengths: Tensor?
  ) throws(Diagnostic) -> [Tensor] {
    do {
      let integers = try zip([self.gates] + self.states, [gates] + states).map {
        (grid, tensor) throws(OpError) in
        try grid.integers(tensor)
      }
      let operands = operands(
        gates: integers[0], states: Array(integers.dropFirst()), lengths: lengths
      ) { tensor, _ in tensor }
      return zip(try Op.recurrentInteger(op).evaluate(operands), results).map { tensor, grid in
        Tensor(tensor.floats.map { $0 * grid.scale }, shape: tensor.shape)
      }
    } catch {
      throw error.located(at: .unknown, op: op.name)
    }
  }
}

extension Grid {
  /// Scale and zero point, as ops take them.
  var operands: [Tensor] {
    [Tensor(scalar: scale), Tensor([Int64(zero)], shape: [], element: element)]
  }

  /// The integers of numbers.
  func integers(_ x: Tensor) throws(OpError) -> Tensor {
    try Op.quantize(Quantize(rounding: .halfUp)).evaluate([x] + operands)[0]
  }
}
