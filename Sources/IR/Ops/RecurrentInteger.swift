package import Tensors

/// The recurrent part of an LSTM, GRU or RNN layer on integers: ``Recurrent`` in fixed point.
///
/// With T, N, D, H and G as there, the operands are, in order:
/// - gates, i16 [T, N, D·G·H];
/// - weights R, i8 [D, G·H, H], a bias, i32 [D, G·H], and multiplier, i32, and shift, i8, of a ``Rescaling`` for each row, both [D, G·H];
/// - the initial hidden state, i16 [D, N, H] and, of an LSTM, the initial cell state, i16 [D, N, H];
/// - tables of f, of an LSTM and GRU g, of an LSTM h, i16 [3, 2 or 1, 513];
/// - multiplier, i32 [], shift, i8 [], and zero point, i8 [], of the ``Rescaling`` that makes of a hidden state what R multiplies;
/// - `peepholes` (LSTM): i16 [D, 3·H], with multiplier, i32 [], and shift, i8 [];
/// - `lengths`: i32 [N].
///
/// Results, i16: outputs [T, D, N, H], the last hidden state [D, N, H] and, of an LSTM, the last cell state [D, N, H]. All that is called a
/// number here is an i16: sums and quotients are exact, then rounded half up where they are divided by a power of two, then limited
/// to i16. With q(v) = v rescaled to i8 by the one ``Rescaling``, and for each gate, from its part of the operands,
/// - h = (q · Rᵀ + bias, wrapping in i32) rescaled by that of the row, where q = q(H) if nothing else is said;
/// - F(v) of an f whose table is read at v × 2^`gate_shift` as ``Lookup`` does; G(v) the same of g; and of h, at v × 2^`cell_shift`;
///   f's results count 1 / 2^15 in an LSTM and GRU; those of g and h, as those of an RNN's f, any steps;
/// - P(C) of a peephole: its products with C, rescaled;
///
/// a step computes
/// - LSTM: i = F(x + h + P(C)), f = F(x + h + P(C)) (2^15 − i with `input_forget`), C' = (f × C × 2^e + i × G(x + h)) / 2^(15 + e) with e
///   `cell_exponent`, so that steps of the cell state are those of g times 2^e; o = F(x + h + P(C')), H' = o × h(C') / 2^15;
/// - GRU: z = F(x + h), r = F(x + h), n = G(x + h) where q = q(r × H / 2^15), or with `linear_before_reset` n = G(x + r × h / 2^15); H' =
///   ((2^15 − z) × n + z × H) / 2^15;
/// - RNN: H' = F(x + h).
///
/// A limit of what f and g are applied to is part of their tables, the zero point of q part of the bias. Multiply-adds are those of i8
/// with i8.
package struct RecurrentInteger: OpDefinition {
  package var kind = Recurrent.Kind.lstm
  package var direction = Recurrent.Direction.forward
  package var linearBeforeReset = false
  package var inputForget = false
  package var peepholes = false
  package var lengths = false
  package var gateShift = 0
  package var cellExponent = 0
  package var cellShift = 0

  package init(_ kind: Recurrent.Kind = .lstm, _ direction: Recurrent.Direction = .forward) {
    self.kind = kind
    self.direction = direction
  }

  /// As a layer of floats is.
  package init(_ layer: Recurrent) {
    self.init(layer.kind, layer.direction)
    linearBeforeReset = layer.linearBeforeReset
    inputForget = layer.inputForget
    peepholes = layer.peepholes
    lengths = layer.lengths
  }

  package var name: String { "recurrent_integer" }
  package var `default`: RecurrentInteger { RecurrentInteger() }
  package var attributes: [Attribute<RecurrentInteger>] {
    [
      .word("kind", \.kind), .word("direction", \.direction),
      .flag("linear_before_reset", \.linearBeforeReset), .flag("input_forget", \.inputForget),
      .flag("peepholes", \.peepholes), .flag("lengths", \.lengths), .int("gate_shift", \.gateShift),
      .int("cell_exponent", \.cellExponent), .int("cell_shift", \.cellShift),
    ]
  }

  /// The same of floats, whose shapes are this op's.
  package var ofFloats: Recurrent {
    var layer = Recurrent(kind, direction)
    layer.linearBeforeReset = linearBeforeReset
    layer.inputForget = inputForget
    layer.peepholes = peepholes
    layer.lengths = lengths
    return layer
  }

  /// Where operands stand.
  struct Places {
    let states: Range<Int>
    let tables: Int
    /// Multiplier, shift and zero point of what R multiplies.
    let narrowing: Int
    let peepholes: Int?
    let lengths: Int?
    let count: Int
  }
  var places: Places {
    let states = 5..<(kind == .lstm ? 7 : 6)
    let rest = states.upperBound + 4
    let end = rest + (peepholes ? 3 : 0)
    return Places(
      states: states, tables: states.upperBound, narrowing: states.upperBound + 1,
      peepholes: peepholes ? rest : nil, lengths: lengths ? end : nil, count: end + (lengths ? 1 : 0))
  }

  /// How many functions a layer of a kind applies.
  package static func functions(_ kind: Recurrent.Kind) -> Int {
    switch kind {
    case .lstm: 3
    case .gru: 2
    case .rnn: 1
    }
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    let places = places
    try operands.expect(places.count...places.count)
    for (name, value) in [
      ("gate_shift", gateShift), ("cell_exponent", cellExponent), ("cell_shift", cellShift),
    ] {
      guard (0...15).contains(value) else { throw OpError("\(name) is \(value), expected 0 to 15") }
    }
    // The shapes are those of a layer of floats.
    let own = [0, 1, 2] + Array(places.states) + [places.peepholes].compactMap { $0 }
    let results = try ofFloats.infer(
      own.map { operands[$0].with(.f32) } + [places.lengths].compactMap { $0.map { operands[$0] } })
    let rows = operands[2].shape
    var expected: [(Int, TensorType)] = [
      (0, operands[0].with(.i16)), (1, operands[1].with(.i8)), (2, operands[2].with(.i32)),
      (3, TensorType(.i32, rows)), (4, TensorType(.i8, rows)),
    ]
    expected += places.states.map { ($0, operands[$0].with(.i16)) }
    expected += [
      (places.tables, TensorType(.i16, [Self.functions(kind), 513])),
      (places.narrowing, TensorType(.i32, [])), (places.narrowing + 1, TensorType(.i8, [])),
      (places.narrowing + 2, TensorType(.i8, [])),
    ]
    if let first = places.peepholes {
      expected += [
        (first, operands[first].with(.i16)), (first + 1, TensorType(.i32, [])),
        (first + 2, TensorType(.i8, [])),
      ]
    }
    for (index, type) in expected where operands[index] != type {
      throw OpError("operand \(index) is \(operands[index]), expected \(type)")
    }
    return results.map { $0.with(.i16) }
  }

  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int {
    ofFloats.multiplyAdds(operands, results)
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let shape = results[0].shape
    let (steps, directions, batch, hidden) = (shape[0], shape[1], shape[2], shape[3])
    let gates = operands[0].integers
    let limits =
      places.lengths.map { operands[$0].integers } ?? [Int64](repeating: Int64(steps), count: batch)
    var states = operands[places.states].map(\.integers)
    let cells = (0..<directions).map { IntegerCell(self, operands, direction: $0, hidden: hidden) }
    let outputs = try direction.run(
      shape, gates: gates, width: ofFloats.gateCount * hidden, lengths: limits, states: &states, zero: 0
    ) { (d, gates, state) throws(OpError) in try cells[d].step(gates, &state) }
    return [Tensor(outputs, shape: shape, element: .i16)]
      + states.map { Tensor($0, shape: [directions, batch, hidden], element: .i16) }
  }
}

/// One direction's weights and what a step does with one sequence's state.
private struct IntegerCell {
  private let op: RecurrentInteger
  private let hidden: Int
  /// As floats, of which sums of products of bytes are exact up to a length.
  private let weights: [Float]
  private let bias: [Int64]
  private let factors: (multipliers: [Int64], shifts: [Int64])
  private let tables: [[Int64]]
  private let narrowing: (multiplier: Int64, shift: Int64, zero: Int64)
  private let peepholes: (weights: [Int64], multiplier: Int64, shift: Int64)?
  private let rescaling = Rescaling()
  private static let exactLength = 1024

  init(_ op: RecurrentInteger, _ operands: [Tensor], direction d: Int, hidden: Int) {
    self.op = op
    self.hidden = hidden
    let width = op.ofFloats.gateCount * hidden
    let rows = (d * width)..<((d + 1) * width)
    let places = op.places
    weights = Array(operands[1].floats[(rows.lowerBound * hidden)..<(rows.upperBound * hidden)])
    bias = Array(operands[2].integers[rows])
    factors = (Array(operands[3].integers[rows]), Array(operands[4].integers[rows]))
    let entries = operands[places.tables].integers
    tables = stride(from: 0, to: entries.count, by: 513).map { Array(entries[$0..<($0 + 513)]) }
    let first = places.narrowing
    narrowing = (
      operands[first].integers[0], operands[first + 1].integers[0], operands[first + 2].integers[0]
    )
    peepholes = places.peepholes.map { place in
      (
        Array(operands[place].integers[(d * 3 * hidden)..<((d + 1) * 3 * hidden)]),
        operands[place + 1].integers[0], operands[place + 2].integers[0]
      )
    }
  }

  /// `state`: hidden state and, of an LSTM, cell state.
  func step(_ gates: [Int64], _ state: inout [[Int64]]) throws(OpError) {
    let old = state[0]
    switch op.kind {
    case .rnn:
      state[0] = f(sum(gates, try product(old, gate: 0, count: 1)))
    case .gru:
      let first = f(sum(slice(gates, 0, 2), try product(old, gate: 0, count: 2)))
      let (update, reset) = (slice(first, 0), slice(first, 1))
      let recurrent =
        op.linearBeforeReset
        ? fraction(reset, try product(old, gate: 2, count: 1))
        : try product(fraction(reset, old), gate: 2, count: 1)
      let new = read(1, sum(slice(gates, 2), recurrent), op.gateShift)
      state[0] = (0..<hidden).map { index in
        let sum = (32768 - update[index]) * new[index] + update[index] * old[index]
        return limited((sum + 1 << 14) >> 15)
      }
    case .lstm:
      let all = zip(gates, try product(old, gate: 0, count: 4)).map { $0 + $1 }
      let (cell, exponent) = (state[1], Int64(op.cellExponent))
      let input = f(seeing(cell, slice(all, 0), peephole: 0))
      let forget = op.inputForget ? input.map { 32768 - $0 } : f(seeing(cell, slice(all, 2), peephole: 2))
      let new = read(1, seeing(cell, slice(all, 3), peephole: nil), op.gateShift)
      let next = (0..<hidden).map { index in
        let sum = (forget[index] * cell[index]) << exponent + input[index] * new[index]
        return limited((sum + 1 << (14 + exponent)) >> (15 + exponent))
      }
      let output = f(seeing(next, slice(all, 1), peephole: 1))
      state[0] = fraction(output, read(2, next, op.cellShift))
      state[1] = next
    }
  }

  /// What some gates get of a state: q · Rᵀ + bias, rescaled.
  private func product(_ state: [Int64], gate: Int, count: Int) throws(OpError) -> [Int64] {
    let q = state.map { value in
      let scaled = rescaling.scaled(Int32(value), narrowing.multiplier, narrowing.shift) + narrowing.zero
      return Float(min(max(scaled, -128), 127))
    }
    let rows = (gate * hidden)..<((gate + count) * hidden)
    var sums = Array(bias[rows])
    var part = [Float](repeating: 0, count: rows.count)
    for start in stride(from: 0, to: hidden, by: Self.exactLength) {
      try withMemory(q, weights, &part) { (q, r, y) throws(OpError) in
        try multiply(
          Matrix(base: q + start, pitch: hidden),
          Matrix(base: r + rows.lowerBound * hidden + start, pitch: hidden, isTransposed: true),
          into: y, pitch: rows.count, rows: 1, columns: rows.count,
          inner: min(Self.exactLength, hidden - start))
      }
      for index in sums.indices { sums[index] += Int64(part[index]) }
    }
    return sums.indices.map { index in
      let row = rows.lowerBound + index
      return limited(
        rescaling.scaled(
          Int32(truncatingIfNeeded: sums[index]), factors.multipliers[row], factors.shifts[row]))
    }
  }

  /// Sums limited, with what a peephole adds.
  private func seeing(_ cell: [Int64], _ x: [Int64], peephole: Int?) -> [Int64] {
    guard let peephole, let (weights, multiplier, shift) = peepholes else { return x.map(limited) }
    return x.indices.map { index in
      let product = Int32(weights[peephole * hidden + index] * cell[index])
      return limited(x[index] + limited(rescaling.scaled(product, multiplier, shift)))
    }
  }

  private func f(_ x: [Int64]) -> [Int64] { read(0, x, op.gateShift) }

  private func read(_ table: Int, _ x: [Int64], _ shift: Int) -> [Int64] {
    let table = tables[table]
    return x.map { (Lookup.between(table, Int(limited($0 << Int64(shift)) + 32768)) + 64) >> 7 }
  }

  private func slice(_ x: [Int64], _ gate: Int, _ count: Int = 1) -> [Int64] {
    Array(x[(gate * hidden)..<((gate + count) * hidden)])
  }

  private func limited(_ x: Int64) -> Int64 { min(max(x, -32768), 32767) }
  private func sum(_ a: [Int64], _ b: [Int64]) -> [Int64] { zip(a, b).map { limited($0 + $1) } }
  private func fraction(_ a: [Int64], _ b: [Int64]) -> [Int64] {
    zip(a, b).map { limited(($0 * $1 + 1 << 14) >> 15) }
  }
}
