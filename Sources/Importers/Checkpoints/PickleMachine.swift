/// Runs pickles without running anything: of the classes and functions that a pickle names, the few that
/// PyTorch's state dictionaries are made of have a meaning in ``TorchObjects``, and all others become opaque
/// objects.
///
/// Knows the operations that protocols 2 to 5 write. Time and memory are bounded by the heap's budget, which every
/// operation is charged to.
struct PickleMachine {
  /// Keeps memory within a few hundred megabytes. A tensor takes about fifty operations.
  private static let maximumOperationCount = 4_000_000

  /// Memory of an entry of the memo.
  private static let memoCost = 64

  private(set) var heap: PickleHeap
  private var reader: ByteReader
  private var stack: [PickleValue] = []
  /// Heights of the stack at which marks lie.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  init(_ reader: ByteReader) {
    self.reader = reader
    heap = PickleHeap(byteCount: reader.remaining)
  }

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
      try heap.charge(1)
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
    case UInt8(ascii: "("):
      try heap.charge(MemoryLayout<Int>.stride)
      marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): try push(try top())
    case UInt8(ascii: "q"): try remember(Int(try reader.byte()))
    case UInt8(ascii: "r"): try remember(Int(try reader.integer(UInt32.self)))
    case 0x94: try remember(memo.count)
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
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case UInt8(ascii: "J"): try push(.integer(Int(try reader.integer(Int32.self))))
    case UInt8(ascii: "K"): try push(.integer(Int(try reader.byte())))
    case UInt8(ascii: "M"): try push(.integer(Int(try reader.integer(UInt16.self))))
    case 0x8a: try push(integer(try reader.take(Int(try reader.byte()))))
    case 0x8b:
      let count = Int(try reader.integer(Int32.self))
      guard count >= 0 else { throw damage("an integer of \(count) bytes") }
      try push(integer(try reader.take(count)))
    case UInt8(ascii: "G"):
      try push(
        .float(Double(bitPattern: UInt64(bigEndian: try reader.take(8).loadUnaligned(as: UInt64.self)))))
    case UInt8(ascii: "T"), UInt8(ascii: "X"): try text(Int(try reader.integer(UInt32.self)))
    case UInt8(ascii: "U"), 0x8c: try text(Int(try reader.byte()))
    case 0x8d: try text(try reader.length())
    case UInt8(ascii: "B"): try bytes(Int(try reader.integer(UInt32.self)))
    case UInt8(ascii: "C"): try bytes(Int(try reader.byte()))
    case 0x8e, 0x96: try bytes(try reader.length())
    default: return false
    }
    return true
  }

  private mutating func container(_ code: UInt8) throws(Finding) -> Bool {
    switch code {
    case UInt8(ascii: "]"), UInt8(ascii: ")"), 0x8f: try push(try heap.sequence([]))
    case UInt8(ascii: "}"): try push(try heap.dictionary())
    case UInt8(ascii: "l"), UInt8(ascii: "t"), 0x91: try push(try heap.sequence(try popToMark()))
    case 0x85, 0x86, 0x87: try push(try heap.sequence(try pop(count: Int(code) - 0x84)))
    case UInt8(ascii: "d"):
      let entries = try popToMark()
      try push(try heap.dictionary())
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
      try push(try heap.global(module, try reader.line()))
    case 0x93:
      guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
        throw damage("a class name that is not a string")
      }
      try push(try heap.global(module, name))
    case UInt8(ascii: "R"), 0x81:
      let arguments = try pop()
      try push(try TorchObjects.call(try pop(), arguments, heap: &heap))
    case 0x92:
      _ = try pop()
      let arguments = try pop()
      try push(try TorchObjects.call(try pop(), arguments, heap: &heap))
    case UInt8(ascii: "b"):
      // Attributes of an object: state dictionaries have their version numbers there, nothing that is read.
      _ = try pop()
      _ = try top()
    case UInt8(ascii: "Q"): try push(try TorchObjects.persistent(try pop(), heap: &heap))
    default: return false
    }
    return true
  }

  private mutating func push(_ value: PickleValue) throws(Finding) {
    try heap.charge(values: 1)
    stack.append(value)
  }

  private mutating func text(_ count: Int) throws(Finding) {
    try heap.charge(min(max(0, count), reader.remaining))
    try push(.string(try reader.text(count)))
  }

  private mutating func remember(_ key: Int) throws(Finding) {
    try heap.charge(Self.memoCost)
    memo[key] = try top()
  }

  private func integer(_ bytes: UnsafeRawBufferPointer) -> PickleValue {
    guard bytes.count <= 8 else { return .longInteger(Array(bytes)) }
    var value: UInt64 = bytes.last.map { $0 >= 0x80 } == true ? .max : 0
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return .integer(Int(truncatingIfNeeded: value))
  }

  private mutating func bytes(_ count: Int) throws(Finding) {
    _ = try reader.take(count)
    try push(.bytes)
  }

  private mutating func recall(_ key: Int) throws(Finding) {
    guard let value = memo[key] else { throw damage("a reference to the unknown value \(key)") }
    try push(value)
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
    if case .sequence(let index) = try top() { try heap.append(elements, toSequence: index) }
  }

  private mutating func insert(_ entries: [PickleValue]) throws(Finding) {
    guard entries.count.isMultiple(of: 2) else { throw damage("a key without a value") }
    guard case .dictionary(let index) = try top() else { return }
    for position in stride(from: 0, to: entries.count, by: 2) {
      try heap.insert(entries[position], entries[position + 1], intoDictionary: index)
    }
  }

  private func damage(_ what: String) -> Finding {
    Finding(
      "has \(what) before byte \(reader.position)", expected: "a pickle as torch.save writes it",
      advice: "the file may be damaged; fetch or save it again")
  }
}
