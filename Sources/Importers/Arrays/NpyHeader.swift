import Tensors

/// The header of a NumPy array, the text of a Python dictionary:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct NpyHeader {
  let type: StoredType
  let isBigEndian: Bool
  let isColumnMajor: Bool
  let shape: Shape

  init(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
    var parser = Parser(text: Array(bytes))
    var descriptor: String?
    var isColumnMajor: Bool?
    var shape: Shape?
    try parser.expect("{")
    while !parser.accept("}") {
      let key = try parser.string()
      try parser.expect(":")
      switch key {
      case "descr": descriptor = try parser.string()
      case "fortran_order": isColumnMajor = try parser.boolean()
      case "shape": shape = try parser.shape()
      default:
        throw Finding("has the unknown key \(ImportError.quoted(key)) in its header", expected: "a .npy file")
      }
      if !parser.accept(",") {
        try parser.expect("}")
        break
      }
    }
    guard let descriptor, let isColumnMajor, let shape else {
      throw Finding("has an incomplete header", expected: "descr, fortran_order and shape")
    }
    let types: [String: StoredType] = [
      "f8": .f64, "f4": .f32, "f2": .f16, "i8": .i64, "i4": .i32, "i2": .i16, "i1": .i8, "u8": .u64,
      "u4": .u32,
      "u2": .u16, "u1": .u8, "b1": .bool,
    ]
    guard let order = descriptor.first, "<>|=".contains(order),
      let type = types[String(descriptor.dropFirst())]
    else {
      throw Finding(
        "has elements of NumPy type \(ImportError.quoted(descriptor))", expected: "plain numbers or booleans",
        advice: "convert with astype before saving")
    }
    self.type = type
    isBigEndian = order == ">"
    self.isColumnMajor = isColumnMajor
    self.shape = shape
  }
}

private struct Parser {
  let text: [UInt8]
  var position = 0

  init(text: [UInt8]) { self.text = text }

  private var malformed: Finding {
    Finding(
      "has a malformed header at byte \(position)", expected: "a .npy file",
      advice: "write it with numpy.save")
  }

  mutating func accept(_ character: Unicode.Scalar) -> Bool {
    while position < text.count, text[position] == 0x20 || text[position] == 0x0a { position += 1 }
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(Finding) {
    guard accept(character) else { throw malformed }
  }

  mutating func string() throws(Finding) -> String {
    // Structured types are lists of pairs here.
    if accept("[") { throw Finding("has a structured type", expected: "plain numbers or booleans") }
    let quote: UInt8 = accept("'") ? UInt8(ascii: "'") : UInt8(ascii: "\"")
    if quote == UInt8(ascii: "\"") { try expect("\"") }
    guard let end = text[position...].firstIndex(of: quote) else { throw malformed }
    defer { position = end + 1 }
    return String(decoding: text[position..<end], as: UTF8.self)
  }

  mutating func boolean() throws(Finding) -> Bool {
    switch word() {
    case "True": return true
    case "False": return false
    default: throw malformed
    }
  }

  mutating func shape() throws(Finding) -> Shape {
    try expect("(")
    var extents: [Int] = []
    while !accept(")") {
      // Python 2 wrote long integers with an L.
      let digits = word().filter { $0 != "L" }
      guard let extent = Int(digits), extent >= 0, extents.count < 64 else { throw malformed }
      extents.append(extent)
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return Shape(extents)
  }

  private mutating func word() -> String {
    while position < text.count, text[position] == 0x20 { position += 1 }
    let start = position
    while position < text.count,
      Character(Unicode.Scalar(text[position])).isLetter
        || (0x30...0x39).contains(text[position])
    {
      position += 1
    }
    return String(decoding: text[start..<position], as: UTF8.self)
  }
}
