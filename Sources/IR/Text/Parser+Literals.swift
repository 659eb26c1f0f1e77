import Tensors

extension Parser {
  // MARK: Types

  /// `f32[1, 3, 224, 224]`
  mutating func type() throws(Diagnostic) -> TensorType {
    let start = token
    guard case .word(let word) = token.kind, let element = ElementType(rawValue: word) else {
      throw unexpected(
        "a type, such as 'f32[1, 3]' of \(ElementType.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    try advance()
    var extents: [Int] = []
    try items("[", "]") { (parser) throws(Diagnostic) in
      guard extents.count < Limits.rank else {
        throw parser.failure("the type has more than \(Limits.rank) axes", at: start)
      }
      extents.append(try parser.integer("an extent"))
    }
    let type = TensorType(element, Shape(extents))
    do { try type.checkShape() } catch { throw failure(error, at: start) }
    return type
  }

  // MARK: Numbers

  mutating func integer(_ expected: String) throws(Diagnostic) -> Int {
    guard case .number(let text) = token.kind, isInteger(text) else { throw unexpected(expected) }
    guard let number = Int(text) else { throw failure("\(text) does not fit 64 bits", at: token) }
    try advance()
    return number
  }

  mutating func float32() throws(Diagnostic) -> Float {
    guard let text = floatText() else { throw unexpected("a number") }
    // Straight to Float: by way of Double it would be rounded twice.
    guard let number = Float(text), number.isFinite || !isDigit(text.utf8.last ?? 0) else {
      throw failure("\(text) is too large for f32", at: token)
    }
    try advance()
    return number
  }

  mutating func float64() throws(Diagnostic) -> Double {
    guard let text = floatText() else { throw unexpected("a number") }
    guard let number = Double(text), number.isFinite || !isDigit(text.utf8.last ?? 0) else {
      throw failure("\(text) is too large for a number", at: token)
    }
    try advance()
    return number
  }

  /// The token if it has the form of a number: digits with sign, fraction and exponent, or `inf`, `-inf`,
  /// `nan`.
  private func floatText() -> String? {
    switch token.kind {
    case .word("inf"): return "inf"
    case .word("nan"): return "nan"
    case .number("-inf"): return "-inf"
    case .number(let text): return isFloat(text) ? text : nil
    default: return nil
    }
  }

  private func isInteger(_ text: String) -> Bool {
    let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
    return !digits.isEmpty && digits.allSatisfy(isDigit)
  }

  private func isFloat(_ text: String) -> Bool {
    var rest = text.utf8[...]
    func digits() -> Bool {
      let count = rest.prefix(while: isDigit).count
      rest = rest.dropFirst(count)
      return count > 0
    }
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    guard digits() else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard digits() else { return false }
    }
    if let first = rest.first, first | 0x20 == UInt8(ascii: "e") {
      rest = rest.dropFirst()
      if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
        rest = rest.dropFirst()
      }
      guard digits() else { return false }
    }
    return rest.isEmpty
  }

  // MARK: Attributes

  /// The op of this name with the attributes that follow in braces, if any.
  mutating func op(_ name: String, _ start: Token) throws(Diagnostic) -> Op {
    var attributes: [(name: String, value: AttributeValue)] = []
    var tokens: [Token] = []
    if at("{") {
      var seen: Set<String> = []
      try items("{", "}") { (parser) throws(Diagnostic) in
        let token = parser.token
        let attribute = try parser.word("an attribute, such as 'axis = 1'")
        guard seen.insert(attribute).inserted else {
          throw parser.failure("attribute '\(attribute)' is written twice", at: token)
        }
        try parser.expect("=")
        attributes.append((attribute, try parser.attributeValue()))
        tokens.append(token)
      }
    }
    do {
      let op = try Op.make(name, attributes)
      try op.checkAttributes()
      return op
    } catch {
      // The complaint does not say which attribute it means: it is the first that fails alone.
      for (attribute, token) in zip(attributes, tokens) {
        do { try Op.make(name, [attribute]).checkAttributes() } catch {
          throw failure(error, at: token, op: name)
        }
      }
      throw failure(error, at: start)
    }
  }

  private mutating func attributeValue() throws(Diagnostic) -> AttributeValue {
    switch token.kind {
    case .punctuation("["): return try listValue()
    case .word("inf"), .word("nan"): return .float(try float64())
    case .word: return try wordOrCall()
    case .symbol(let name):
      try advance()
      return .function(name)
    case .number(let text) where isInteger(text) && text != "-0": return .int(try integer("a number"))
    case .number: return .float(try float64())
    default: throw unexpected("a number, a word or a list")
    }
  }

  private mutating func wordOrCall() throws(Diagnostic) -> AttributeValue {
    let name = try word("a word")
    guard at("(") else { return .word(name) }
    var arguments: [Double] = []
    try items("(", ")") { (parser) throws(Diagnostic) in arguments.append(try parser.float64()) }
    return .call(Call(name, arguments))
  }

  private mutating func listValue() throws(Diagnostic) -> AttributeValue {
    var ints: [Int] = []
    var floats: [Double] = []
    var calls: [Call] = []
    try items("[", "]") { (parser) throws(Diagnostic) in
      let token = parser.token
      switch try parser.attributeValue(inList: token) {
      case .int(let number):
        ints.append(number)
        floats.append(Double(number))
      case .float(let number): floats.append(number)
      case .word(let name): calls.append(Call(name))
      case .call(let call): calls.append(call)
      default: break
      }
      guard calls.isEmpty || floats.isEmpty else {
        throw parser.failure("the list holds both numbers and calls", at: token)
      }
    }
    if !calls.isEmpty { return .calls(calls) }
    return ints.count == floats.count ? .ints(ints) : .floats(floats)
  }

  private mutating func attributeValue(inList token: Token) throws(Diagnostic) -> AttributeValue {
    switch token.kind {
    case .punctuation("["), .symbol:
      throw failure("found \(token.description) inside a list, expected a number or a call", at: token)
    default: break
    }
    return try attributeValue()
  }

  // MARK: Weights

  /// The tensor that stands for a digest, nil if `weights` knows none of this name.
  mutating func contents(
    _ name: String, _ type: TensorType, _ weights: (String) -> Tensor?
  ) throws(Diagnostic) -> Tensor? {
    let start = token
    let digest: String
    switch token.kind {
    case .word(let text), .number(let text): digest = text
    default: throw unexpected("a digest of 16 hexadecimal digits")
    }
    guard digest.utf8.count == 16, UInt64(digest, radix: 16) != nil, digest == digest.lowercased() else {
      throw unexpected("a digest of 16 hexadecimal digits, in lower case")
    }
    try advance()
    guard let tensor = weights(name) else { return nil }
    guard tensor.element == type.element, tensor.shape == type.shape else {
      throw failure(
        "weight \(symbol(name)) is \(tensor.element.rawValue)\(tensor.shape) in store, the text says \(type)",
        at: start)
    }
    guard tensor.digestText == digest else {
      throw failure(
        "weight \(symbol(name)) has digest \(tensor.digestText), the text says \(digest)", at: start,
        advice: "the text belongs to other weights")
    }
    return tensor
  }

  /// All elements of a weight in row-major order.
  mutating func elements(_ type: TensorType) throws(Diagnostic) -> Tensor {
    let start = token
    guard at("[") else { throw unexpected("elements in brackets, or 'digest' and 16 hexadecimal digits") }
    var floats: [Float] = []
    var integers: [Int64] = []
    var tokens: [Token] = []
    let isFloat = type.element.isFloat
    try items("[", "]") { (parser) throws(Diagnostic) in
      if isFloat {
        if type.element != .f32 { tokens.append(parser.token) }
        floats.append(try parser.float32())
      } else {
        integers.append(try parser.integerElement(type.element))
      }
    }
    let count = isFloat ? floats.count : integers.count
    guard count == type.shape.elementCount else {
      throw failure("\(count) elements are written, \(type) has \(type.shape.elementCount)", at: start)
    }
    guard isFloat else { return Tensor(integers, shape: type.shape, element: type.element) }
    let tensor = Tensor(floats, shape: type.shape, element: type.element)
    if type.element != .f32 {
      for (index, stored) in tensor.floats.enumerated() where stored.isInfinite && floats[index].isFinite {
        throw failure("\(floats[index]) is too large for \(type.element.rawValue)", at: tokens[index])
      }
    }
    return tensor
  }

  private mutating func integerElement(_ element: ElementType) throws(Diagnostic) -> Int64 {
    guard let range = element.integerRange else {
      if try take(word: "true") { return 1 }
      if try take(word: "false") { return 0 }
      throw unexpected("'true' or 'false'")
    }
    let start = token
    let number = Int64(try integer("an integer"))
    guard range.contains(number) else {
      throw failure(
        "\(number) lies outside \(element.rawValue), expected \(range.lowerBound) to \(range.upperBound)",
        at: start)
    }
    return number
  }
}
