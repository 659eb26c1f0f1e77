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
  case storage(Int)
  case tensor(Int)
  /// An object of a class that is not known here, by the class's name. Its contents are dropped.
  case object(String)
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
