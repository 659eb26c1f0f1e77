/// A way to run consecutive nodes: whole, one node at a time, or as a cascade.
struct Stage {
  var range: Range<Int>
  /// Rows of the last result that a cascade computes in a turn; nil where a node runs whole.
  var height: Int?
  /// Places of the nodes whose weights are moved to where values lie.
  var staged: [Int] = []
  /// Bytes that are live at most.
  var peak: Int
  /// What it takes, in the unit of the cost that was asked for.
  var cost: Double
}

/// Finds how to cut a function into stages: the cheapest cut that keeps within a limit of memory, or the one that needs least.
///
/// All that crosses from stage to stage lies in memory whole, so that what a stage needs depends on nothing before it, and
/// the best cut of the first nodes is a part of the best cut of more: dynamic programming over places in the order.
struct ScheduleSearch {
  /// Nodes in a cascade at most.
  private static let longest = 48
  /// Calls of all cascades that are tried, at most.
  private static let mostWork = 20_000_000

  let graph: ScheduleGraph
  /// Ways to run the nodes that end at a place, which is one past the last.
  private var stages: [[Stage]]
  /// Calls of the cascades that were tried.
  private var work = 0

  /// `limit` is what a cut is to keep within; nil where the least is wanted. Cascades are tried around nodes that need more
  /// than that if they run whole.
  init(_ function: FlatFunction, cost: ScheduleCost, limit: Int?) {
    graph = ScheduleGraph(function)
    let count = graph.steps.count
    stages = [[Stage]](repeating: [], count: count + 1)
    let live = (0...count).map { graph.liveBytes(before: $0) }
    for position in 0..<count { stages[position + 1] += whole(position, live[position], cost) }
    let peaks = (0..<count).map { stages[$0 + 1].map(\.peak).min() ?? 0 }
    let worst = peaks.max() ?? 0
    let enough = limit ?? worst / 8
    // Also those whose weights would not fit beside what they read and write.
    let isLarge = (0..<count).map { (stages[$0 + 1].map(\.peak).max() ?? 0) > enough }
    for start in 0..<count where graph.steps[start].access != nil && live[start] < worst {
      var isWanted = isLarge[start]
      for end in (start + 1)...min(start + Self.longest, count) {
        guard graph.canContinue(end - 1) else { break }
        isWanted = isWanted || isLarge[end - 1]
        let range = start..<end
        guard isWanted, end > start + 1, graph.steps[end - 1].access != nil, work < Self.mostWork,
          live[start] + graph.leastBytes(leaving: range) < worst
        else { continue }
        stages[end] += cascades(range, live[start], below: worst, cost)
      }
    }
  }

  private func whole(_ position: Int, _ live: Int, _ cost: ScheduleCost) -> [Stage] {
    let step = graph.steps[position]
    let range = position..<(position + 1)
    guard let storage = step.storage else { return [Stage(range: range, peak: live, cost: 0)] }
    let dies = step.overwritable.contains { index in
      let operand = graph.storages[step.rowStorages[index]]
      return operand.isArena && operand.lastRead == position
    }
    let peak = live + (dies ? 0 : graph.storages[storage].bytes)
    let rows = step.access?.rows ?? cost.rows(position)
    let plain = Stage(range: range, peak: peak, cost: cost(position, rows, isStaged: false))
    let bytes = cost.stagedBytes(position)
    guard bytes > 0 else { return [plain] }
    return [
      plain,
      Stage(
        range: range, staged: [position], peak: peak + bytes,
        cost: cost(position, rows, isStaged: true, waits: true)),
    ]
  }

  private mutating func cascades(
    _ range: Range<Int>, _ live: Int, below worst: Int, _ cost: ScheduleCost
  ) -> [Stage] {
    guard let rows = range.last.flatMap({ graph.steps[$0].access?.rows }) else { return [] }
    var found: [Stage] = []
    for height in heights(below: rows) {
      guard let simulation = StripeSimulation(graph, range, height: height) else { break }
      work += simulation.stripes.count
      let peak = live + simulation.bytes
      guard peak < worst else { break }
      found += staged(simulation, height: height, peak, cost)
    }
    return found
  }

  /// A cascade without staged weights, and with more and more of them, those first that spare most for a byte.
  private func staged(
    _ simulation: StripeSimulation, height: Int, _ peak: Int, _ cost: ScheduleCost
  ) -> [Stage] {
    var total = 0.0
    var plain: [Int: Double] = [:]
    var ahead: [Int: Double] = [:]
    for stripe in simulation.stripes {
      let (position, rows) = (stripe.position, stripe.rows.count)
      let inPlace = cost(position, rows, isStaged: false)
      total += inPlace
      plain[position, default: 0] += inPlace
      ahead[position, default: 0] += cost(position, rows, isStaged: true, waits: ahead[position] == nil)
    }
    var stage = Stage(range: simulation.range, height: height, peak: peak, cost: total)
    var found = [stage]
    let gains = simulation.range.compactMap { position -> (position: Int, bytes: Int, cycles: Double)? in
      let bytes = cost.stagedBytes(position, rows: height)
      guard bytes > 0, let plain = plain[position], let ahead = ahead[position], plain > ahead else {
        return nil
      }
      return (position, bytes, plain - ahead)
    }
    for gain in gains.sorted(by: {
      ($1.cycles * Double($0.bytes), $0.position) < ($0.cycles * Double($1.bytes), $1.position)
    }) {
      stage.staged.append(gain.position)
      stage.peak += gain.bytes
      stage.cost -= gain.cycles
      found.append(stage)
    }
    return found
  }

  /// Rows of the last result to try in a turn: few in small steps, many in large ones, and no more than 128 turns.
  private func heights(below rows: Int) -> [Int] {
    var heights: [Int] = []
    var height = (rows + 127) / 128
    while height < rows {
      heights.append(height)
      height += height < 4 ? 1 : height < 16 ? height / 2 : height
    }
    return heights
  }

  /// The least bytes that any cut needs at most at a time.
  var leastPeak: Int {
    var best = [Int](repeating: .max, count: stages.count)
    best[0] = 0
    for end in stages.indices.dropFirst() {
      for stage in stages[end] { best[end] = min(best[end], max(best[stage.range.lowerBound], stage.peak)) }
    }
    return best.last ?? 0
  }

  /// The least bytes of a cut that costs no more than a bound.
  func leastPeak(costing bound: Double) -> Int {
    let peaks = Set(stages.joined().map(\.peak)).filter { $0 >= leastPeak }.sorted()
    var (low, high) = (0, peaks.count - 1)
    while low < high {
      let middle = (low + high) / 2
      let cost = cheapest(within: peaks[middle])?.reduce(0) { $0 + $1.cost } ?? .infinity
      if cost <= bound { high = middle } else { low = middle + 1 }
    }
    return peaks.isEmpty ? leastPeak : peaks[low]
  }

  /// The cheapest cut of those that need least.
  var leastCut: [Stage] { cheapest(within: leastPeak) ?? [] }

  /// The cheapest cut whose stages all keep within a limit; nil if there is none.
  func cheapest(within limit: Int) -> [Stage]? {
    var best: [(cost: Double, stage: Stage?)?] = Array(repeating: nil, count: stages.count)
    best[0] = (0, nil)
    for end in stages.indices.dropFirst() {
      for stage in stages[end] where stage.peak <= limit {
        guard let before = best[stage.range.lowerBound] else { continue }
        let total = before.cost + stage.cost
        if let known = best[end], known.cost <= total { continue }
        best[end] = (total, stage)
      }
    }
    guard best.last! != nil else { return nil }
    var cut: [Stage] = []
    var end = stages.count - 1
    while end > 0, let stage = best[end]?.stage {
      cut.append(stage)
      end = stage.range.lowerBound
    }
    return cut.reversed()
  }

  func tiling(_ cut: [Stage]) -> Tiling {
    var tiling = Tiling()
    for stage in cut {
      tiling.staged.formUnion(stage.staged)
      guard let height = stage.height,
        let simulation = StripeSimulation(graph, stage.range, height: height)
      else { continue }
      tiling.cascades.append(
        Cascade(
          range: stage.range, stripes: simulation.stripes, rings: simulation.rings,
          overwrites: simulation.overwrites.mapValues { graph.storages[$0].value }))
    }
    return tiling
  }
}

extension ScheduleGraph {
  /// Bytes of what a cascade leaves behind, less those of what dies in it, over which that may lie.
  fileprivate func leastBytes(leaving range: Range<Int>) -> Int {
    let left = range.reduce(0) { sum, position in
      guard let storage = steps[position].storage.map({ storages[$0] }), storage.lastRead >= range.upperBound
      else { return sum }
      return sum + storage.bytes
    }
    let dead = storages.reduce(0) { sum, storage in
      storage.written < range.lowerBound && range.contains(storage.lastRead) ? sum + storage.bytes : sum
    }
    return max(0, left - dead)
  }

  /// Whether a cascade may go on over the node at a place.
  fileprivate func canContinue(_ position: Int) -> Bool {
    steps[position].access != nil || (steps[position].storage == nil && steps[position].reads.isEmpty)
  }
}
