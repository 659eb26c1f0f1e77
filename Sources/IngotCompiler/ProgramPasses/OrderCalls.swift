import Bundle
import CBundleFormat
import IR
import MemoryPlanner

/// Runs calls in another order where that takes less memory.
///
/// ```
/// %2 "a": f32[64] in $2 = softmax %0        %2 "a": f32[64] in $2 = softmax %0
/// %3 "b": f32[64] in $3 = softmax %1        %4 "c": f32[1] in $4 = reduce %2
/// %4 "c": f32[1] in $4 = reduce %2      ->  %3 "b": f32[64] in $3 = softmax %1
/// %5 "d": f32[1] in $5 = reduce %3          %5 "d": f32[1] in $5 = reduce %3
/// ```
/// Of two calls that use the same bytes, at least one of them by writing, the first stays the first. Calls stay in their
/// loop, and between the loops that they stand between; the copies into outputs that end a program stay last. The new
/// order is kept if the plans of all memories together get smaller by it, and none gets larger.
package let orderCalls = ProgramPass(
  "order-calls", "runs calls in the order that takes the least memory"
) { program in
  let lifetimes = BufferLifetimes(program)
  var ordered = program
  for block in program.straightBlocks {
    let graph = program.taskGraph(of: block, lifetimes)
    let choice = chooseOrder(graph)
    for (place, task) in choice.order.enumerated() {
      ordered.instructions[block.lowerBound + place] = program.instructions[block.lowerBound + task]
    }
  }
  guard ordered != program, let before = try? plannedBytes(program), let after = try? plannedBytes(ordered),
    zip(after, before).allSatisfy({ $0 <= $1 }), after != before
  else { return }
  program = ordered
}

/// What each memory needs; throws where a memory can't be planned, which ``planMemory`` reports.
private func plannedBytes(_ program: Program) throws(Diagnostic) -> [Int] {
  var planned = program
  try planMemory.run(&planned)
  return planned.memories.map { $0.bytes ?? 0 }
}

extension Program {
  /// Runs of instructions without a loop among them, all in the same loops.
  fileprivate var straightBlocks: [Range<Int>] {
    let end = instructions.count - instructions.reversed().prefix { isOutputCopy($0) }.count
    var cuts: Set<Int> = [0, end]
    for (index, instruction) in instructions.enumerated() {
      guard let loop = instruction.loop else { continue }
      cuts.formUnion([index, index + 1, index + 1 + loop.length])
    }
    let sorted = cuts.filter { $0 <= end }.sorted()
    return zip(sorted, sorted.dropFirst()).map { $0..<$1 }.filter { $0.count > 2 }
  }

  /// The calls of a block as tasks, and the buffers that they use. A buffer that is live before its first use in the block, or
  /// after its last one, be it for a loop around it, is so in every order.
  fileprivate func taskGraph(of block: Range<Int>, _ lifetimes: BufferLifetimes) -> TaskGraph {
    var numbers: [Int: Int] = [:]
    var found: [TaskGraph.Buffer] = []
    var accesses: [[Access]] = []
    var tasks: [TaskGraph.Task] = []
    for (task, index) in block.enumerated() {
      var predecessors: Set<Int> = []
      var used: [Int] = []
      for access in self.accesses(of: instructions[index], task: task) {
        guard let live = lifetimes.instructions[access.buffer] else { continue }
        let number = numbers[access.buffer] ?? found.count
        if number == found.count {
          numbers[access.buffer] = number
          let bytes = LiveProfile.footprint(buffers[access.buffer])
          found.append(TaskGraph.Buffer(bytes: bytes, isLiveAtStart: live.lowerBound < index))
          accesses.append([])
        }
        found[number].isLiveAtEnd = live.upperBound > index
        for earlier in accesses[number] where earlier.task != task && earlier.conflicts(with: access) {
          predecessors.insert(earlier.task)
        }
        if access.isWrite { accesses[number].removeAll { $0.task != task && access.covers($0) } }
        accesses[number].append(access)
        used.append(number)
      }
      tasks.append(TaskGraph.Task(predecessors: predecessors.sorted(), buffers: used))
    }
    return TaskGraph(tasks: tasks, buffers: found)
  }

  private func accesses(of instruction: Instruction, task: Int) -> [Access] {
    func access(_ tensor: Int, isWrite: Bool) -> Access {
      Access(task: task, buffer: tensors[tensor].buffer, range: tensors[tensor].byteRange, isWrite: isWrite)
    }
    return instruction.inputs.compactMap { $0 }.map { access($0, isWrite: false) }
      + instruction.results.map { access($0, isWrite: true) }
  }
}

/// What a call does with some bytes of a buffer.
private struct Access {
  var task: Int
  var buffer: Int
  var range: Range<Int>
  var isWrite: Bool

  func conflicts(with other: Access) -> Bool {
    (isWrite || other.isWrite) && range.overlaps(other.range)
  }

  /// Whether whatever has to come after an earlier access has to come after this write.
  func covers(_ earlier: Access) -> Bool {
    range.lowerBound <= earlier.range.lowerBound && earlier.range.upperBound <= range.upperBound
  }
}
