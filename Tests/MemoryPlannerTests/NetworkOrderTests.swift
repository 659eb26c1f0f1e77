import Foundation
import MemoryPlanner
import Testing

/// NASNet-Mobile in int8, whose cells leave much room for order; see Tests/Data/Tasks/tasks.py.
@Suite struct NetworkOrderTests {
  @Test func cellsOfNASNetRunInLessMemory() throws {
    let graph = try network("nasnet_mobile_int8")
    let given = Array(graph.tasks.indices)
    #expect(graph.tasks.count == 567)
    #expect(graph.peak(of: given) == 1_019_904)
    let choice = chooseOrder(graph)
    #expect(graph.allows(choice.order))
    #expect(graph.peak(of: choice.order) == choice.peak)
    #expect(choice.peak == 916_416)
    #expect(choice.isProven)
  }

  /// Rows of the bytes that a task writes and the rows that it reads, the input's first and the output's last.
  private func network(_ name: String) throws -> TaskGraph {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Data/Tasks/\(name).csv").standardizedFileURL
    let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      try line.split(separator: ",").map { try #require(Int($0)) }
    }
    let buffers = rows.enumerated().map { index, row in
      TaskGraph.Buffer(bytes: row[0], isLiveAtStart: index == 0, isLiveAtEnd: index == rows.count - 1)
    }
    let tasks = rows.enumerated().dropFirst().map { index, row in
      let reads = row.dropFirst()
      return TaskGraph.Task(predecessors: reads.filter { $0 > 0 }.map { $0 - 1 }, buffers: reads + [index])
    }
    return TaskGraph(tasks: tasks, buffers: buffers)
  }
}
