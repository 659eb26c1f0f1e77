/// Tasks in a given order, what has to come before each, and the buffers that they use.
///
/// A buffer is live from the first task that uses it, or the start, to the last one, or the end, in whatever order the tasks
/// run.
package struct TaskGraph: Sendable {
  package struct Task: Sendable, Equatable {
    /// Tasks before this one in the given order that have to come before it in every order.
    package var predecessors: [Int]
    /// Buffers that it reads or writes.
    package var buffers: [Int]

    package init(predecessors: [Int], buffers: [Int]) {
      (self.predecessors, self.buffers) = (predecessors, buffers)
    }
  }

  package struct Buffer: Sendable, Equatable {
    package var bytes: Int
    /// Whether it is live before the first task.
    package var isLiveAtStart: Bool
    /// Whether it is live after the last task.
    package var isLiveAtEnd: Bool

    package init(bytes: Int, isLiveAtStart: Bool = false, isLiveAtEnd: Bool = false) {
      (self.bytes, self.isLiveAtStart, self.isLiveAtEnd) = (bytes, isLiveAtStart, isLiveAtEnd)
    }
  }

  package let tasks: [Task]
  package let buffers: [Buffer]
  /// Tasks that have to come after each, ascending.
  package let successors: [[Int]]
  /// Tasks that use each buffer, ascending.
  package let users: [[Int]]

  package init(tasks: [Task], buffers: [Buffer]) {
    self.tasks = tasks
    self.buffers = buffers
    var successors = [[Int]](repeating: [], count: tasks.count)
    var users = [[Int]](repeating: [], count: buffers.count)
    for (index, task) in tasks.enumerated() {
      for predecessor in task.predecessors {
        precondition(predecessor < index, "the given order is one of the possible ones")
        successors[predecessor].append(index)
      }
      for buffer in task.buffers where users[buffer].last != index { users[buffer].append(index) }
    }
    self.successors = successors
    self.users = users
  }

  /// The bytes live while each task of an order runs.
  package func liveBytes(in order: [Int]) -> [Int] {
    var left = users.map(\.count)
    var live = buffers.indices.reduce(0) { $0 + (buffers[$1].isLiveAtStart ? buffers[$1].bytes : 0) }
    return order.map { task in
      let used = Set(tasks[task].buffers)
      for buffer in used where left[buffer] == users[buffer].count && !buffers[buffer].isLiveAtStart {
        live += buffers[buffer].bytes
      }
      let during = live
      for buffer in used {
        left[buffer] -= 1
        if left[buffer] == 0, !buffers[buffer].isLiveAtEnd { live -= buffers[buffer].bytes }
      }
      return during
    }
  }

  /// The most bytes live while a task runs.
  package func peak(of order: [Int]) -> Int { liveBytes(in: order).max() ?? 0 }

  /// The most bytes that a task uses by itself, or that are live at the start or at the end.
  package var largestTask: Int {
    let byItself = tasks.map { task in Set(task.buffers).reduce(0) { $0 + buffers[$1].bytes } }.max() ?? 0
    let ends = [buffers.filter(\.isLiveAtStart), buffers.filter(\.isLiveAtEnd)].map {
      $0.reduce(0) { $0 + $1.bytes }
    }
    return max(byItself, tasks.isEmpty ? 0 : ends.max() ?? 0)
  }

  /// Whether an order has every task once, and each after what has to come before it.
  package func allows(_ order: [Int]) -> Bool {
    var position = [Int?](repeating: nil, count: tasks.count)
    for (index, task) in order.enumerated() where tasks.indices.contains(task) { position[task] = index }
    return order.count == tasks.count
      && tasks.indices.allSatisfy { task in
        guard let own = position[task] else { return false }
        return tasks[task].predecessors.allSatisfy { position[$0].map { $0 < own } ?? false }
      }
  }

  /// The given order in pieces, each of which comes after all of the piece before it in every order: between two there is
  /// a task that everything before leads to and everything after comes from. So each piece can be ordered by itself.
  var pieces: [Range<Int>] {
    var pieces: [Range<Int>] = []
    var begin = 0
    let lastStarts = lastStarts
    // Tasks so far without a successor so far.
    var openEnds = 0
    var seen = [Bool](repeating: false, count: tasks.count)
    for index in tasks.indices {
      openEnds += 1
      for predecessor in tasks[index].predecessors where !seen[predecessor] {
        seen[predecessor] = true
        openEnds -= 1
      }
      if openEnds == 1, lastStarts[index], index + 1 < tasks.count {
        pieces.append(begin..<(index + 1))
        begin = index + 1
      }
    }
    if begin < tasks.count { pieces.append(begin..<tasks.count) }
    return pieces
  }

  /// Whether each task comes before all that follow it in the given order.
  private var lastStarts: [Bool] {
    var result = [Bool](repeating: false, count: tasks.count)
    // Tasks from here on without a predecessor from here on.
    var openStarts = 0
    var seen = [Bool](repeating: false, count: tasks.count)
    for index in tasks.indices.reversed() {
      openStarts += 1
      for successor in successors[index] where !seen[successor] {
        seen[successor] = true
        openStarts -= 1
      }
      result[index] = openStarts == 1
    }
    return result
  }
}
