/// Runs pickles without running anything: of the classes and functions that a pickle names, the few that
/// PyTorch's state dictionaries are made of have a meaning in ``TorchObjects``, and all others become opaque
/// objects.
///
/// Knows the operations that protocols 2 to 5 write. Time and memory are linear in the length of the pickle.
struct PickleMachine {
  /// Keeps memory within a few hundred megabytes. A tensor takes about fifty operations.
  private static let maximumOperationCount = 4_000_000

  private(set) var heap = PickleHeap()
  private var reader: ByteReader
  private var stack: [PickleValue] = []
  /// Heights of the stack at which marks lie.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  init(_ reader: ByteReader) { self.reader = reader }

  /// Where the next pickle or what follows it begins.
  var position: Int { reader.position }

  /// Runs one pickle to its end. A machine may run several in a row; they share the heap but no memo.
  mutating func run() throws(Finding) -> PickleValue {
    stack = []
    marks = []
    memo = [:]
    for _ in 0..<Self.maximumOperationCount {
      let code = try reader.byte()
      if code == UInt8(ascii: ".") { return try pop() }
      try step(code)
    }
    throw Finding(
      "has a pickle of more than \(Self.maximumOperationCount) operations", expected: "a state dictionary",
      advice: "save model.state_dict() by itself")
  }

  private mutating func step(_ code: UInt8) throws(Finding) {
    switch code {
    case 0x80:  // PROTO
      let version = try reader.byte()
      guard (2...5).contains(version) else { throw damage("pickle protocol \(version)") }
    case 0x95: _ = try reader.take(8)  // FRAME
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): stack.append(try top())
    case UInt8(ascii: "q"): memo[Int(try reader.byte())] = try top()
    case UInt8(ascii: "r"): memo[Int(try reader.integer(UInt32.self))] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try recall(Int(try reader.byte()))
    case UInt8(ascii: "j"): try recall(Int(try reader.integer(UInt32.self)))
    default:
      if try scalar(code) { return }
      if try container(code) { return }
      if try object(code) { return }
      throw damage("the pickle operation \(code)")
    }
  }

  private mutating func scalar(_ code: UInt8) throws(Finding) -> Bool {
    switch code {
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try reader.integer(Int32.self))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try reader.byte())))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try reader.integer(UInt16.self))))
    case 0x8a: stack.append(integer(try reader.take(Int(try reader.byte()))))
    case 0x8b: stack.append(integer(try reader.take(Int(try reader.integer(Int32.self)))))
    case UInt8(ascii: "G"):
      stack.append(
        .float(Double(bitPattern: UInt64(bigEndian: try reader.take(8).loadUnaligned(as: UInt64.self)))))
    case UInt8(ascii: "T"), UInt8(ascii: "X"):
      stack.append(.string(try reader.text(Int(try reader.integer(UInt32.self)))))
    case UInt8(ascii: "U"), 0x8c: stack.append(.string(try reader.text(Int(try reader.byte()))))
    case 0x8d: stack.append(.string(try reader.text(try reader.length())))
    case UInt8(ascii: "B"): try bytes(Int(try reader.integer(UInt32.self)))
    case UInt8(ascii: "C"): try bytes(Int(try reader.byte()))
    case 0x8e, 0x96: try bytes(try reader.length())
    default: return false
    }
    return true
  }

  private mutating func container(_ code: UInt8) throws(Finding) -> Bool {
    switch code {
    case UInt8(ascii: "]"), UInt8(ascii: ")"), 0x8f: stack.append(heap.sequence([]))
    case UInt8(ascii: "}"): stack.append(heap.dictionary())
    case UInt8(ascii: "l"), UInt8(ascii: "t"), 0x91: stack.append(heap.sequence(try popToMark()))
    case 0x85, 0x86, 0x87: stack.append(heap.sequence(try pop(count: Int(code) - 0x84)))
    case UInt8(ascii: "d"):
      let entries = try popToMark()
      stack.append(heap.dictionary())
      try insert(entries)
    case UInt8(ascii: "a"): try append(try pop(count: 1))
    case UInt8(ascii: "e"), 0x90: try append(try popToMark())
    case UInt8(ascii: "s"): try insert(try pop(count: 2))
    case UInt8(ascii: "u"): try insert(try popToMark())
    default: return false
    }
    return true
  }

  private mutating func object(_ code: UInt8) throws(Finding) -> Bool {
    switch code {
    case UInt8(ascii: "c"):
      let module = try reader.line()
      stack.append(.global(module + "." + (try reader.line())))
    case 0x93:
      guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
        throw damage("a class name that is not a string")
      }
      stack.append(.global(module + "." + name))
    case UInt8(ascii: "R"), 0x81:
      let arguments = try pop()
      stack.append(try TorchObjects.call(try pop(), arguments, heap: &heap))
    case 0x92:
      _ = try pop()
      let arguments = try pop()
      stack.append(try TorchObjects.call(try pop(), arguments, heap: &heap))
    case UInt8(ascii: "b"):
      // Attributes of an object: state dictionaries have their version numbers there, nothing that is read.
      _ = try pop()
      _ = try top()
    case UInt8(ascii: "Q"): stack.append(try TorchObjects.persistent(try pop(), heap: heap))
    default: return false
    }
    return true
  }

  private func integer(_ bytes: UnsafeRawBufferPointer) -> PickleValue {
    guard bytes.count <= 8 else { return .longInteger(Array(bytes)) }
    var value: UInt64 = bytes.last.map { $0 >= 0x80 } == true ? .max : 0
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return .integer(Int(truncatingIfNeeded: value))
  }

  private mutating func bytes(_ count: Int) throws(Finding) {
    _ = try reader.take(count)
    stack.append(.bytes)
  }

  private mutating func recall(_ key: Int) throws(Finding) {
    guard let value = memo[key] else { throw damage("a reference to the unknown value \(key)") }
    stack.append(value)
  }

  /// Values below the last mark are out of reach until it is popped.
  private var available: Int { stack.count - (marks.last ?? 0) }

  private func top() throws(Finding) -> PickleValue {
    guard available > 0, let value = stack.last else { throw damage("an operation without operands") }
    return value
  }

  private mutating func pop() throws(Finding) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(count: Int) throws(Finding) -> [PickleValue] {
    guard available >= count else { throw damage("an operation without operands") }
    let values = Array(stack.suffix(count))
    stack.removeLast(count)
    return values
  }

  private mutating func popToMark() throws(Finding) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw damage("an operation without its mark") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func append(_ elements: [PickleValue]) throws(Finding) {
    if case .sequence(let index) = try top() { heap.append(elements, toSequence: index) }
  }

  private mutating func insert(_ entries: [PickleValue]) throws(Finding) {
    guard entries.count.isMultiple(of: 2) else { throw damage("a key without a value") }
    guard case .dictionary(let index) = try top() else { return }
    for position in stride(from: 0, to: entries.count, by: 2) {
      heap.insert(entries[position], entries[position + 1], intoDictionary: index)
    }
  }

  private func damage(_ what: String) -> Finding {
    Finding(
      "has \(what) before byte \(reader.position)", expected: "a pickle as torch.save writes it",
      advice: "the file may be damaged; fetch or save it again")
  }
}
