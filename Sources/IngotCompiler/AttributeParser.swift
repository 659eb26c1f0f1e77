import Bundle
import CBundleFormat
import IR

/// An attribute of a kernel call as it stands in text.
enum AttributeValue {
  case one(String)
  case list([String])
}

/// The words of attributes that ``Bundle/Program/attributes(of:)`` gives by name; what that leaves out is not set.
/// `hasIntegers` says whether the call's first result has.
func attributeWords(
  _ attributes: [String: AttributeValue], of opcode: ingot_opcode, _ hasIntegers: Bool
) throws(OpError) -> [Int64] {
  if case .list(let words)? = attributes["words"] {
    return try words.map { word throws(OpError) in try integer(word) }
  }
  guard let schema = ingot_opcode_schema(opcode.rawValue)?.pointee else {
    throw OpError("opcode \(opcode.rawValue) has no attributes")
  }
  let (head, tail) = (fields(schema.head), fields(schema.tail))
  if let unknown = attributes.keys.sorted().first(where: { name in !(head + tail).contains { $0.name == name }
  }) {
    throw OpError("there is no attribute '\(unknown)'")
  }
  var words: [Int64] = []
  for (name, field, _) in head { words += try field.words(attributes[name], name, hasIntegers) }
  let lists = try tail.map { entry throws(OpError) -> [String] in
    guard case .list(let values)? = attributes[entry.name] else {
      if attributes[entry.name] == nil { return [] }
      throw OpError("attribute '\(entry.name)' is no list")
    }
    return values
  }
  let entries = lists.first?.count ?? 0
  guard lists.allSatisfy({ $0.count == entries }) else {
    throw OpError(
      "lists of \(lists.map { "\($0.count)" }.joined(separator: ", ")) values, expected as many of each")
  }
  for entry in 0..<entries {
    for (position, (name, field, _)) in tail.enumerated() {
      words += try field.words(.one(lists[position][entry]), name, hasIntegers)
    }
  }
  return words
}

extension ingot_field {
  /// The words of a value, or of none.
  fileprivate func words(
    _ value: AttributeValue?, _ name: String, _ hasIntegers: Bool
  ) throws(OpError) -> [Int64] {
    if kind == INGOT_FIELD_AXES {
      guard case .list(let axes)? = value else { throw OpError("attribute '\(name)' is no list of axes") }
      var mask: Int64 = 0
      for axis in axes { mask |= 1 << (try integer(axis)) }
      return [mask]
    }
    switch value {
    case .list: throw OpError("attribute '\(name)' is a list, expected one value")
    case nil:
      guard [INGOT_FIELD_COUNT, INGOT_FIELD_FLAG, INGOT_FIELD_ACTIVATION].contains(kind) else {
        throw OpError("attribute '\(name)' is missing")
      }
      return [Int64](repeating: 0, count: Int(ingot_field_words(kind)))
    case .one(let text): return try words(text, hasIntegers)
    }
  }

  private func words(_ text: String, _ hasIntegers: Bool) throws(OpError) -> [Int64] {
    switch kind {
    case INGOT_FIELD_FLAG: return [text == "true" ? 1 : try integer(text)]
    case INGOT_FIELD_ENUM:
      let number = (least...most).first { values[Int($0)].map { String(cString: $0) } == text }
      if let number { return [number] }
      return [try integer(text)]
    case INGOT_FIELD_REAL, INGOT_FIELD_SCALE: return [try real(text)]
    case INGOT_FIELD_NUMBER: return [hasIntegers ? try integer(text) : try real(text)]
    case INGOT_FIELD_ACTIVATION:
      let (name, parameters) = callParts(text)
      let function = try functionCode(name)
      return padded(
        [Int64(function)] + (try parameters.map { text throws(OpError) in try real(text) }), to: 3)
    case INGOT_FIELD_STEP: return try stepWords(text)
    default: return [try integer(text)]
    }
  }
}

/// `add.f32(0, 1)`: function, domain, three registers, two parameters.
private func stepWords(_ text: String) throws(OpError) -> [Int64] {
  let (name, arguments) = callParts(text)
  let parts = name.split(separator: ".").map(String.init)
  guard parts.count == 2, let domain = [INGOT_F32, INGOT_I64].first(where: { elementName($0) == parts[1] })
  else {
    throw OpError("'\(text)' is no step, such as 'add.f32(0, 1)'")
  }
  let function = try functionCode(parts[0])
  let arity = Int(ingot_function_arity(function))
  guard arguments.count == arity + Int(ingot_function_parameters(function)) else {
    throw OpError("'\(text)' has \(arguments.count) registers and parameters")
  }
  let registers = try arguments.prefix(arity).map { text throws(OpError) in try integer(text) }
  let parameters = try arguments.dropFirst(arity).map { text throws(OpError) in
    domain == INGOT_I64 ? try integer(text) : try real(text)
  }
  return [Int64(function), Int64(domain.rawValue)] + padded(registers, to: 3) + padded(parameters, to: 2)
}

private func elementName(_ element: ingot_element) -> String {
  String(cString: ingot_element_text(element.rawValue))
}

private func functionCode(_ name: String) throws(OpError) -> UInt32 {
  guard let code = functions[name] else { throw OpError("there is no function '\(name)'") }
  return code
}

private let functions: [String: UInt32] = Dictionary(
  uniqueKeysWithValues: (1..<UInt32(256)).compactMap { code in
    ingot_function_text(code).map { (String(cString: $0), code) }
  })

/// `clip(0.0, 6.0)` as its name and arguments.
private func callParts(_ text: String) -> (name: String, arguments: [String]) {
  guard let open = text.firstIndex(of: "("), text.last == ")" else { return (text, []) }
  let arguments = text[text.index(after: open)...].dropLast().split(separator: ",")
  return (String(text[..<open]), arguments.map { String($0.drop { $0 == " " }) })
}

private func padded(_ words: [Int64], to count: Int) -> [Int64] {
  words + [Int64](repeating: 0, count: max(0, count - words.count))
}

private func integer(_ text: String) throws(OpError) -> Int64 {
  guard let value = Int64(text) else { throw OpError("'\(text)' is no integer of at most 64 bits") }
  return value
}

private func real(_ text: String) throws(OpError) -> Int64 {
  guard let value = Double(text) else { throw OpError("'\(text)' is no number") }
  return Int64(bitPattern: value.bitPattern)
}
