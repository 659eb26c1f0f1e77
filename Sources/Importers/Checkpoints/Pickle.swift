/// A value that a pickle builds. Containers lie in a ``PickleHeap`` and are referred to by index: pickles
/// share them, nest them without limit and even tie them into cycles, none of which may cost stack or memory
/// here.
enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer of more than 64 bits, as its little-endian bytes.
  case longInteger([UInt8])
  case float(Double)
  case string(String)
  case bytes
  /// A class or function by its qualified name. It is never looked up, let alone called.
  case global(String)
  /// A list, tuple or set.
  case sequence(Int)
  case dictionary(Int)
  case storage(TorchStorage)
  case tensor(Int)
  /// An object of a class that is not known here, by the class's name. Its contents are dropped.
  case object(String)
}

/// The containers of a pickle.
struct PickleHeap: Sendable {
  private static let maximumTensorCount = 250_000
  private static let maximumCopyCount = 4_000_000

  private(set) var sequences: [[PickleValue]] = []
  private(set) var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  private(set) var tensors: [TorchTensor] = []
  private var copyCount = 0

  mutating func sequence(_ elements: [PickleValue]) -> PickleValue {
    sequences.append(elements)
    return .sequence(sequences.count - 1)
  }

  mutating func dictionary() -> PickleValue {
    dictionaries.append([])
    return .dictionary(dictionaries.count - 1)
  }

  mutating func tensor(_ tensor: TorchTensor) throws(Finding) -> PickleValue {
    guard tensors.count < Self.maximumTensorCount else {
      throw Finding("has more than \(Self.maximumTensorCount) tensors", expected: "a state dictionary")
    }
    tensors.append(tensor)
    return .tensor(tensors.count - 1)
  }

  /// Counts elements copied from one container to another, which a pickle can ask for again and again.
  mutating func count(copies: Int) throws(Finding) {
    copyCount += copies
    guard copyCount <= Self.maximumCopyCount else {
      throw Finding("copies its lists over and over", expected: "a state dictionary")
    }
  }

  mutating func append(_ elements: some Sequence<PickleValue>, toSequence index: Int) {
    sequences[index].append(contentsOf: elements)
  }

  /// Adds an entry; whoever reads the dictionary sees that a later entry of the same key replaces an earlier
  /// one.
  mutating func insert(_ key: PickleValue, _ value: PickleValue, intoDictionary index: Int) {
    dictionaries[index].append((key, value))
  }

  /// The elements if the value is a sequence.
  func elements(_ value: PickleValue?) -> [PickleValue]? {
    if case .sequence(let index) = value { return sequences[index] }
    return nil
  }
}

/// What a value is, for messages: `a 'foo.Bar' object`, `an integer`.
extension PickleValue {
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a boolean"
    case .integer, .longInteger: "an integer"
    case .float: "a float"
    case .string: "a string"
    case .bytes: "bytes"
    case .global(let name): "the class or function \(ImportError.quoted(name))"
    case .sequence: "a list or tuple"
    case .dictionary: "a dictionary"
    case .storage: "a bare storage"
    case .tensor: "a tensor"
    case .object(let name): "a \(ImportError.quoted(name)) object"
    }
  }
}
