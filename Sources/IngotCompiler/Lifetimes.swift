import IR

/// When each value of a graph is defined and last read, in steps.
///
/// Step 0 is before the first node, node i of the order runs at step i + 1, the last step is after the last
/// node: graph inputs are defined at step 0 and outputs are read at the last step. What a loop reads from
/// before it is read until its last node. That includes the memory of what it hands from one run to the next
/// and of what it puts together, which ``LoopStep/Kind/start`` and ``LoopStep/Kind/space`` define.
struct Lifetimes {
  let lastStep: Int
  private var definitions: [Int]
  private var lastUses: [Int]

  init(_ function: FlatFunction) {
    let graph = function.graph
    lastStep = graph.order.count + 1
    definitions = [Int](repeating: 0, count: graph.valueCapacity)
    lastUses = [Int](repeating: 0, count: graph.valueCapacity)
    for (position, id) in graph.order.enumerated() {
      let node = graph[id]
      for operand in node.operands { lastUses[operand.index] = position + 1 }
      for result in node.results {
        definitions[result.index] = position + 1
        lastUses[result.index] = position + 1
      }
    }
    // Inner loops first: what they prolong, outer loops see.
    for loop in function.loops.reversed() { prolong(loop, graph) }
    for output in graph.outputs { lastUses[output.value.index] = lastStep }
  }

  private mutating func prolong(_ loop: FlatLoop, _ graph: Graph) {
    let (first, last) = (loop.range.lowerBound + 1, loop.range.upperBound)
    for id in graph.order[loop.range] {
      let node = graph[id]
      for operand in node.operands where definitions[operand.index] < first {
        lastUses[operand.index] = max(lastUses[operand.index], last)
      }
    }
  }

  func definition(of value: ValueID) -> Int { definitions[value.index] }
  func lastUse(of value: ValueID) -> Int { lastUses[value.index] }
}
