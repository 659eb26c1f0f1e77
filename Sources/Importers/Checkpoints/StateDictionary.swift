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
    "generator", "params_ema", "params", "state_dict_ema", "ema_state_dict", "model_ema", "ema", "weights",
  ]

  /// Tensors by name in the file's order.
  private(set) var tensors: [(name: String, tensor: Int)] = []
  /// Entries that can't be read, with the reason.
  private(set) var unreadable: [(name: String, found: String)] = []
  /// The keys, joined by dots, behind which the tensors were found; empty for the whole file.
  private(set) var state = ""
  /// Keys, joined by dots, of other dictionaries with tensors of the same names, such as averages of the weights.
  private(set) var otherStates: [String] = []
  private var heap: PickleHeap

  /// Takes the dictionary that the keys `state`, joined by dots, lead to, or searches as described if it is nil.
  init(of root: PickleValue, heap: PickleHeap, state: String?) throws(Finding) {
    self.heap = heap
    let found = try search(root, from: state)
    self.state = found.path
    try collect(found.value)
    if let under = found.under { keepTensors(under: under) }
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
    if state == nil { otherStates = try alternatives(to: found.value, among: found.others) }
  }

  private typealias Place = (path: String, value: PickleValue)

  /// What a search ends at.
  private struct Found {
    var path: String
    var value: PickleValue
    /// Dictionaries that were passed by.
    var others: [Place] = []
    /// Of the tensors those whose names begin with this are meant.
    var under: String?
  }

  private mutating func search(_ root: PickleValue, from state: String?) throws(Finding) -> Found {
    guard let state else { return try descend(("", root)) }
    if let found = try find(state, in: root) {
      if found.under == nil { return try descend((state, found.value)) }
      return Found(path: state, value: found.value, under: found.under)
    }
    guard case .dictionary(let index) = root else {
      throw Finding(
        "holds \(root.kind)", expected: "a dictionary with the entry \(ImportError.quoted(state))")
    }
    let entries = try heap.entries(ofDictionary: index)
    let names = entries.prefix(12).map { ImportError.quoted($0.key) }.joined(separator: ", ")
    throw Finding(
      "has the entries \(names)\(entries.count > 12 ? " and \(entries.count - 12) more" : "")",
      expected: "an entry \(ImportError.quoted(state))")
  }

  /// The value behind keys that are joined by dots, or the dictionary of whose keys some begin with the rest of the
  /// path and a dot. Keys may have dots of their own.
  private mutating func find(
    _ path: String, in value: PickleValue
  ) throws(Finding) -> (value: PickleValue, under: String?)? {
    let entries: [(key: String, value: PickleValue)]
    switch value {
    case .dictionary(let index): entries = try heap.entries(ofDictionary: index)
    case .sequence(let index):
      // A list is addressed by positions.
      let elements = heap.sequences[index]
      guard let position = Int(path.prefix { $0 != "." }), elements.indices.contains(position) else {
        return nil
      }
      entries = [(String(position), elements[position])]
    default: return nil
    }
    for (key, value) in entries {
      if key == path { return (value, nil) }
      guard path.hasPrefix(key), path.dropFirst(key.count).first == "." else { continue }
      if let found = try find(String(path.dropFirst(key.count + 1)), in: value) { return found }
    }
    let prefix = path + "."
    return entries.contains { $0.key.hasPrefix(prefix) } ? (value, prefix) : nil
  }

  /// Follows well-known keys.
  private mutating func descend(_ start: Place) throws(Finding) -> Found {
    var place = start
    var others: [Place] = []
    var seen = Set<Int>()
    while case .dictionary(let index) = place.value, seen.insert(index).inserted {
      let entries = try heap.entries(ofDictionary: index)
      var next: Place?
      for key in Self.wellKnownKeys where next == nil {
        if let value = entries.first(where: { $0.key == key })?.value, try holdsTensors(value) {
          next = (joined(place.path, key), value)
        }
      }
      guard let next else { break }
      for (key, value) in entries where joined(place.path, key) != next.path {
        if case .dictionary = value { others.append((joined(place.path, key), value)) }
        try heap.charge(reading: place.path)
      }
      place = next
    }
    return Found(path: place.path, value: place.value, others: others)
  }

  private func joined(_ path: String, _ key: String) -> String {
    path.isEmpty || key.isEmpty ? path + key : "\(path).\(key)"
  }

  /// Whether a dictionary has a tensor in it or in a dictionary in it.
  private mutating func holdsTensors(_ value: PickleValue) throws(Finding) -> Bool {
    var pending = [value]
    var seen = Set<Int>()
    while let next = pending.popLast() {
      guard case .dictionary(let index) = next, seen.insert(index).inserted else { continue }
      for (_, value) in heap.dictionaries[index] {
        try heap.charge(values: 1)
        if case .tensor = value { return true }
        if case .dictionary = value { pending.append(value) }
      }
    }
    return false
  }

  private mutating func collect(_ root: PickleValue) throws(Finding) {
    let contents = try StateContents(of: root, heap: &heap)
    (tensors, unreadable) = (contents.tensors, contents.unreadable)
  }

  /// The places that hold tensors of the names that were found, at whatever depth.
  private mutating func alternatives(
    to taken: PickleValue, among places: [Place]
  ) throws(Finding) -> [String] {
    let names = Set(tensors.map { Self.withoutParallelPrefix($0.name[...]) })
    var found: [String] = []
    for place in places where try holdsTensors(place.value) {
      let inner = try descend(place)
      // One dictionary may have two keys.
      if case (.dictionary(let one), .dictionary(let other)) = (inner.value, taken), one == other { continue }
      let contents = try StateContents(of: inner.value, heap: &heap)
      let sets = Self.sets(of: names, in: contents.tensors.map(\.name))
      found += sets.map { joined(inner.path, $0) }
    }
    return found
  }

  /// What stands before `names` in a list of others, without its dot; empty for names as they are. Of sets under
  /// something only those that have half of the names: a short name ends others by chance.
  private static func sets(of names: Set<Substring>, in others: [String]) -> [String] {
    var counts: [Substring: Int] = [:]
    var order: [Substring] = []
    for other in others {
      // Nothing that is saved nests deeper, and names of nothing but dots take no time.
      let dots = other.indices.lazy.filter { other[$0] == "." }.prefix(16)
      let rests = [other.startIndex] + dots.map { other.index(after: $0) }
      guard let start = rests.first(where: { names.contains(withoutParallelPrefix(other[$0...])) }) else {
        continue
      }
      let prefix = other[..<start].dropLast()
      counts[prefix, default: 0] += 1
      if counts[prefix] == 1 { order.append(prefix) }
    }
    return order.filter { $0.isEmpty || 2 * counts[$0, default: 0] >= names.count }.map(String.init)
  }

  private static func withoutParallelPrefix(_ name: Substring) -> Substring {
    name.hasPrefix(parallelPrefix) ? name.dropFirst(parallelPrefix.count) : name
  }

  private mutating func keepTensors(under prefix: String) {
    tensors = tensors.filter { $0.name.hasPrefix(prefix) }.map {
      (String($0.name.dropFirst(prefix.count)), $0.tensor)
    }
    unreadable.removeAll { !$0.name.hasPrefix(prefix) }
  }

  private static let parallelPrefix = "module."

  private mutating func dropCommonPrefix() {
    let prefix = Self.parallelPrefix
    guard !tensors.isEmpty, tensors.allSatisfy({ $0.name.hasPrefix(prefix) && $0.name != prefix }) else {
      return
    }
    for index in tensors.indices { tensors[index].name.removeFirst(prefix.count) }
    for index in unreadable.indices where unreadable[index].name.hasPrefix(prefix) {
      unreadable[index].name.removeFirst(prefix.count)
    }
  }
}
