import Bundle
import CBundleFormat
import IR
import Tensors

/// What the search for a schedule knows of a function: for each place of the execution order what its node computes, and
/// how long that is needed.
struct ScheduleGraph {
  /// A value that has memory, with all views of it.
  struct Storage {
    /// The value that is all of it.
    var value: ValueID
    var type: TensorType
    var bytes: Int
    /// Place of the node that writes it; -1 for inputs.
    var written: Int
    /// Last place at which it is read; the number of nodes if the caller reads it.
    var lastRead: Int
    /// Whether a cascade may write other results to it.
    var isArena: Bool
  }

  struct Step {
    /// Index of the storage that the node writes; nil if it computes nothing, such as a view.
    var storage: Int?
    /// Indices of storages that it reads.
    var reads: [Int]
    /// Nil if the node can't run in stripes.
    var access: RowAccess?
    /// The storage of each read of `access`.
    var rowStorages: [Int] = []
    /// Of one row of the result.
    var rowBytes: Int
    /// Reads of `access` that the result may lie over, element by element.
    var overwritable: [Int] = []
    /// Whether a loop repeats it.
    var isRepeated: Bool
  }

  let order: [NodeID]
  private(set) var storages: [Storage] = []
  private(set) var steps: [Step] = []
  /// By value.
  private var storageOf: [Int?]

  init(_ function: FlatFunction) {
    let graph = function.graph
    order = graph.order
    storageOf = [Int?](repeating: nil, count: graph.valueCapacity)
    for port in graph.inputs { add(port.value, graph, written: -1, isArena: false) }
    for (position, id) in graph.order.enumerated() {
      steps.append(step(position, graph[id], graph, isRepeated: function.repeats(position)))
    }
    for loop in function.loops {
      for index in storages.indices
      where storages[index].written < loop.range.lowerBound && loop.range.contains(storages[index].lastRead) {
        storages[index].lastRead = loop.range.upperBound - 1
      }
    }
    for port in graph.outputs {
      if let storage = storageOf[port.value.index] { storages[storage].lastRead = order.count }
    }
  }

  private mutating func add(_ value: ValueID, _ graph: Graph, written: Int, isArena: Bool) {
    storageOf[value.index] = storages.count
    storages.append(
      Storage(
        value: value, type: graph.type(of: value), bytes: footprint(graph.type(of: value).byteCount),
        written: written, lastRead: written, isArena: isArena))
  }

  private mutating func step(_ position: Int, _ node: Node, _ graph: Graph, isRepeated: Bool) -> Step {
    var reads: [Int] = []
    for operand in node.operands {
      guard let storage = storageOf[operand.index], !reads.contains(storage) else { continue }
      storages[storage].lastRead = position
      reads.append(storage)
    }
    var step = Step(storage: nil, reads: reads, rowBytes: 0, isRepeated: isRepeated)
    if let operand = node.operands.first, storageOf[operand.index] != nil,
      node.op.viewStart(in: graph.shape(of: operand)) != nil
    {
      storageOf[node.results[0].index] = storageOf[operand.index]
      return step
    }
    if node.results.allSatisfy({ graph.isConstant($0) }) { return step }
    for result in node.results { add(result, graph, written: position, isArena: true) }
    let result = node.results[0]
    step.storage = storageOf[result.index]
    guard !isRepeated, let access = RowAccess(node, in: graph), node.takesWindows(in: graph) else {
      return step
    }
    step.access = access
    step.rowBytes = graph.type(of: result).byteCount / access.rows
    step.rowStorages = access.reads.map { storageOf[$0.value.index] ?? 0 }
    step.overwritable = access.reads.indices.filter { index in
      let read = access.reads[index]
      return node.canOverwrite(read.operand, in: graph)
        && graph.type(of: read.value) == graph.type(of: result)
    }
    return step
  }

  /// Bytes of storages that lie there before the node at a place runs, and are needed from then on.
  func liveBytes(before position: Int) -> Int {
    storages.reduce(0) { sum, storage in
      storage.written < position && storage.lastRead >= position ? sum + storage.bytes : sum
    }
  }
}

/// What a buffer of so many bytes occupies.
func footprint(_ bytes: Int) -> Int {
  let alignment = Int(INGOT_TENSOR_ALIGNMENT)
  return (bytes + alignment - 1) / alignment * alignment
}

extension FlatFunction {
  fileprivate func repeats(_ position: Int) -> Bool { loops.contains { $0.range.contains(position) } }
}

extension Node {
  /// The kernel that computes it; nil where there is none.
  private func opcode(in graph: Graph) -> ingot_opcode? {
    try? kernelCall(
      op, operands: operands.map { graph.type(of: $0) }, results: results.map { graph.type(of: $0) }
    ).opcode
  }

  /// Whether its kernel reads and writes rows of images.
  fileprivate func takesWindows(in graph: Graph) -> Bool { opcode(in: graph)?.takesWindows ?? false }

  fileprivate func canOverwrite(_ operand: Int, in graph: Graph) -> Bool {
    opcode(in: graph)?.canOverwrite(input: operand) ?? false
  }
}
