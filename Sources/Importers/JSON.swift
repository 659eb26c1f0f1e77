/// JSON as the headers of checkpoints use it. Unlike Foundation's parser it keeps the order of keys, refuses
/// repeated ones, and bounds nesting and size, all of which matter for files from strangers.
enum JSON {
  case object([(key: String, value: JSON)])
  case array([JSON])
  case string(String)
  case integer(Int)
  /// A fraction, a boolean or null, none of which these headers use for anything that is read.
  case other

  /// Parses a whole text. Depth is at most 8; there may be 4 million values.
  static func parse(_ bytes: UnsafeRawBufferPointer) throws(Finding) -> JSON {
    var parser = JSONParser(bytes)
    return try parser.document()
  }
}

private struct JSONParser {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var valueCount = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func document() throws(Finding) -> JSON {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error("text after the end") }
    return value
  }

  private func error(_ what: String) -> Finding {
    Finding(
      "has \(what) at byte \(position) of its JSON", expected: "well-formed JSON",
      advice: "fetch the file again")
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[position]) { position += 1 }
  }

  /// The next byte that is not space, without moving behind it.
  private mutating func peek() throws(Finding) -> UInt8 {
    skipSpace()
    guard position < bytes.count else { throw error("an unexpected end") }
    return bytes[position]
  }

  private mutating func accept(_ character: Unicode.Scalar) throws(Finding) -> Bool {
    guard try peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Finding) {
    guard try accept(character) else { throw error("no '\(character)'") }
  }

  private mutating func value(depth: Int) throws(Finding) -> JSON {
    valueCount += 1
    guard valueCount <= 4_000_000 else { throw error("more than 4 million values") }
    guard depth <= 8 else { throw error("more than 8 levels of nesting") }
    switch try peek() {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["):
      position += 1
      var elements: [JSON] = []
      if try accept("]") { return .array([]) }
      repeat { elements.append(try value(depth: depth + 1)) } while try accept(",")
      try expect("]")
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    default: return try scalar()
    }
  }

  private mutating func object(depth: Int) throws(Finding) -> [(key: String, value: JSON)] {
    try expect("{")
    if try accept("}") { return [] }
    var entries: [(key: String, value: JSON)] = []
    var keys = Set<String>()
    repeat {
      guard try peek() == UInt8(ascii: "\"") else { throw error("a key that is not a string") }
      let key = try string()
      guard keys.insert(key).inserted else { throw error("a second \(ImportError.quoted(key))") }
      try expect(":")
      entries.append((key, try value(depth: depth + 1)))
    } while try accept(",")
    try expect("}")
    return entries
  }

  /// A number, true, false or null.
  private mutating func scalar() throws(Finding) -> JSON {
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      let isPart =
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
        || [0x2b, 0x2d, 0x2e, 0x45].contains(byte)
      guard isPart else { break }
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int(text) { return .integer(integer) }
    guard ["true", "false", "null"].contains(text) || Double(text) != nil else {
      throw error("an unknown word")
    }
    return .other
  }

  private mutating func string() throws(Finding) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while true {
      guard position < bytes.count else { throw error("an unfinished string") }
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error("a string that is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
      case 0..<0x20: throw error("a control character in a string")
      default: text.append(byte)
      }
    }
  }

  private mutating func escape() throws(Finding) -> [UInt8] {
    guard position < bytes.count else { throw error("an unfinished string") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xd800..<0xdc00).contains(code) {
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("half a surrogate pair") }
        position += 2
        let low = try hexadecimal()
        guard (0xdc00..<0xe000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    default: throw error("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(Finding) -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("an unfinished escape") }
    let digits = String(decoding: bytes[position..<(position + 4)], as: UTF8.self)
    guard digits.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2d }), let code = UInt32(digits, radix: 16) else {
      throw error("an unknown escape")
    }
    position += 4
    return code
  }
}
