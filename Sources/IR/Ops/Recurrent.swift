package import Tensors

/// The recurrent part of an LSTM, GRU or RNN layer, after ONNX.
///
/// Every step's input times the input weights (and their bias) is an operand, as it is one product for all
/// steps. With T ≥ 1 steps, N sequences, D directions (2 for `bidirectional`), H hidden units and G gates
/// (LSTM: 4, input, output, forget, cell; GRU: 3, update, reset, hidden; RNN: 1), the operands are, in order:
/// - gates [T, N, D·G·H];
/// - weights R [D, G·H, H] and their bias Rb [D, G·H];
/// - the initial hidden state [D, N, H] and, of an LSTM, the initial cell state [D, N, H];
/// - `peepholes` (LSTM): [D, 3·H], for input, output and forget gate;
/// - `lengths`: i32 [N], steps of each sequence, limited to 0 … T; the reverse direction starts at its end.
///   Outputs beyond it are 0.
///
/// Results: outputs [T, D, N, H], the last hidden state [D, N, H] and, of an LSTM, the last cell state [D, N,
/// H]. A step computes, ⊙ elementwise, with x a gate's slice of the operand and every gate's h standing for
/// h·Rᵀ + Rb:
/// - LSTM: i = f(x + h + Pi⊙C), f = f(x + h + Pf⊙C) (1 − i with `inputForget`), C' = f⊙C + i⊙g(x + h), o =
///   f(x + h + Po⊙C'), H' = o⊙h(C');
/// - GRU: z = f(x + h), r = f(x + h), n = g(x + (r⊙H)·Rᵀ + Rb) or, with `linearBeforeReset`, g(x + r⊙h), H' =
///   (1 − z)⊙n + z⊙H;
/// - RNN: H' = f(x + h).
///
/// `clip` > 0 limits what f and g are applied to. f, g and h are sigmoid, tanh, tanh where not given (RNN: f is tanh). Arithmetic is fp32.
package struct Recurrent: OpDefinition {
  package enum Kind: String, CaseIterable, Hashable, Sendable { case lstm, gru, rnn }
  package enum Direction: String, CaseIterable, Hashable, Sendable { case forward, reverse, bidirectional }

  package var kind = Kind.lstm
  package var direction = Direction.forward
  package var f: Unary?
  package var g: Unary?
  package var h: Unary?
  package var clip = 0.0
  package var linearBeforeReset = false
  package var inputForget = false
  package var peepholes = false
  package var lengths = false

  package init(_ kind: Kind = .lstm, _ direction: Direction = .forward) {
    self.kind = kind
    self.direction = direction
  }

  package var name: String { "recurrent" }
  package var `default`: Recurrent { Recurrent() }
  package var attributes: [Attribute<Recurrent>] {
    [
      .word("kind", \.kind), .word("direction", \.direction), .activation("f", \.f), .activation("g", \.g),
      .activation("h", \.h), .float("clip", \.clip), .flag("linear_before_reset", \.linearBeforeReset),
      .flag("input_forget", \.inputForget), .flag("peepholes", \.peepholes), .flag("lengths", \.lengths),
    ]
  }

  package var gateCount: Int {
    switch kind {
    case .lstm: 4
    case .gru: 3
    case .rnn: 1
    }
  }

  /// f, g and h as they apply.
  package var activations: (f: Unary, g: Unary, h: Unary) {
    (f ?? Unary(kind == .rnn ? .tanh : .sigmoid), g ?? Unary(.tanh), h ?? Unary(.tanh))
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    let states = kind == .lstm ? 2 : 1
    let count = 3 + states + (peepholes ? 1 : 0) + (lengths ? 1 : 0)
    try operands.expect(count...count)
    try Array(operands.dropLast(lengths ? 1 : 0)).expectFloat()
    for activation in [f, g, h] { try activation?.checkActivation() }
    guard kind == .lstm || !(peepholes || inputForget) else {
      throw OpError("only an LSTM has peepholes or couples its gates, this is '\(kind.rawValue)'")
    }
    guard clip >= 0 else { throw OpError("clip is \(clip), expected 0 or more") }
    let (gates, r) = (operands[0].shape, operands[1].shape)
    guard gates.rank == 3, r.rank == 3 else {
      throw OpError("gates and weights are \(gates) and \(r), expected rank 3")
    }
    let (steps, batch, hidden) = (gates[0], gates[1], r[2])
    let directions = direction == .bidirectional ? 2 : 1
    let width = gateCount * hidden
    guard steps >= 1 else { throw OpError("gates are \(gates), expected one step or more") }
    let state = Shape([directions, batch, hidden])
    var expected: [Shape] = [
      [steps, batch, directions * width], [directions, width, hidden], [directions, width],
    ]
    expected += [Shape](repeating: state, count: states)
    if peepholes { expected.append([directions, 3 * hidden]) }
    if lengths { expected.append([batch]) }
    for (index, shape) in expected.enumerated() where operands[index].shape != shape {
      throw OpError("operand \(index) is \(operands[index]), expected shape \(shape)")
    }
    guard !lengths || operands[count - 1].element == .i32 else {
      throw OpError("lengths are \(operands[count - 1]), expected i32")
    }
    let element = operands[0].element
    return [TensorType(element, [steps, directions, batch, hidden])]
      + [TensorType](repeating: TensorType(element, state), count: states)
  }

  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int {
    saturatingProduct(results[0].extents + [gateCount, results[0][3]])
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    try evaluate(operands, results) { _ in }
  }

  /// The same, telling the cell state of an LSTM after every step of every sequence.
  package func evaluate(
    _ operands: [Tensor], _ results: [TensorType], cells: ([Float]) -> Void
  ) throws(OpError) -> [Tensor] {
    let shape = results[0].shape
    let (steps, directions, batch, hidden) = (shape[0], shape[1], shape[2], shape[3])
    let gates = operands[0].floats
    let weights = operands[1].floats
    let bias = operands[2].floats
    var states = operands[3..<(kind == .lstm ? 5 : 4)].map(\.floats)
    let peephole = peepholes ? operands[5].floats : []
    let limits =
      lengths ? operands[operands.count - 1].integers : [Int64](repeating: Int64(steps), count: batch)
    let width = gateCount * hidden
    let directionCells = (0..<directions).map { d in
      Cell(
        op: self, hidden: hidden, weights: Array(weights[(d * width * hidden)..<((d + 1) * width * hidden)]),
        bias: Array(bias[(d * width)..<((d + 1) * width)]),
        peepholes: peepholes ? Array(peephole[(d * 3 * hidden)..<((d + 1) * 3 * hidden)]) : [])
    }
    let outputs = try direction.run(
      shape, gates: gates, width: width, lengths: limits, states: &states, zero: 0
    ) { (d, gates, state) throws(OpError) in
      try directionCells[d].step(gates, &state)
      if kind == .lstm { cells(state[1]) }
    }
    return [Tensor(outputs, shape: shape, element: results[0].element)]
      + states.map { Tensor($0, shape: [directions, batch, hidden], element: results[0].element) }
  }
}

extension Recurrent.Direction {
  /// Runs the steps of every sequence in their order, and gives the hidden states after each, `zero` beyond a sequence's end, of shape
  /// [T, D, N, H]. `step` changes the state of one sequence by the `width` gates of one step; `states`, [D, N, H] each, become the
  /// last ones.
  func run<Scalar>(
    _ shape: Shape, gates: [Scalar], width: Int, lengths: [Int64], states: inout [[Scalar]], zero: Scalar,
    step: (_ direction: Int, _ gates: [Scalar], _ state: inout [[Scalar]]) throws(OpError) -> Void
  ) throws(OpError) -> [Scalar] {
    let (steps, directions, batch, hidden) = (shape[0], shape[1], shape[2], shape[3])
    var outputs = [Scalar](repeating: zero, count: shape.elementCount)
    for d in 0..<directions {
      let isReverse = self == .reverse || d == 1
      for n in 0..<batch {
        let length = Int(min(max(lengths[n], 0), Int64(steps)))
        let own = ((d * batch + n) * hidden)..<((d * batch + n + 1) * hidden)
        var state = states.map { Array($0[own]) }
        for index in 0..<length {
          let t = isReverse ? length - 1 - index : index
          let start = ((t * batch + n) * directions + d) * width
          try step(d, Array(gates[start..<(start + width)]), &state)
          let target = ((t * directions + d) * batch + n) * hidden
          outputs.replaceSubrange(target..<(target + hidden), with: state[0])
        }
        for index in states.indices { states[index].replaceSubrange(own, with: state[index]) }
      }
    }
    return outputs
  }
}

/// One direction's weights and what a step does with one sequence's state.
private struct Cell {
  let op: Recurrent
  let hidden: Int
  let weights: [Float]
  let bias: [Float]
  let peepholes: [Float]

  /// `state`: hidden state and, of an LSTM, cell state.
  func step(_ gates: [Float], _ state: inout [[Float]]) throws(OpError) {
    let old = state[0]
    switch op.kind {
    case .rnn:
      state[0] = f(sum(gates, try product(old, gate: 0, count: 1)))
    case .gru:
      let first = f(sum(slice(gates, 0, 2), try product(old, gate: 0, count: 2)))
      let (update, reset) = (slice(first, 0), slice(first, 1))
      let recurrent =
        op.linearBeforeReset
        ? multiplied(reset, try product(old, gate: 2, count: 1))
        : try product(multiplied(reset, old), gate: 2, count: 1)
      let new = g(sum(slice(gates, 2), recurrent))
      state[0] = (0..<hidden).map { (1 - update[$0]) * new[$0] + update[$0] * old[$0] }
    case .lstm:
      let all = sum(gates, try product(old, gate: 0, count: 4))
      let cell = state[1]
      let input = f(seeing(cell, slice(all, 0), peephole: 0))
      let forget = op.inputForget ? input.map { 1 - $0 } : f(seeing(cell, slice(all, 2), peephole: 2))
      let new = g(slice(all, 3))
      let next = (0..<hidden).map { forget[$0] * cell[$0] + input[$0] * new[$0] }
      let output = f(seeing(next, slice(all, 1), peephole: 1))
      state[0] = multiplied(output, Unary?.some(op.activations.h).applied(to: next))
      state[1] = next
    }
  }

  /// state · Rᵀ + Rb for some gates.
  private func product(_ state: [Float], gate: Int, count: Int) throws(OpError) -> [Float] {
    var result = [Float](repeating: 0, count: count * hidden)
    try withMemory(state, weights, &result) { (h, r, y) throws(OpError) in
      try multiply(
        Matrix(base: h, pitch: hidden),
        Matrix(base: r + gate * hidden * hidden, pitch: hidden, isTransposed: true),
        into: y, pitch: count * hidden, rows: 1, columns: count * hidden, inner: hidden)
    }
    return sum(result, Array(bias[(gate * hidden)..<((gate + count) * hidden)]))
  }

  private func seeing(_ cell: [Float], _ x: [Float], peephole: Int) -> [Float] {
    peepholes.isEmpty ? x : sum(x, multiplied(slice(peepholes, peephole), cell))
  }

  private func f(_ x: [Float]) -> [Float] { Unary?.some(op.activations.f).applied(to: clipped(x)) }
  private func g(_ x: [Float]) -> [Float] { Unary?.some(op.activations.g).applied(to: clipped(x)) }

  private func clipped(_ x: [Float]) -> [Float] {
    guard op.clip > 0 else { return x }
    let limit = Float(op.clip)
    return x.map { Swift.min(Swift.max($0, -limit), limit) }
  }

  private func slice(_ x: [Float], _ gate: Int, _ count: Int = 1) -> [Float] {
    Array(x[(gate * hidden)..<((gate + count) * hidden)])
  }

  private func sum(_ a: [Float], _ b: [Float]) -> [Float] { zip(a, b).map { $0 + $1 } }
  private func multiplied(_ a: [Float], _ b: [Float]) -> [Float] { zip(a, b).map { $0 * $1 } }
}
