import Tensors

/// One piece of the textual form and where it stands.
struct Token {
  enum Kind: Hashable {
    /// A keyword, op, attribute or element type.
    case word(String)
    /// Digits and what may stand in a number, as written.
    case number(String)
    /// `%name`, without the sign.
    case value(String)
    /// `@name` or `@"name"`, without sign and quotes.
    case symbol(String)
    case string(String)
    /// One of `(){}[],:=`, or `->`.
    case punctuation(String)
    case end
  }
  var kind: Kind
  var line: Int
  var column: Int
  /// Where the line begins, in bytes.
  var lineStart: Int

  var description: String {
    switch kind {
    case .word(let text), .number(let text), .punctuation(let text): "'\(text)'"
    case .value(let name): "'%\(name)'"
    case .symbol(let name): "'\(IR.symbol(name))'"
    case .string(let text): "the string \(stringLiteral(text))"
    case .end: "the end of the text"
    }
  }
}

/// Splits text into tokens, one at a time. `//` comments and white space are skipped.
struct Lexer {
  let file: String
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var lineStart = 0
  /// Bytes of the line so far that do not begin a character.
  private var continuations = 0

  init(_ text: String, file: String) {
    bytes = Array(text.utf8)
    self.file = file
  }

  mutating func next() throws(Diagnostic) -> Token {
    skipSpace()
    var token = Token(
      kind: .end, line: line, column: offset - lineStart - continuations + 1, lineStart: lineStart)
    guard offset < bytes.count else { return token }
    let byte = bytes[offset]
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["),
      UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "="):
      offset += 1
      token.kind = .punctuation(String(decoding: [byte], as: UTF8.self))
    case UInt8(ascii: "-") where peek(1) == UInt8(ascii: ">"):
      offset += 2
      token.kind = .punctuation("->")
    case UInt8(ascii: "%"):
      offset += 1
      token.kind = .value(try name(token, after: "%"))
    case UInt8(ascii: "@"):
      offset += 1
      token.kind = .symbol(
        peek(0) == UInt8(ascii: "\"") ? try checked(string(token), token) : try name(token, after: "@"))
    case UInt8(ascii: "\""):
      token.kind = .string(try string(token))
    case _ where isDigit(byte) || byte == UInt8(ascii: "-"):
      token.kind = .number(try number(token))
    case _ where isNameByte(byte):
      token.kind = .word(try name(token, after: ""))
    default:
      throw failure("found \(character()), which begins nothing", at: token)
    }
    return token
  }

  /// An error that names file, line and column and shows the line.
  func failure(_ message: String, at token: Token, advice: String = "") -> Diagnostic {
    Diagnostic(message, at: location(of: token), advice: advice, notes: excerpt(token))
  }

  func location(of token: Token) -> Location { .text(file: file, line: token.line, column: token.column) }

  /// The token's line and, below it, a caret.
  func excerpt(_ token: Token) -> [String] {
    // Of a long line, only the surroundings of the token are shown.
    let width = 100
    var end = token.lineStart
    let last = min(bytes.count, token.lineStart + 4 * (token.column + width))
    while end < last, bytes[end] != UInt8(ascii: "\n"), bytes[end] != UInt8(ascii: "\r") { end += 1 }
    let scalars = Array(String(decoding: bytes[token.lineStart..<end], as: UTF8.self).unicodeScalars)
    let first = max(0, token.column - 1 - width * 3 / 4)
    var shown = String.UnicodeScalarView()
    for scalar in scalars.dropFirst(first).prefix(width) {
      shown.append(scalar.isInvisible ? " " : scalar)
    }
    let margin = "\(token.line) | "
    let caret = String(repeating: " ", count: margin.utf8.count - 2) + "| "
    return [margin + String(shown), caret + String(repeating: " ", count: token.column - 1 - first) + "^"]
  }

  private func peek(_ distance: Int) -> UInt8? {
    offset + distance < bytes.count ? bytes[offset + distance] : nil
  }

  private mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\n"):
        offset += 1
        line += 1
        lineStart = offset
        continuations = 0
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        offset += 1
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { step() }
      default: return
      }
    }
  }

  /// Moves over one byte that may be part of a longer character.
  private mutating func step() {
    if bytes[offset] & 0xc0 == 0x80 { continuations += 1 }
    offset += 1
  }

  private mutating func name(_ token: Token, after sign: String) throws(Diagnostic) -> String {
    let start = offset
    while let byte = peek(0), isNameByte(byte) {
      if byte == UInt8(ascii: "-"), peek(1) == UInt8(ascii: ">") { break }
      offset += 1
    }
    guard offset > start else { throw failure("found '\(sign)' without a name", at: token) }
    return try checked(String(decoding: bytes[start..<offset], as: UTF8.self), token)
  }

  /// Takes everything that may belong to a number or digest; whoever reads it checks the form.
  private mutating func number(_ token: Token) throws(Diagnostic) -> String {
    let start = offset
    offset += 1
    while let byte = peek(0) {
      let afterExponent = bytes[offset - 1] | 0x20 == UInt8(ascii: "e")
      let isSign = byte == UInt8(ascii: "+") || (byte == UInt8(ascii: "-") && peek(1) != UInt8(ascii: ">"))
      guard isSign ? afterExponent : isNameByte(byte) && byte != UInt8(ascii: "-") else { break }
      offset += 1
    }
    return try checked(String(decoding: bytes[start..<offset], as: UTF8.self), token)
  }

  private mutating func string(_ token: Token) throws(Diagnostic) -> String {
    var content: [UInt8] = []
    offset += 1
    while true {
      guard let byte = peek(0), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") else {
        throw failure("the string that begins here has no closing quote on its line", at: token)
      }
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        try escape(token, into: &content)
      } else {
        content.append(byte)
        step()
      }
    }
    offset += 1
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func escape(_ token: Token, into content: inout [UInt8]) throws(Diagnostic) {
    offset += 1
    switch peek(0) {
    case UInt8(ascii: "\""): content.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): content.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "n"): content.append(UInt8(ascii: "\n"))
    case UInt8(ascii: "t"): content.append(UInt8(ascii: "\t"))
    case UInt8(ascii: "u") where peek(1) == UInt8(ascii: "{"):
      offset += 2
      let start = offset
      while let byte = peek(0), byte != UInt8(ascii: "}"), offset - start < 8 { offset += 1 }
      let digits = String(decoding: bytes[start..<offset], as: UTF8.self)
      guard peek(0) == UInt8(ascii: "}"), let code = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(code)
      else {
        throw failure(
          "the string that begins here has '\\u{\(digits)', expected a character's number as in '\\u{7f}'",
          at: token)
      }
      content.append(contentsOf: Array(String(Character(scalar)).utf8))
    default:
      throw failure(
        "the string that begins here has an unknown escape, expected \\\", \\\\, \\n, \\t or \\u{…}",
        at: token)
    }
    offset += 1
  }

  /// The text if it is not too long for a name.
  func checked(_ text: String, _ token: Token) throws(Diagnostic) -> String {
    guard text.utf8.count <= Limits.nameBytes else {
      throw failure(
        "a name or number of \(text.utf8.count) bytes begins here, expected at most \(Limits.nameBytes)",
        at: token)
    }
    return text
  }

  /// The character at the cursor, for messages.
  private func character() -> String {
    let text = String(decoding: bytes[offset..<min(offset + 4, bytes.count)], as: UTF8.self)
    return text.unicodeScalars.first.map { stringLiteral(String($0)) } ?? "nothing"
  }
}
