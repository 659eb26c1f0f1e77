import Foundation
import IR
import Tensors

extension StorageAnalysis {
  /// Whether a recurrent layer is computed on integers.
  func isQuantized(_ layer: RecurrentLayer) -> Bool { !floating.contains(layer.node) }
}

extension QuantizationWalk {
  /// States of one direction that rounding learns from.
  private static let learningStates = 4096

  /// Computes a recurrent layer exactly, and quantizes it in every lane.
  func run(_ layer: RecurrentLayer, _ streams: Streams, _ lanes: inout [Lane]) throws(Diagnostic) {
    var observation = RecurrentObservation(layer)
    var unseen = observation
    let limit = max(Self.learningStates, 4 * layer.hidden) / max(fitted, 1) + 1
    for sample in 0..<samples.count {
      let operands = try graph[layer.node].operands.map { (value) throws(Diagnostic) in
        try streams.exact(value, sample)
      }
      let results =
        sample < fitted
        ? try observation.evaluate(layer, operands, limit: limit)
        : try unseen.evaluate(layer, operands, limit: 0)
      for (result, tensor) in zip(layer.results, results) {
        try streams.setExact(result, sample, tensor)
      }
    }
    for lane in lanes.indices { try lanes[lane].quantize(layer, observation) }
  }
}

extension Lane {
  /// Quantizes a recurrent layer and computes it on all samples.
  mutating func quantize(
    _ layer: RecurrentLayer, _ observation: RecurrentObservation
  ) throws(Diagnostic) {
    let gates = plan.wide[layer.gates] ?? layer.grid(ofGates: range(of: layer.gates))
    let integers = RecurrentQuantization(layer, observation, gates, variant).integers()
    plan.recurrents[layer.node] = integers
    for (result, grid) in zip(layer.results, integers.results) where plan.wide[result] != nil {
      plan.wide[result] = grid
    }
    for sample in 0..<streams.samples {
      let states = try layer.states.map { (value) throws(Diagnostic) in try read(value, sample) }
      let lengths = try layer.lengths.map { (value) throws(Diagnostic) in try read(value, sample) }
      let results = try integers.evaluate(
        gates: try read(layer.gates, sample), states: states, lengths: lengths)
      for (result, tensor) in zip(layer.results, results) { try write(result, sample, tensor) }
    }
  }
}

/// Chooses the integers of a recurrent layer.
private struct RecurrentQuantization {
  let layer: RecurrentLayer
  let observation: RecurrentObservation
  let gates: Grid
  let variant: QuantizationVariant
  /// What the weights multiply.
  let narrow: Grid

  init(
    _ layer: RecurrentLayer, _ observation: RecurrentObservation, _ gates: Grid,
    _ variant: QuantizationVariant
  ) {
    self.layer = layer
    self.observation = observation
    self.gates = gates
    self.variant = variant
    // A state that never moved says nothing of its range.
    narrow = Grid(eightBits: observation.hidden == 0...0 ? -1...1 : observation.hidden)
  }

  func integers() -> QuantizedRecurrent {
    let functions = layer.functions
    let (shift, limit) = layer.reading(gates)
    var op = RecurrentInteger(layer.op)
    op.gateShift = shift
    var tables = functions.prefix(2).map { $0.table(limit: limit) }
    var cell = Grid(.i16, scale: 1)
    if layer.op.kind == .lstm {
      // Cells may grow beyond what was seen.
      let needed = Double(observation.largestCell) * 1.5 / (32767 * Double(tables[1].step))
      op.cellExponent = min(max(needed > 0 ? Int(log2(needed).rounded(.up)) : 0, 0), 15)
      cell.scale = tables[1].step * Float(1 << op.cellExponent)
      let whole = cell.scale * 32768
      if let flat = functions[2].flatFrom {
        while whole / Float(1 << (op.cellShift + 1)) >= flat, op.cellShift < 15 { op.cellShift += 1 }
      }
      tables.append(functions[2].table(limit: whole / Float(1 << op.cellShift)))
    }
    let hidden = Grid(.i16, scale: tables[tables.count - 1].step)
    return QuantizedRecurrent(
      op: op, gates: gates, hidden: hidden, cell: cell, rows: rows(),
      tables: Tensor(tables.flatMap(\.entries), shape: [tables.count, 513], element: .i16),
      narrowing: factor(Double(hidden.scale) / Double(narrow.scale)) + [narrow.operands[1]],
      peepholes: peepholes(cell))
  }

  /// A factor as multiplier and shift. Beyond what 31 bits express numbers saturate or vanish anyway.
  private func factor(_ factor: Double) -> [Tensor] {
    let (multiplier, shift) = Rescaling.fixed(min(max(factor, 0x1p-32), 0x1p30)) ?? (0, 0)
    return [
      Tensor([Int64(multiplier)], shape: [], element: .i32), Tensor([Int64(shift)], shape: [], element: .i8),
    ]
  }

  private func peepholes(_ cell: Grid) -> [Tensor] {
    guard let weights = layer.peepholes else { return [] }
    let largest = weights.floats.reduce(0) { max($0, abs($1)) }
    let step = max(largest / 32767, 0x1p-60)
    let integers = weights.floats.map { Int64(($0 / step).rounded(.toNearestOrEven)) }
    return [Tensor(integers, shape: weights.shape, element: .i16)]
      + (factor(Double(step) * Double(cell.scale) / Double(gates.scale)))
  }

  // MARK: Weights

  private func rows() -> (
    weights: Tensor, bias: Tensor, multipliers: Tensor, shifts: Tensor
  ) {
    var (weights, bias, multipliers, shifts): ([Int64], [Int64], [Int64], [Int64]) = ([], [], [], [])
    for direction in 0..<layer.directions {
      let part = quantized(direction)
      weights += part.weights.integers.integers
      bias += part.bias
      for scale in part.weights.scales {
        let factor = factor(Double(scale) * Double(narrow.scale) / Double(gates.scale))
        multipliers.append(factor[0].integers[0])
        shifts.append(factor[1].integers[0])
      }
    }
    let shape = layer.bias.shape
    return (
      Tensor(weights, shape: layer.weights.shape, element: .i8), Tensor(bias, shape: shape, element: .i32),
      Tensor(multipliers, shape: shape, element: .i32), Tensor(shifts, shape: shape, element: .i8)
    )
  }

  /// Steps of sums that a bias takes at most.
  private static let biasLimit: Float = 0x1p28

  /// One direction's weights, and its bias in steps of their sums, with what the zero point of the state adds.
  private func quantized(_ direction: Int) -> (weights: QuantizedWeights, bias: [Int64]) {
    let (count, length) = (layer.weights.shape[1], layer.hidden)
    let all = layer.weights.floats
    let own = Array(all[(direction * count * length)..<((direction + 1) * count * length)])
    var bias = Array(layer.bias.floats[(direction * count)..<((direction + 1) * count)]).map { Double($0) }
    let source = Tensor(own, shape: [count, length])
    var weights = QuantizedWeights(
      nearest: source, axis: 0,
      leastScales: bias.map { $0.isFinite ? Float(abs($0)) / (narrow.scale * Self.biasLimit) : 0 })
    let rows = observation.rows[direction]
    if variant.compensatesRounding, let rounding = CompensatedRounding(rows: rows, length: length) {
      weights.integers = Tensor(element: .i8, shape: [count, length]) { bytes in
        own.withUnsafeBufferPointer {
          rounding.round($0, scales: weights.scales, into: bytes.bindMemory(to: Int8.self))
        }
      }
    }
    let integers = weights.integers.integers
    let mean = observation.mean(direction, length: length)
    var steps = [Int64](repeating: 0, count: count)
    for row in 0..<count {
      let step = Double(weights.scales[row])
      var sum: Int64 = 0
      for index in 0..<length {
        let integer = integers[row * length + index]
        sum += integer
        if variant.correctsBias {
          bias[row] += (Double(own[row * length + index]) - Double(integer) * step) * mean[index]
        }
      }
      let whole = (bias[row] / (step * Double(narrow.scale))).rounded(.toNearestOrEven)
      steps[row] = Int64(min(max(whole, -0x1p30), 0x1p30)) - sum * Int64(narrow.zero)
    }
    return (weights, steps)
  }
}
