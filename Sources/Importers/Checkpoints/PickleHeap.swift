/// The containers of a pickle, and the budget that everything made of it or looked up in it is charged to.
struct PickleHeap: Sendable {
  private static let maximumTensorCount = 250_000
  /// Memory of a container beside its elements.
  private static let containerCost = 48
  private static let valueCost = MemoryLayout<PickleValue>.stride

  private(set) var sequences: [[PickleValue]] = []
  private(set) var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  private(set) var storages: [TorchStorage] = []
  private(set) var tensors: [TorchTensor] = []
  private(set) var budget: ReadBudget

  /// For a pickle of so many bytes.
  init(byteCount: Int) { budget = ReadBudget(byteCount: byteCount) }

  mutating func charge(_ cost: Int) throws(Finding) { try budget.charge(cost) }

  /// Charges for so many values that are made, moved or looked at.
  mutating func charge(values count: Int) throws(Finding) { try budget.charge(count * Self.valueCost) }

  /// Charges for looking at a name that the pickle may refer to again and again.
  mutating func charge(reading name: String) throws(Finding) { try budget.charge(name.utf8.count) }

  mutating func sequence(_ elements: [PickleValue]) throws(Finding) -> PickleValue {
    try charge(Self.containerCost)
    try charge(values: elements.count)
    sequences.append(elements)
    return .sequence(sequences.count - 1)
  }

  mutating func dictionary() throws(Finding) -> PickleValue {
    try charge(Self.containerCost)
    dictionaries.append([])
    return .dictionary(dictionaries.count - 1)
  }

  mutating func storage(_ storage: TorchStorage) throws(Finding) -> PickleValue {
    try charge(MemoryLayout<TorchStorage>.stride)
    storages.append(storage)
    return .storage(storages.count - 1)
  }

  mutating func tensor(_ tensor: TorchTensor) throws(Finding) -> PickleValue {
    guard tensors.count < Self.maximumTensorCount else {
      throw Finding("has more than \(Self.maximumTensorCount) tensors", expected: "a state dictionary")
    }
    try charge(
      MemoryLayout<TorchTensor>.stride + 2 * Self.containerCost
        + (tensor.extents.count + tensor.strides.count) * MemoryLayout<Int>.stride)
    tensors.append(tensor)
    return .tensor(tensors.count - 1)
  }

  /// A class or function by the names of its module and of itself, which are joined.
  mutating func global(_ module: String, _ name: String) throws(Finding) -> PickleValue {
    try charge(module.utf8.count + name.utf8.count + Self.containerCost)
    return .global(module + "." + name)
  }

  mutating func append(_ elements: [PickleValue], toSequence index: Int) throws(Finding) {
    try charge(values: elements.count)
    sequences[index].append(contentsOf: elements)
  }

  /// Adds an entry; whoever reads the dictionary sees that a later entry of the same key replaces an earlier
  /// one.
  mutating func insert(
    _ key: PickleValue, _ value: PickleValue, intoDictionary index: Int
  ) throws(Finding) {
    try charge(values: 2)
    dictionaries[index].append((key, value))
  }

  /// The elements if the value is a sequence.
  func elements(_ value: PickleValue?) -> [PickleValue]? {
    if case .sequence(let index) = value { return sequences[index] }
    return nil
  }

  /// The dictionary's entries with the later of equal keys winning, in the order of first occurrence. Keys that
  /// are neither text nor whole numbers name nothing and are left out.
  mutating func entries(ofDictionary index: Int) throws(Finding) -> [(key: String, value: PickleValue)] {
    var result: [(key: String, value: PickleValue)] = []
    var positions: [String: Int] = [:]
    for (key, value) in dictionaries[index] {
      try charge(values: 4)
      let name: String
      switch key {
      case .string(let text): name = text
      case .integer(let number): name = String(number)
      default: continue
      }
      try charge(reading: name)
      if let position = positions[name] {
        result[position].value = value
      } else {
        positions[name] = result.count
        result.append((name, value))
      }
    }
    return result
  }
}
