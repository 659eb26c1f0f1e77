import MemoryPlanner
import Testing

@Suite struct TaskOrderTests {
  @Test func nothingToOrder() {
    let choice = chooseOrder(TaskGraph(tasks: [], buffers: []))
    #expect(choice == TaskOrder(order: [], peak: 0, isProven: true))
  }

  /// Two branches that each make something large and reduce it: one after the other.
  @Test func branchesRunOneAfterTheOther() {
    let buffers = [8, 100, 100, 1, 1, 8].enumerated().map {
      TaskGraph.Buffer(bytes: $1, isLiveAtStart: $0 == 0, isLiveAtEnd: $0 == 5)
    }
    let graph = TaskGraph(
      tasks: [
        .init(predecessors: [], buffers: [0, 1]), .init(predecessors: [], buffers: [0, 2]),
        .init(predecessors: [0], buffers: [1, 3]), .init(predecessors: [1], buffers: [2, 4]),
        .init(predecessors: [2, 3], buffers: [3, 4, 5]),
      ], buffers: buffers)
    #expect(graph.peak(of: [0, 1, 2, 3, 4]) == 208)
    let choice = chooseOrder(graph)
    #expect(choice.peak == 109)
    #expect(choice.isProven)
    #expect(graph.allows(choice.order))
    #expect(graph.peak(of: choice.order) == 109)
  }

  @Test(arguments: 0..<60)
  func smallGraphsAreOrderedAsWellAsCanBe(seed: Int) {
    let graph = randomGraph(tasks: 3 + seed % 6, seed: UInt64(seed))
    let choice = chooseOrder(graph)
    #expect(graph.allows(choice.order))
    #expect(graph.peak(of: choice.order) == choice.peak)
    #expect(choice.isProven)
    #expect(choice.peak == smallestPeak(graph))
  }

  @Test(arguments: 0..<12)
  func largeGraphsGetNoWorse(seed: Int) {
    let graph = randomGraph(tasks: 40 + 20 * seed, seed: UInt64(100 + seed))
    let choice = chooseOrder(graph, width: 6, states: 100)
    #expect(graph.allows(choice.order))
    #expect(graph.peak(of: choice.order) == choice.peak)
    #expect(choice.peak <= graph.peak(of: Array(graph.tasks.indices)))
    #expect(chooseOrder(graph, width: 6, states: 100) == choice)
  }

  @Test func givenOrderStaysWhereNoneIsBetter() {
    let graph = TaskGraph(
      tasks: [.init(predecessors: [], buffers: [0]), .init(predecessors: [], buffers: [1])],
      buffers: [.init(bytes: 4), .init(bytes: 4)])
    #expect(chooseOrder(graph) == TaskOrder(order: [0, 1], peak: 4, isProven: true))
  }

  /// Each task reads results of some before it, mostly recent ones, and writes one of its own.
  private func randomGraph(tasks count: Int, seed: UInt64) -> TaskGraph {
    var generator = SeededGenerator(seed: seed)
    var tasks: [TaskGraph.Task] = []
    var isRead = [Bool](repeating: false, count: count)
    for index in 0..<count {
      var reads: Set<Int> = []
      for _ in 0..<Int.random(in: 0...2, using: &generator) where index > 0 {
        reads.insert(Int.random(in: max(0, index - 6)..<index, using: &generator))
      }
      for read in reads { isRead[read] = true }
      tasks.append(.init(predecessors: reads.sorted(), buffers: reads.sorted() + [index]))
    }
    let buffers = (0..<count).map {
      TaskGraph.Buffer(
        bytes: Int.random(in: 1...50, using: &generator), isLiveAtStart: $0 == 0, isLiveAtEnd: !isRead[$0])
    }
    return TaskGraph(tasks: tasks, buffers: buffers)
  }

  private func smallestPeak(_ graph: TaskGraph) -> Int {
    var best = Int.max
    var order: [Int] = []
    func extend() {
      if order.count == graph.tasks.count { best = min(best, graph.peak(of: order)) }
      for task in graph.tasks.indices
      where !order.contains(task) && graph.tasks[task].predecessors.allSatisfy({ order.contains($0) }) {
        order.append(task)
        extend()
        order.removeLast()
      }
    }
    extend()
    return best
  }
}
