/// The tensors in nested dictionaries and lists, under dotted names. A name is made only for what is kept, so that a
/// long key over a long list costs nothing by itself.
struct StateContents {
  private static let maximumDepth = 16
  private static let maximumNameLength = 1024

  private(set) var tensors: [(name: String, tensor: Int)] = []
  /// Objects that can't be read, with what they are.
  private(set) var unreadable: [(name: String, found: String)] = []

  /// A key, or a position in a list, and the container that it is in.
  private struct Step {
    var parent: Int?
    var key: String?
    var position = 0
    var depth: Int
    /// Bytes of the dotted name.
    var nameLength: Int
  }

  /// Walks everything below a value, once for every way that leads there, and charges the heap for it.
  init(of root: PickleValue, heap: inout PickleHeap) throws(Finding) {
    // What remains to be visited; entries are pushed in reverse so that they come out in order.
    var pending: [(value: PickleValue, step: Int?)] = [(root, nil)]
    var steps: [Step] = []
    var names = Set<String>()
    while let (value, step) = pending.popLast() {
      try heap.charge(values: 1)
      switch value {
      case .tensor(let index):
        let name = try Self.name(step, steps, heap: &heap)
        guard names.insert(name).inserted else {
          throw Finding("has two tensors \(ImportError.quoted(name))", expected: "unique names")
        }
        tensors.append((name.isEmpty ? "tensor" : name, index))
      case .dictionary(let index):
        for (key, child) in try heap.entries(ofDictionary: index).reversed() where child.mayHoldTensors {
          pending.append((child, try Self.enter(step, key: key, &steps, heap: &heap)))
        }
      case .sequence(let index):
        let elements = heap.sequences[index]
        try heap.charge(values: elements.count)
        for (position, child) in elements.enumerated().reversed() where child.mayHoldTensors {
          pending.append((child, try Self.enter(step, position: position, &steps, heap: &heap)))
        }
      case .object, .global, .storage:
        let name = try Self.name(step, steps, heap: &heap)
        unreadable.append((name.isEmpty ? "the whole file" : name, value.kind))
      case .none, .bool, .integer, .longInteger, .float, .string, .bytes: continue
      }
    }
  }

  /// The place of an element of a container; nil stands for the root.
  private static func enter(
    _ parent: Int?, key: String? = nil, position: Int = 0, _ steps: inout [Step], heap: inout PickleHeap
  ) throws(Finding) -> Int {
    try heap.charge(MemoryLayout<Step>.stride + MemoryLayout<(PickleValue, Int?)>.stride)
    let (depth, length) = parent.map { (steps[$0].depth + 1, steps[$0].nameLength + 1) } ?? (1, 0)
    let own = key?.utf8.count ?? String(position).utf8.count
    guard depth <= maximumDepth, length + own <= maximumNameLength else {
      throw Finding("nests dictionaries too deeply", expected: "a state dictionary")
    }
    steps.append(Step(parent: parent, key: key, position: position, depth: depth, nameLength: length + own))
    return steps.count - 1
  }

  /// The keys from the root to a place, joined by dots; empty for the root.
  private static func name(_ step: Int?, _ steps: [Step], heap: inout PickleHeap) throws(Finding) -> String {
    guard let step else { return "" }
    // The name, its place in the set of names, and what an error says of it.
    try heap.charge(2 * steps[step].nameLength + 64)
    var parts: [String] = []
    var current: Int? = step
    while let index = current {
      parts.append(steps[index].key ?? String(steps[index].position))
      current = steps[index].parent
    }
    return parts.reversed().joined(separator: ".")
  }
}

extension PickleValue {
  /// Whether it is a tensor, may have one in it, or may stand for one.
  fileprivate var mayHoldTensors: Bool {
    switch self {
    case .tensor, .dictionary, .sequence, .object, .global, .storage: true
    case .none, .bool, .integer, .longInteger, .float, .string, .bytes: false
    }
  }
}
