import IR
import Tensors

/// What becomes of a graph's outputs when some results are other than the source computes them, all else being the same. It keeps every
/// value of one sample, in a temporary file.
struct OutputNoise: Sendable {
  private let graph: Graph
  private let functions: [Graph]
  private let store: SampleStore
  private let slots: [ValueID: SampleStore.Slot]
  /// Of each output.
  private let power: [Double]

  init(_ graph: Graph, functions: [Graph], inputs: [Tensor]) throws(Diagnostic) {
    self.graph = graph
    self.functions = functions
    let store = try SampleStore()
    var slots: [ValueID: SampleStore.Slot] = [:]
    func keep(_ value: ValueID, _ tensor: Tensor) throws(Diagnostic) {
      let slot = store.allocate(graph.type(of: value), samples: 1)
      try store.write(tensor, 0, slot)
      slots[value] = slot
    }
    for (port, tensor) in zip(graph.inputs, inputs) { try keep(port.value, tensor) }
    _ = try evaluate(graph, inputs, functions: functions) { (event) throws(Diagnostic) in
      guard event.path.isEmpty else { return }
      for (value, tensor) in zip(event.graph[event.node].results, event.results) { try keep(value, tensor) }
    }
    self.store = store
    self.slots = slots
    var power: [Double] = []
    for output in graph.outputs {
      let exact =
        try slots[output.value].map { (slot) throws(Diagnostic) in try store.read(0, slot) }
        ?? graph.constant(output.value)!
      power.append(weightedPower(exact, nil, nil))
    }
    self.power = power
  }

  /// A value as the source computes it.
  func exact(_ value: ValueID) throws(Diagnostic) -> Tensor {
    if let constant = graph.constant(value) { return constant }
    return try store.read(0, slots[value]!)
  }

  /// The share of the power of each output that turns to noise when nodes give other results.
  func shares(changing results: [NodeID: [Tensor]]) throws(Diagnostic) -> [Double] {
    var changed: [ValueID: Tensor] = [:]
    var readersLeft = [Int](repeating: 0, count: graph.valueCapacity)
    for id in graph.order {
      for operand in graph[id].operands { readersLeft[operand.index] += 1 }
    }
    for output in graph.outputs { readersLeft[output.value.index] += 1 }
    for id in graph.order {
      let node = graph[id]
      if let given = results[id] {
        for (result, tensor) in zip(node.results, given) { changed[result] = tensor }
      } else if node.operands.contains(where: { changed[$0] != nil }) {
        let operands = try node.operands.map { (operand) throws(Diagnostic) -> Tensor in
          if let tensor = changed[operand] { return tensor }
          return try exact(operand)
        }
        for (result, tensor) in zip(node.results, try graph.evaluate(id, operands, functions: functions)) {
          changed[result] = tensor
        }
      }
      for operand in node.operands {
        readersLeft[operand.index] -= 1
        if readersLeft[operand.index] == 0 { changed[operand] = nil }
      }
    }
    return try zip(graph.outputs, power).map { (output, power) throws(Diagnostic) in
      guard let after = changed[output.value] else { return 0 }
      return weightedPower(try exact(output.value), after, nil) / max(power, 1e-30)
    }
  }
}
