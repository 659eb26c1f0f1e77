import IR
import Tensors

/// A recurrent layer that can be computed on integers.
struct RecurrentLayer {
  let node: NodeID
  let op: Recurrent
  let gates: ValueID
  /// [D, G·H, H].
  let weights: Tensor
  /// [D, G·H].
  let bias: Tensor
  /// The initial hidden state and, of an LSTM, the initial cell state.
  let states: [ValueID]
  /// [D, 3·H].
  let peepholes: Tensor?
  let lengths: ValueID?
  let results: [ValueID]

  var directions: Int { weights.shape[0] }
  var hidden: Int { weights.shape[2] }
  var functions: [GateFunction] { GateFunction.all(of: op) }

  /// Nil for other nodes, and for those that stay in floating point.
  init?(_ node: NodeID, in graph: Graph) {
    guard case .recurrent(let op) = graph[node].op, Self.reasonAgainst(node, in: graph) == nil,
      let weights = graph.constant(graph[node].operands[1]),
      let bias = graph.constant(graph[node].operands[2])
    else { return nil }
    let operands = graph[node].operands
    let states = op.kind == .lstm ? 2 : 1
    self.node = node
    self.op = op
    self.weights = weights
    self.bias = bias
    gates = operands[0]
    self.states = Array(operands[3..<(3 + states)])
    peepholes = op.peepholes ? graph.constant(operands[3 + states]) : nil
    lengths = op.lengths ? operands[operands.count - 1] : nil
    results = graph[node].results
  }

  /// Why a recurrent layer stays in floating point; nil if it does not, or is none.
  static func reasonAgainst(_ node: NodeID, in graph: Graph) -> String? {
    guard case .recurrent(let op) = graph[node].op else { return nil }
    let operands = graph[node].operands
    let states = op.kind == .lstm ? 2 : 1
    let parameters = [1, 2] + (op.peepholes ? [3 + states] : [])
    guard parameters.allSatisfy({ graph.constant(operands[$0]) != nil }) else {
      return "the weights of the recurrent layer are computed"
    }
    guard operands.dropLast(op.lengths ? 1 : 0).allSatisfy({ graph.type(of: $0).element == .f32 }),
      graph.shape(of: operands[1])[2] > 0
    else { return "the recurrent layer is not one of fp32" }
    // Gates weigh by 16-bit fractions.
    guard op.kind == .rnn || GateFunction.all(of: op)[0].isFraction else {
      return "the gates of the recurrent layer are no fractions"
    }
    return nil
  }

  /// Those of a graph that stay in floating point, and why.
  static func floating(in graph: Graph) -> [NodeID: String] {
    var found: [NodeID: String] = [:]
    for node in graph.order { found[node] = reasonAgainst(node, in: graph) }
    return found
  }

  /// The layer that alone says what a value's steps are, as its gates.
  init?(reading value: ValueID, in graph: Graph) {
    for user in graph.users(of: value) where graph[user].operands[0] == value {
      guard let layer = RecurrentLayer(user, in: graph) else { continue }
      self = layer
      return
    }
    return nil
  }

  // MARK: Steps

  /// What f and g are read at, beyond which both are flat; nil if one is not.
  private var flatFrom: Float? {
    let limits = functions.prefix(2).map(\.flatFrom)
    return limits.contains(nil) ? nil : limits.compactMap { $0 }.max()
  }

  /// The grid of sums before f and g, whose inputs have a range. Where functions are flat it need not hold more than some
  /// times what they tell apart, so that large inputs and states may still cancel.
  func grid(ofGates range: ClosedRange<Float>) -> Grid {
    let largest = max(abs(range.lowerBound), abs(range.upperBound))
    guard let flat = flatFrom else {
      return Grid(sixteenBits: -8 * largest...8 * largest)
    }
    return Grid(.i16, scale: min(max((largest + flat / 2).nextPowerOfTwo, flat), 4 * flat) / 32768)
  }

  /// By how many bits numbers on that grid are shifted before f and g are read, and the largest number that is then read.
  func reading(_ grid: Grid) -> (shift: Int, limit: Float) {
    let whole = grid.scale * 32768
    guard let flat = flatFrom else { return (0, whole) }
    var shift = 0
    while whole / Float(1 << (shift + 1)) >= flat, shift < 15 { shift += 1 }
    return (shift, whole / Float(1 << shift))
  }
}
