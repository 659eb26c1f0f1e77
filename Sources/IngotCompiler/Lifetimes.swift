import IR

/// When each value of a graph is defined and last read, in steps.
///
/// Step 0 is before the first node, node i of the order runs at step i + 1, the last step is after the last
/// node: graph inputs are defined at step 0 and outputs are read at the last step.
struct Lifetimes {
  let lastStep: Int
  private var definitions: [Int]
  private var lastUses: [Int]

  init(_ graph: Graph) {
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
    for output in graph.outputs { lastUses[output.value.index] = lastStep }
  }

  func definition(of value: ValueID) -> Int { definitions[value.index] }
  func lastUse(of value: ValueID) -> Int { lastUses[value.index] }
}
