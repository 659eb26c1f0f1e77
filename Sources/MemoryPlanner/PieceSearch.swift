/// Looks for orders of one piece of a graph after the other, in terms of the sets of tasks that have run.
struct PieceSearch {
  enum Outcome {
    /// The best order there is.
    case found([Int], Int)
    /// No order is below the limit.
    case none
    case tooMany
  }

  /// A set of tasks of a piece that have run, and how they came to it.
  fileprivate struct State {
    /// By position in the piece, a bit each.
    var done: [UInt64]
    var ready: [Int32]
    var live: Int
    var peak: Int
    var hash: UInt64
    /// Index of the state before it in `trail`, and the task that led here.
    var previous: Int32
    var task: Int32
    var count: Int32
  }

  private let graph: TaskGraph
  /// How many tasks of earlier pieces use each buffer.
  private var usedBefore: [Int]
  private var liveBefore: Int
  /// The states that have been reached, as far as their paths go.
  private var trail: [(previous: Int32, task: Int32)] = []

  init(_ graph: TaskGraph) {
    self.graph = graph
    usedBefore = [Int](repeating: 0, count: graph.buffers.count)
    liveBefore = graph.buffers.reduce(0) { $0 + ($1.isLiveAtStart ? $1.bytes : 0) }
  }

  /// The piece has run, in some order.
  mutating func finish(_ piece: Range<Int>) {
    for task in piece {
      for buffer in Set(graph.tasks[task].buffers) {
        if usedBefore[buffer] == 0, !graph.buffers[buffer].isLiveAtStart {
          liveBefore += graph.buffers[buffer].bytes
        }
        usedBefore[buffer] += 1
        if usedBefore[buffer] == graph.users[buffer].count, !graph.buffers[buffer].isLiveAtEnd {
          liveBefore -= graph.buffers[buffer].bytes
        }
      }
    }
  }

  /// The best order that going on from the `width` best sets of each size finds, if its peak, of at least `floor`, is below a
  /// limit.
  mutating func beam(
    _ piece: Range<Int>, width: Int, from floor: Int, below limit: Int
  ) -> (order: [Int], peak: Int)? {
    trail.removeAll(keepingCapacity: true)
    var level = [start(piece, floor)]
    while let first = level.first, Int(first.count) < piece.count {
      var next: [State] = []
      var seen: [UInt64: Int] = [:]
      for state in level {
        trail.append((state.previous, state.task))
        for successor in successors(of: state, at: Int32(trail.count - 1), in: piece)
        where successor.peak < limit {
          if let known = seen[successor.hash] {
            if successor.peak < next[known].peak { next[known] = successor }
          } else {
            seen[successor.hash] = next.count
            next.append(successor)
          }
        }
      }
      next.sort { ($0.peak, $0.live, $0.hash) < ($1.peak, $1.live, $1.hash) }
      level = Array(next.prefix(width))
    }
    guard let best = level.first else { return nil }
    return (path(to: best), best.peak)
  }

  /// Looks at sets by ascending peak until one is complete.
  mutating func exhaust(
    _ piece: Range<Int>, states limit: Int, from floor: Int, below bound: Int
  ) -> Outcome {
    trail.removeAll(keepingCapacity: true)
    var open = Heap()
    open.insert(start(piece, floor))
    var closed: Set<UInt64> = []
    while let state = open.removeFirst() {
      if Int(state.count) == piece.count { return .found(path(to: state), state.peak) }
      guard closed.insert(state.hash).inserted else { continue }
      if closed.count > limit { return .tooMany }
      trail.append((state.previous, state.task))
      for successor in successors(of: state, at: Int32(trail.count - 1), in: piece)
      where successor.peak < bound && !closed.contains(successor.hash) {
        open.insert(successor)
      }
    }
    return .none
  }

  private func start(_ piece: Range<Int>, _ floor: Int) -> State {
    let ready = piece.filter { graph.tasks[$0].predecessors.allSatisfy { $0 < piece.lowerBound } }.map {
      Int32($0)
    }
    return State(
      done: [UInt64](repeating: 0, count: (piece.count + 63) / 64), ready: ready, live: liveBefore,
      peak: floor,
      hash: 0, previous: -1, task: -1, count: 0)
  }

  /// The sets with one more task. A task that needs no more than has been needed already, and leaves no more than was live,
  /// may as well run at once: it frees no less later, and needs no more now.
  private func successors(of state: State, at index: Int32, in piece: Range<Int>) -> [State] {
    var steps: [(task: Int, during: Int, after: Int)] = []
    for task in state.ready {
      let step = (task: Int(task), bytes: bytes(running: Int(task), after: state, in: piece))
      if step.bytes.during <= state.peak, step.bytes.after <= state.live {
        return [next(state, step.task, step.bytes.during, step.bytes.after, index, piece)]
      }
      steps.append((step.task, step.bytes.during, step.bytes.after))
    }
    return steps.map { next(state, $0.task, $0.during, $0.after, index, piece) }
  }

  /// What is live while a task runs after a set, and then.
  private func bytes(running task: Int, after state: State, in piece: Range<Int>) -> (during: Int, after: Int)
  {
    var (during, freed) = (state.live, 0)
    let used = graph.tasks[task].buffers
    for (index, buffer) in used.enumerated() where !used[..<index].contains(buffer) {
      var count = usedBefore[buffer]
      for user in graph.users[buffer] where piece.contains(user) && state.contains(user - piece.lowerBound) {
        count += 1
      }
      if count == 0, !graph.buffers[buffer].isLiveAtStart { during += graph.buffers[buffer].bytes }
      if count + 1 == graph.users[buffer].count, !graph.buffers[buffer].isLiveAtEnd {
        freed += graph.buffers[buffer].bytes
      }
    }
    return (during, during - freed)
  }

  private func next(
    _ state: State, _ task: Int, _ during: Int, _ after: Int, _ index: Int32, _ piece: Range<Int>
  ) -> State {
    var next = state
    let position = task - piece.lowerBound
    next.done[position / 64] |= 1 << UInt64(position % 64)
    next.ready.removeAll { $0 == Int32(task) }
    for successor in graph.successors[task]
    where piece.contains(successor) && !next.ready.contains(Int32(successor))
      && graph.tasks[successor].predecessors.allSatisfy({
        $0 < piece.lowerBound || next.contains($0 - piece.lowerBound)
      })
    {
      next.ready.append(Int32(successor))
    }
    next.live = after
    next.peak = max(state.peak, during)
    next.hash = state.hash ^ mixed(UInt64(position) + 1)
    (next.previous, next.task, next.count) = (index, Int32(task), state.count + 1)
    return next
  }

  private func path(to state: State) -> [Int] {
    var tasks: [Int] = []
    var (previous, task) = (state.previous, state.task)
    while task >= 0 {
      tasks.append(Int(task))
      (previous, task) = trail[Int(previous)]
    }
    return tasks.reversed()
  }

  /// States, the one with the smallest peak first; of equals the one with the most tasks, then the least that is live.
  private struct Heap {
    private var states: [State] = []

    private func comesFirst(_ a: Int, _ b: Int) -> Bool {
      (states[a].peak, -states[a].count, states[a].live, states[a].hash)
        < (states[b].peak, -states[b].count, states[b].live, states[b].hash)
    }

    mutating func insert(_ state: State) {
      states.append(state)
      var child = states.count - 1
      while child > 0, comesFirst(child, (child - 1) / 2) {
        states.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }

    mutating func removeFirst() -> State? {
      guard let first = states.first, let last = states.popLast() else { return nil }
      guard !states.isEmpty else { return first }
      states[0] = last
      var parent = 0
      while true {
        let smallest = [2 * parent + 1, 2 * parent + 2].filter { $0 < states.count }.reduce(parent) {
          comesFirst($1, $0) ? $1 : $0
        }
        if smallest == parent { return first }
        states.swapAt(parent, smallest)
        parent = smallest
      }
    }
  }
}

extension PieceSearch.State {
  fileprivate func contains(_ position: Int) -> Bool { done[position / 64] >> UInt64(position % 64) & 1 == 1 }
}

/// A number for a task, so that those of a set, combined, tell it from other sets.
private func mixed(_ value: UInt64) -> UInt64 {
  var mixed = value &* 0x9E37_79B9_7F4A_7C15
  mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
  mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
  return mixed ^ (mixed >> 31)
}
