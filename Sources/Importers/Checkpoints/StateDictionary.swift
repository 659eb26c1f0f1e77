/// Finds the weights among everything that a training script saved.
///
/// Scripts wrap the state dictionary in others, beside optimizer state, options and counters. While the
/// dictionary has one of the well-known keys with a dictionary of tensors behind it, that one is taken, in
/// the order of ``wellKnownKeys``. What is found is flattened: nested dictionaries and lists give dotted
/// names. A prefix `module.` that all names share, the mark of data-parallel training, is dropped. Entries
/// that are not tensors are ignored, but the ones of a class that is not known are remembered, for the case
/// that the network needs them.
struct StateDictionary {
  static let wellKnownKeys = [
    "state_dict", "model_state_dict", "model", "module", "network_fn_state_dict", "net", "network",
    "generator",
    "params_ema", "params", "ema_state_dict", "ema", "model_ema", "weights",
  ]
  private static let maximumDepth = 16
  private static let maximumVisitCount = 1_000_000
  private static let maximumNameLength = 1024

  /// Tensors by name in the file's order.
  private(set) var tensors: [(name: String, tensor: Int)] = []
  /// Entries that can't be read, with the reason.
  private(set) var unreadable: [(name: String, found: String)] = []
  private let heap: PickleHeap
  private var visitCount = 0

  /// Takes the dictionary at `entry` of the pickle's value, or searches as described if `entry` is nil.
  init(of root: PickleValue, heap: PickleHeap, entry: String?) throws(Finding) {
    self.heap = heap
    if let entry {
      try collect(try select(entry, of: root))
    } else {
      try collect(try search(root))
    }
    dropCommonPrefix()
    if tensors.isEmpty, let first = unreadable.first {
      throw Finding(
        "holds no tensors; its entry \(ImportError.quoted(first.name)) is \(first.found)",
        expected: "a state dictionary",
        advice: "save model.state_dict() instead")
    }
    guard !tensors.isEmpty else {
      throw Finding("holds no tensors", expected: "a state dictionary", advice: "save model.state_dict()")
    }
  }

  /// The dictionary's entries with the later of equal keys winning, in the order of first occurrence.
  private func entries(_ index: Int) throws(Finding) -> [(key: String, value: PickleValue)] {
    var result: [(key: String, value: PickleValue)] = []
    var positions: [String: Int] = [:]
    for (key, value) in heap.dictionaries[index] {
      let name: String
      switch key {
      case .string(let text): name = text
      case .integer(let number): name = String(number)
      default: continue
      }
      if let position = positions[name] {
        result[position].value = value
      } else {
        positions[name] = result.count
        result.append((name, value))
      }
    }
    return result
  }

  private func select(_ key: String, of root: PickleValue) throws(Finding) -> PickleValue {
    guard case .dictionary(let index) = root else {
      throw Finding("holds \(root.kind)", expected: "a dictionary with the entry \(ImportError.quoted(key))")
    }
    let entries = try entries(index)
    guard let value = entries.first(where: { $0.key == key })?.value else {
      let names = entries.prefix(12).map { ImportError.quoted($0.key) }.joined(separator: ", ")
      throw Finding("has the entries \(names)", expected: "an entry \(ImportError.quoted(key))")
    }
    return value
  }

  private mutating func search(_ root: PickleValue) throws(Finding) -> PickleValue {
    var value = root
    var seen = Set<Int>()
    while case .dictionary(let index) = value, seen.insert(index).inserted {
      let entries = try entries(index)
      var next: PickleValue?
      for key in Self.wellKnownKeys where next == nil {
        if let candidate = entries.first(where: { $0.key == key })?.value, try holdsTensors(candidate) {
          next = candidate
        }
      }
      guard let next else { break }
      value = next
    }
    return value
  }

  /// Whether a dictionary has a tensor in it or in a dictionary in it.
  private mutating func holdsTensors(_ value: PickleValue) throws(Finding) -> Bool {
    var pending = [value]
    var seen = Set<Int>()
    while let next = pending.popLast() {
      guard case .dictionary(let index) = next, seen.insert(index).inserted else { continue }
      for (_, value) in heap.dictionaries[index] {
        try countVisit()
        if case .tensor = value { return true }
        if case .dictionary = value { pending.append(value) }
      }
    }
    return false
  }

  private mutating func countVisit() throws(Finding) {
    visitCount += 1
    guard visitCount <= Self.maximumVisitCount else {
      throw Finding("has more than \(Self.maximumVisitCount) entries", expected: "a state dictionary")
    }
  }

  private mutating func collect(_ root: PickleValue) throws(Finding) {
    // A stack of what remains to be visited; entries are pushed in reverse so that they come out in order.
    var pending: [(name: String, value: PickleValue, depth: Int)] = [("", root, 0)]
    var names = Set<String>()
    while let (name, value, depth) = pending.popLast() {
      try countVisit()
      guard depth <= Self.maximumDepth, name.utf8.count <= Self.maximumNameLength else {
        throw Finding("nests dictionaries too deeply", expected: "a state dictionary")
      }
      func child(_ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }
      switch value {
      case .tensor(let index):
        guard names.insert(name).inserted else {
          throw Finding("has two tensors \(ImportError.quoted(name))", expected: "unique names")
        }
        tensors.append((name.isEmpty ? "tensor" : name, index))
      case .dictionary(let index):
        let entries = try entries(index)
        guard pending.count + entries.count <= Self.maximumVisitCount else {
          throw Finding("has more than \(Self.maximumVisitCount) entries", expected: "a state dictionary")
        }
        pending += entries.reversed().map { (child($0.key), $0.value, depth + 1) }
      case .sequence(let index):
        let elements = heap.sequences[index]
        guard pending.count + elements.count <= Self.maximumVisitCount else {
          throw Finding("has more than \(Self.maximumVisitCount) entries", expected: "a state dictionary")
        }
        pending += elements.enumerated().reversed().map { (child(String($0)), $1, depth + 1) }
      case .object, .global, .storage:
        unreadable.append((name.isEmpty ? "the whole file" : name, value.kind))
      case .none, .bool, .integer, .longInteger, .float, .string, .bytes: continue
      }
    }
  }

  private mutating func dropCommonPrefix() {
    let prefix = "module."
    guard !tensors.isEmpty, tensors.allSatisfy({ $0.name.hasPrefix(prefix) && $0.name != prefix }) else {
      return
    }
    for index in tensors.indices { tensors[index].name.removeFirst(prefix.count) }
    for index in unreadable.indices where unreadable[index].name.hasPrefix(prefix) {
      unreadable[index].name.removeFirst(prefix.count)
    }
  }
}
