import IR
import Machine
import Tensors

/// What the nodes of a function cost, whole or some rows of their result at a time.
struct ScheduleCost {
  let model: BlockModel?
  /// By place in the execution order; nil where nothing is computed.
  private let works: [CallWork?]
  private let runs: [Int]
  private let weightBytes: [Int]

  init(_ function: FlatFunction, _ model: BlockModel?) {
    self.model = model
    let graph = function.graph
    works = graph.order.map { id in
      let node = graph[id]
      guard let result = node.results.first, !graph.isConstant(result) else { return nil }
      if let operand = node.operands.first, node.op.viewStart(in: graph.shape(of: operand)) != nil {
        return nil
      }
      return CallWork(
        node.op, node.operands.map { graph.type(of: $0) }, node.results.map { graph.type(of: $0) },
        isConstant: node.operands.map { graph.isConstant($0) })
    }
    runs = graph.order.indices.map { position in
      function.loops.reduce(1) { $1.range.contains(position) ? $0 * $1.count : $0 }
    }
    weightBytes = graph.order.map { id in
      graph[id].stagedWeight(in: graph).map { footprint(graph.type(of: $0).byteCount) } ?? 0
    }
  }

  /// Of the node at a place for so many rows of its result: cycles where the target tells them; else multiply-adds and
  /// elements, and something for the call. The first call after weights were staged may wait for them.
  func callAsFunction(_ position: Int, _ rows: Int, isStaged: Bool, waits: Bool = false) -> Double {
    guard let work = works[position]?.rows(rows) else { return 0 }
    if let model {
      let cycles = model.cycles(work, isStaged: isStaged)
      return max(cycles.total, cycles.constants + (waits ? wait(position) : 0))
    }
    let results = Double(work.batch * work.rows * work.columns * work.channels)
    let taps = Double(work.kernel[0] * work.kernel[1])
    switch work.kind {
    case .product(let depth): return results * (1 + taps * Double(depth)) + 4096
    case .depthwise, .pool: return results * (1 + taps) + 4096
    default: return 2 * results + 4096
    }
  }

  /// What moving the weights of the node at a place takes, less what the call before hides.
  private func wait(_ position: Int) -> Double {
    guard let model, let work = works[position] else { return 0 }
    let transfer = model.cycles(work, isStaged: true).transfer
    guard let before = works[..<position].last(where: { $0 != nil }) ?? nil else { return transfer }
    let cycles = model.cycles(before, isStaged: model.gainsByStaging(before))
    return max(0, transfer - (cycles.total - cycles.constants))
  }

  /// Bytes that the weights of the node at a place would take where values lie; 0 where they had better stay where they are
  /// if the node computes so many rows at a time.
  func stagedBytes(_ position: Int, rows: Int? = nil) -> Int {
    guard let model, let work = works[position], runs[position] == 1 else { return 0 }
    let isCut = rows.map { $0 < work.rows } ?? false
    return isCut || model.gainsByStaging(work) ? weightBytes[position] : 0
  }

  /// Every node by itself, weights staged where that spares reading them several times.
  var untiled: Tiling { Tiling(staged: Set(works.indices.filter { stagedBytes($0) > 0 })) }

  /// Rows of the result of the node at a place.
  func rows(_ position: Int) -> Int { works[position]?.rows ?? 1 }

  /// Cycles of all calls of a tiling, each after the one before; nil where the target does not tell. `early` are the nodes
  /// whose weights are moved while another call runs.
  func cycles(_ tiling: Tiling, early: Set<Int>) -> Int? {
    guard let model else { return nil }
    var clock = Clock(model)
    var cascades = tiling.cascades[...]
    for position in works.indices {
      if let cascade = cascades.first {
        if position == cascade.range.lowerBound { run(cascade, tiling, early, &clock) }
        if position + 1 == cascade.range.upperBound { cascades.removeFirst() }
        if cascade.range.contains(position) { continue }
      }
      guard let work = works[position] else { continue }
      let isStaged = tiling.staged.contains(position)
      if isStaged { clock.move(work, isEarly: early.contains(position)) }
      clock.call(work, isStaged: isStaged, times: runs[position])
    }
    return Int(exactly: clock.total.rounded()) ?? .max
  }

  private func run(_ cascade: Cascade, _ tiling: Tiling, _ early: Set<Int>, _ clock: inout Clock) {
    var moved: Set<Int> = []
    for stripe in cascade.stripes {
      guard let whole = works[stripe.position] else { continue }
      if tiling.staged.contains(stripe.position), moved.insert(stripe.position).inserted {
        clock.move(whole, isEarly: early.contains(stripe.position))
      }
      let work = whole.rows(stripe.rows.count)
      clock.call(work, isStaged: tiling.staged.contains(stripe.position), times: 1)
    }
  }
}

/// Adds up calls, and transfers that run beside the call before them.
private struct Clock {
  private let model: BlockModel
  private(set) var total = 0.0
  /// Cycles for which the memory of weights has had nothing to do in the last call.
  private var idle = 0.0
  private var waiting = 0.0

  init(_ model: BlockModel) { self.model = model }

  mutating func move(_ work: CallWork, isEarly: Bool) {
    let transfer = model.cycles(work, isStaged: true).transfer
    let hidden = isEarly ? min(idle, transfer) : 0
    idle -= hidden
    waiting += transfer - hidden
  }

  mutating func call(_ work: CallWork, isStaged: Bool, times: Int) {
    let cycles = model.cycles(work, isStaged: isStaged)
    let busy = cycles.constants + waiting
    let length = max(cycles.total, busy)
    total += length * Double(times)
    idle = length - busy
    waiting = 0
  }
}

extension Node {
  /// The weights that a transfer moves to where values lie: those of a convolution or matrix product that are stored as they
  /// are multiplied.
  func stagedWeight(in graph: Graph) -> ValueID? {
    switch op {
    case .conv, .convInteger, .convTranspose, .convTransposeInteger, .matmul, .matmulInteger:
      graph.weight(operands[1]) == nil ? nil : operands[1]
    default: nil
    }
  }
}
