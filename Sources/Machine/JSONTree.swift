import FoundationEssentials

/// A JSON document as it is written: which keys it has, which twice, and what stands where. Numbers keep their text.
indirect enum JSONTree: Equatable {
  case object([String: JSONTree])
  case array([JSONTree])
  case string(String)
  /// A number, `true`, `false` or `null`.
  case word(String)

  /// Why text is no document: what stands wrong, after which keys.
  struct Problem: Error { var message: String }

  init(_ data: Data) throws(Problem) {
    var reader = Reader(bytes: Array(data))
    self = try reader.value(path: "", depth: 0)
    reader.skipSpace()
    guard reader.isAtEnd else { throw Problem(message: "is not valid JSON: something follows its end") }
  }

  /// What stands at a path of keys and positions.
  func value(at path: [any CodingKey]) -> JSONTree? {
    path.reduce(Optional(self)) { tree, key in
      switch tree {
      case .object(let members): members[key.stringValue]
      case .array(let elements): key.intValue.flatMap { elements.indices.contains($0) ? elements[$0] : nil }
      default: nil
      }
    }
  }

  /// The path of the first key, in sorted order, that `other` has not.
  func firstKey(missingFrom other: JSONTree) -> String? {
    switch (self, other) {
    case (.object(let mine), .object(let theirs)):
      for key in mine.keys.sorted() {
        guard let value = mine[key], let counterpart = theirs[key] else { return key }
        if let inner = value.firstKey(missingFrom: counterpart) {
          return inner.hasPrefix("[") ? key + inner : "\(key).\(inner)"
        }
      }
      return nil
    case (.array(let mine), .array(let theirs)):
      for (index, pair) in zip(mine, theirs).enumerated() {
        if let inner = pair.0.firstKey(missingFrom: pair.1) { return "[\(index)].\(inner)" }
      }
      return nil
    default: return nil
    }
  }

  /// The path and length of the first text that is longer than `limit` bytes, keys included.
  func firstText(longerThan limit: Int, path: String = "") -> (path: String, bytes: Int)? {
    switch self {
    case .string(let text): return text.utf8.count > limit ? (path, text.utf8.count) : nil
    case .word: return nil
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        if let found = element.firstText(longerThan: limit, path: "\(path)[\(index)]") { return found }
      }
      return nil
    case .object(let members):
      for key in members.keys.sorted() {
        if key.utf8.count > limit { return ("\(path)'s keys", key.utf8.count) }
        let inner = path.isEmpty ? key : "\(path).\(key)"
        if let found = members[key]?.firstText(longerThan: limit, path: inner) { return found }
      }
      return nil
    }
  }

  /// For messages.
  var description: String {
    switch self {
    case .object: "an object"
    case .array: "a list"
    case .string(let text): text.utf8.count > 60 ? "a text of \(text.utf8.count) bytes" : "\"\(text)\""
    case .word(let text): text
    }
  }
}

/// Reads a document from front to back.
private struct Reader {
  var bytes: [UInt8]
  var place = 0
  private static let deepest = 64

  var isAtEnd: Bool { place == bytes.count }

  mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) { place += 1 }
  }

  mutating func value(path: String, depth: Int) throws(JSONTree.Problem) -> JSONTree {
    guard depth < Self.deepest else {
      throw JSONTree.Problem(message: "is nested deeper than \(Self.deepest) levels")
    }
    skipSpace()
    switch place < bytes.count ? bytes[place] : 0 {
    case UInt8(ascii: "{"): return try object(path: path, depth: depth)
    case UInt8(ascii: "["): return try array(path: path, depth: depth)
    case UInt8(ascii: "\""): return .string(try string(path: path))
    default: return .word(try word(path: path))
    }
  }

  private mutating func object(path: String, depth: Int) throws(JSONTree.Problem) -> JSONTree {
    var members: [String: JSONTree] = [:]
    place += 1
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw invalid(path) }
      let key = try string(path: path)
      let inner = path.isEmpty ? key : "\(path).\(key)"
      skipSpace()
      guard take(":") else { throw invalid(inner) }
      let member = try value(path: inner, depth: depth + 1)
      guard members.updateValue(member, forKey: key) == nil else {
        throw JSONTree.Problem(message: "key '\(inner)' stands there twice; remove one")
      }
      skipSpace()
    } while take(",")
    guard take("}") else { throw invalid(path) }
    return .object(members)
  }

  private mutating func array(path: String, depth: Int) throws(JSONTree.Problem) -> JSONTree {
    var elements: [JSONTree] = []
    place += 1
    skipSpace()
    if take("]") { return .array(elements) }
    repeat {
      elements.append(try value(path: "\(path)[\(elements.count)]", depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw invalid(path) }
    return .array(elements)
  }

  /// Decodes a text by Foundation, which knows the escapes.
  private mutating func string(path: String) throws(JSONTree.Problem) -> String {
    let start = place
    place += 1
    while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
      place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard place < bytes.count else { throw invalid(path) }
    place += 1
    guard let text = try? JSONDecoder().decode(String.self, from: Data(bytes[start..<place])) else {
      throw invalid(path)
    }
    return text
  }

  private mutating func word(path: String) throws(JSONTree.Problem) -> String {
    let start = place
    while place < bytes.count, isWordByte(bytes[place]) { place += 1 }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    let isNumber = bytes[start..<place].allSatisfy { !isLetter($0) || $0 | 0x20 == UInt8(ascii: "e") }
    guard ["true", "false", "null"].contains(text) || isNumber && Double(text) != nil else {
      throw invalid(path)
    }
    guard !isNumber || Double(text)?.isFinite == true else {
      throw JSONTree.Problem(message: "'\(path)' is \(text), expected a number of at most 64 bits")
    }
    return text
  }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard place < bytes.count, bytes[place] == UInt8(ascii: mark) else { return false }
    place += 1
    return true
  }

  private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
  private func isWordByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || (0x30...0x39).contains(byte) || [0x2b, 0x2d, 0x2e].contains(byte)
  }

  private func invalid(_ path: String) -> JSONTree.Problem {
    let line = bytes[..<min(place, bytes.count)].count { $0 == 0x0a } + 1
    return JSONTree.Problem(
      message: "is not valid JSON: line \(line)\(path.isEmpty ? "" : ", under '\(path)'") can't be read")
  }
}
