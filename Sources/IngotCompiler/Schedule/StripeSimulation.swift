/// Runs a cascade on paper: which rows each node computes in which turn, and how many of them must be kept.
struct StripeSimulation {
  /// The places of the cascade.
  let range: Range<Int>
  private(set) var stripes: [Cascade.Stripe] = []
  private(set) var rings: [Int: Int] = [:]
  /// Results that may lie over a storage whose rows are all read before they are written, by place.
  private(set) var overwrites: [Int: Int] = [:]
  /// Bytes that the cascade needs beside what is live before it.
  private(set) var bytes = 0

  private let graph: ScheduleGraph
  /// Places of the nodes that compute something.
  private let nodes: [Int]
  /// Rows that are there, by place less that of the first.
  private var done: [Int]
  /// Of results that nothing outside of the cascade reads, the most rows that were kept; nil for others.
  private var kept: [Int?]

  /// Nil if the nodes of the range can't run in stripes, or not those of the last one `height` rows at a time.
  init?(_ graph: ScheduleGraph, _ range: Range<Int>, height: Int) {
    self.graph = graph
    self.range = range
    nodes = range.filter { graph.steps[$0].storage != nil }
    guard nodes.count >= 2, let last = nodes.last, let lastAccess = graph.steps[last].access,
      nodes.allSatisfy({ graph.steps[$0].access != nil }), range.allSatisfy({ !graph.isView($0) }),
      height < lastAccess.rows
    else { return nil }
    done = [Int](repeating: 0, count: range.count)
    kept = range.map { position in
      graph.steps[position].storage.flatMap { graph.storages[$0].lastRead < range.upperBound ? 0 : nil }
    }
    guard let anchor = anchor() else { return nil }
    let turns = (graph.rows(anchor) + height - 1) / height
    var candidates = overwriteCandidates()
    for turn in 0..<turns {
      run(turn, of: turns, height: height, anchor: anchor)
      candidates = candidates.filter { isReadBeforeWritten($0.value, by: $0.key) }
    }
    finish(candidates)
  }

  /// The last node whose result is needed outside: its rows set the pace.
  private func anchor() -> Int? { nodes.last { kept[$0 - range.lowerBound] == nil } }

  /// What rows of an earlier node of the cascade a node reads.
  private func producer(of storage: Int) -> Int? {
    let written = graph.storages[storage].written
    return range.contains(written) ? written : nil
  }

  private mutating func run(_ turn: Int, of turns: Int, height: Int, anchor: Int) {
    var targets = done
    for position in nodes.reversed() {
      let place = position - range.lowerBound
      let rows = graph.rows(position)
      if position == anchor {
        targets[place] = max(targets[place], min(rows, (turn + 1) * height))
      } else if kept[place] == nil {
        // What only others outside read keeps pace.
        targets[place] = max(targets[place], turn + 1 == turns ? rows : rows * (turn + 1) / turns)
      }
      guard targets[place] > done[place], let access = graph.steps[position].access else { continue }
      for (read, storage) in zip(access.reads, graph.steps[position].rowStorages) {
        guard let producer = producer(of: storage) else { continue }
        let needed = read.end[targets[place] - 1]
        targets[producer - range.lowerBound] = max(targets[producer - range.lowerBound], needed)
      }
    }
    let oldest = oldestRows(targets)
    for position in nodes {
      let place = position - range.lowerBound
      guard targets[place] > done[place] else { continue }
      // Rows that nobody reads, such as those between windows, are not computed.
      let first = kept[place] == nil ? done[place] : max(done[place], oldest[place])
      if first < targets[place] {
        stripes.append(Cascade.Stripe(position: position, rows: first..<targets[place]))
      }
    }
    done = targets
    for place in kept.indices {
      if let rows = kept[place] { kept[place] = max(rows, targets[place] - oldest[place]) }
    }
  }

  /// By place, the first row of each result that a node still reads in this turn or later; the end of those that are there
  /// by then where nobody does.
  private func oldestRows(_ targets: [Int]) -> [Int] {
    var oldest = targets
    for position in nodes {
      let place = position - range.lowerBound
      guard let access = graph.steps[position].access, done[place] < access.rows else { continue }
      for (read, storage) in zip(access.reads, graph.steps[position].rowStorages) {
        guard let producer = producer(of: storage) else { continue }
        oldest[producer - range.lowerBound] = min(
          oldest[producer - range.lowerBound], read.first[done[place]])
      }
    }
    return oldest
  }

  // MARK: Results over what dies

  /// Results that leave the cascade, and a storage of the same type from before it that dies in it, over which they could
  /// lie: one that the node may overwrite, or that it does not read at all.
  private func overwriteCandidates() -> [Int: Int] {
    var candidates: [Int: Int] = [:]
    var dying = graph.storages.indices.filter { index in
      let storage = graph.storages[index]
      return storage.isArena && storage.written < range.lowerBound && range.contains(storage.lastRead)
    }
    for position in nodes where kept[position - range.lowerBound] == nil {
      let step = graph.steps[position]
      guard let result = step.storage else { continue }
      let place = dying.firstIndex { storage in
        guard graph.storages[storage].type == graph.storages[result].type else { return false }
        return !step.reads.contains(storage) || step.overwritable.contains { step.rowStorages[$0] == storage }
      }
      if let place { candidates[position] = dying.remove(at: place) }
    }
    return candidates
  }

  /// Whether what the node at a place has written by now, over a storage, covers no row that some node still reads. Under
  /// another shape, rows lie elsewhere.
  private func isReadBeforeWritten(_ storage: Int, by writer: Int) -> Bool {
    let written = done[writer - range.lowerBound]
    for position in nodes {
      guard let access = graph.steps[position].access else { continue }
      let next = done[position - range.lowerBound]
      for (read, other) in zip(access.reads, graph.steps[position].rowStorages) where other == storage {
        guard read.value == graph.storages[storage].value else { return false }
        guard position != writer else { continue }
        if position > writer, let stripe = stripes.last(where: { $0.position == position }),
          read.first[stripe.rows.lowerBound] < written
        {
          return false
        }
        if next < access.rows, read.first[next] < written { return false }
      }
    }
    return true
  }

  private mutating func finish(_ candidates: [Int: Int]) {
    overwrites = candidates
    for position in nodes {
      let place = position - range.lowerBound
      if let rows = kept[place] {
        rings[position] = max(rows, 1)
        bytes += footprint(max(rows, 1) * graph.steps[position].rowBytes)
      } else if candidates[position] == nil, let storage = graph.steps[position].storage {
        bytes += graph.storages[storage].bytes
      }
    }
  }
}

extension ScheduleGraph {
  fileprivate func rows(_ position: Int) -> Int { steps[position].access?.rows ?? 1 }

  /// Whether the node at a place gives another shape to what lies somewhere already.
  fileprivate func isView(_ position: Int) -> Bool {
    steps[position].storage == nil && !steps[position].reads.isEmpty
  }
}
