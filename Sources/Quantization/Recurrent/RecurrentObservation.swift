import IR
import Tensors

/// What a recurrent layer holds while it runs in floating point.
struct RecurrentObservation {
  /// Of hidden states, the initial ones too.
  private(set) var hidden: ClosedRange<Float> = 0...0
  private(set) var largestCell: Float = 0
  /// For each direction hidden states that its weights meet, one after the other.
  private(set) var rows: [[Float]]

  init(_ layer: RecurrentLayer) { rows = [[Float]](repeating: [], count: layer.directions) }

  /// Computes a layer, and looks on; takes at most so many states of each direction.
  mutating func evaluate(
    _ layer: RecurrentLayer, _ operands: [Tensor], limit: Int
  ) throws(Diagnostic) -> [Tensor] {
    var largest = largestCell
    let results: [Tensor]
    do {
      let op = Op.recurrent(layer.op)
      let types = try op.infer(operands.map { TensorType($0.element, $0.shape) })
      results = try layer.op.evaluate(operands, types) { cells in
        for cell in cells where cell.isFinite { largest = max(largest, abs(cell)) }
      }
    } catch {
      throw error.located(at: .unknown, op: "recurrent")
    }
    largestCell = largest
    if layer.op.kind == .lstm { see(operands[4]) { largestCell = max(largestCell, abs($0)) } }
    for states in [operands[3], results[0]] {
      see(states) { hidden = min(hidden.lowerBound, $0)...max(hidden.upperBound, $0) }
    }
    add(operands[3].floats, results[0], limit)
    return results
  }

  private func see(_ states: Tensor, _ body: (Float) -> Void) {
    states.withFloats { for value in $0 where value.isFinite { body(value) } }
  }

  /// Initial states [D, N, H], and outputs [T, D, N, H].
  private mutating func add(_ initial: [Float], _ outputs: Tensor, _ limit: Int) {
    let (steps, batch, length) = (outputs.shape[0], outputs.shape[2], outputs.shape[3])
    let directions = rows.count
    outputs.withFloats { outputs in
      for d in 0..<directions {
        for place in spread(limit, of: (steps + 1) * batch) {
          let (step, n) = (place / batch, place % batch)
          let start = ((max(step - 1, 0) * directions + d) * batch + n) * length
          if step == 0 {
            rows[d] += initial[((d * batch + n) * length)..<((d * batch + n + 1) * length)]
          } else {
            rows[d] += outputs[start..<(start + length)]
          }
        }
      }
    }
  }

  /// The mean state that a direction's weights meet.
  func mean(_ direction: Int, length: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: length)
    let rows = rows[direction]
    guard !rows.isEmpty else { return sums }
    for (index, value) in rows.enumerated() { sums[index % length] += Double(value) }
    return sums.map { $0 * Double(length) / Double(rows.count) }
  }
}
