import Tensors

/// A run of elements that tensors view, by its name in the archive.
struct TorchStorage: Sendable {
  var key: String
  /// PyTorch's name of the element type: "FloatStorage", or of a dtype where the storage itself has none.
  var typeName: String
  /// Number of elements; of bytes for an untyped storage.
  var count: Int

  /// How the elements are stored; nil for types that are not read.
  var type: StoredType? { Self.types[typeName] }

  private static let types: [String: StoredType] = [
    "DoubleStorage": .f64, "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16,
    "LongStorage": .i64, "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8,
    "BoolStorage": .bool, "UntypedStorage": .u8,
  ]
  static let dtypes: [String: StoredType] = [
    "float64": .f64, "float32": .f32, "float16": .f16, "bfloat16": .bf16, "float8_e4m3fn": .f8e4m3,
    "float8_e5m2": .f8e5m2, "int64": .i64, "int32": .i32, "int16": .i16, "int8": .i8, "uint64": .u64,
    "uint32": .u32, "uint16": .u16, "uint8": .u8, "bool": .bool,
  ]

  /// Bytes per element of the storages whose elements are not read, so that the ones behind them can be
  /// found.
  var elementByteCount: Int? {
    switch typeName {
    case "ComplexDoubleStorage": 16
    case "ComplexFloatStorage": 8
    case "QInt32Storage": 4
    case "QInt8Storage", "QUInt8Storage", "QUInt4x2Storage", "QUInt2x4Storage": 1
    default: type?.byteCount
    }
  }
}

/// A strided view of a storage. Numbers are the file's and not yet checked against the storage.
struct TorchTensor: Sendable {
  var storage: TorchStorage
  /// How the elements are stored; nil for types that are not read.
  var type: StoredType?
  /// PyTorch's name of the element type, for messages.
  var typeName: String
  /// In elements.
  var offset: Int
  var extents: [Int]
  var strides: [Int]
}

/// What the classes and functions that state dictionaries are made of do when a pickle calls them.
enum TorchObjects {
  /// Keys are short numbers. Readers look them up again and again.
  private static let maximumKeyLength = 255
  /// Bytes that ``PickleValue/kind`` takes, which quotes at most a hundred characters.
  private static let longestKind = 512

  /// The result of calling `function`; an opaque object for every function that is not known.
  static func call(
    _ function: PickleValue, _ arguments: PickleValue, heap: inout PickleHeap
  ) throws(Finding) -> PickleValue {
    guard case .global(let name) = function else {
      try heap.charge(longestKind)
      return .object(function.kind)
    }
    // One name may be called again and again.
    try heap.charge(reading: name)
    let values = heap.elements(arguments) ?? []
    switch name {
    case "collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict":
      return try dictionary(values, heap: &heap)
    case "builtins.set", "builtins.frozenset", "builtins.list", "builtins.tuple", "__builtin__.set",
      "__builtin__.frozenset", "torch.Size":
      // The copy that Python makes would let a pickle grow without bound, and nobody sees the difference.
      return heap.elements(values.first) == nil ? try heap.sequence([]) : values[0]
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
      return try heap.tensor(try tensor(values, dtype: nil, heap: &heap))
    case "torch._utils._rebuild_tensor_v3":
      guard values.count > 6, case .global(let dtype) = values[6] else { throw malformed(name) }
      return try heap.tensor(try tensor(values, dtype: dtype, heap: &heap))
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      guard let data = values.first else { throw malformed(name) }
      return data
    case "torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type":
      // The function that rebuilds the tensor, the tensor's class, the function's arguments. Only a function
      // that is known itself is followed, so this does not nest.
      guard values.count > 2, case .global(let inner) = values[0] else { throw malformed(name) }
      return inner.hasPrefix("torch._utils._rebuild_")
        ? try call(values[0], values[2], heap: &heap) : .object(inner)
    case "copyreg._reconstructor", "copy_reg._reconstructor":
      guard case .global(let type)? = values.first else { throw malformed(name) }
      return .object(type)
    default:
      return .object(name)
    }
  }

  /// The storage that a persistent id stands for: ('storage', type, key, location, count).
  static func persistent(_ id: PickleValue, heap: inout PickleHeap) throws(Finding) -> PickleValue {
    let values = heap.elements(id) ?? []
    guard values.count >= 2, case .string(let kind) = values[0] else { throw malformed("a persistent id") }
    // Old versions of PyTorch save classes of modules with their source.
    if kind == "module" { return values[1] }
    guard kind == "storage", values.count >= 5, case .global(let type) = values[1],
      case .string(let key) = values[2], key.utf8.count <= maximumKeyLength,
      case .integer(let count) = values[4], count >= 0
    else { throw malformed("a persistent id") }
    if values.count > 5, case .sequence = values[5] {
      throw Finding(
        "has a storage that is a part of another", expected: "whole storages",
        advice: "load it with a current PyTorch and save it again")
    }
    let typeName = try lastComponent(of: type, heap: &heap)
    return try heap.storage(TorchStorage(key: key, typeName: typeName, count: count))
  }

  private static func dictionary(
    _ arguments: [PickleValue], heap: inout PickleHeap
  ) throws(Finding) -> PickleValue {
    let result = try heap.dictionary()
    guard case .dictionary(let index) = result else { return result }
    // Of an OrderedDict the argument may be a list of pairs, of a defaultdict it is the factory.
    let pairs = heap.elements(arguments.first) ?? []
    try heap.charge(values: pairs.count)
    for pair in pairs {
      if let entry = heap.elements(pair), entry.count == 2 {
        try heap.insert(entry[0], entry[1], intoDictionary: index)
      }
    }
    return result
  }

  private static func tensor(
    _ arguments: [PickleValue], dtype: String?, heap: inout PickleHeap
  ) throws(Finding) -> TorchTensor {
    guard arguments.count >= 4, case .storage(let index) = arguments[0],
      case .integer(let offset) = arguments[1],
      let extents = integers(arguments[2], heap), let strides = integers(arguments[3], heap)
    else { throw malformed("a tensor") }
    let storage = heap.storages[index]
    let dtypeName = try dtype.map { name throws(Finding) in try lastComponent(of: name, heap: &heap) }
    return TorchTensor(
      storage: storage, type: dtypeName.map { TorchStorage.dtypes[$0] } ?? storage.type,
      typeName: dtypeName ?? storage.typeName, offset: offset, extents: extents, strides: strides)
  }

  /// What follows the last dot of a qualified name.
  private static func lastComponent(of name: String, heap: inout PickleHeap) throws(Finding) -> String {
    try heap.charge(reading: name)
    return name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? name
  }

  private static func integers(_ value: PickleValue, _ heap: PickleHeap) -> [Int]? {
    guard let elements = heap.elements(value), elements.count <= 32 else { return nil }
    var integers: [Int] = []
    for element in elements {
      guard case .integer(let integer) = element else { return nil }
      integers.append(integer)
    }
    return integers
  }

  private static func malformed(_ what: String) -> Finding {
    Finding(
      "has malformed arguments of \(what)", expected: "a pickle as torch.save writes it",
      advice: "the file may be damaged; fetch or save it again")
  }
}
