package import Bundle
import CBundleFormat
package import IR
import Tensors

/// Reads a program's ``Program/text``. Comments from `//` to the end of a line are skipped. The text of a program that
/// was printed gives an equal one.
package func parseProgram(_ text: String, file: String = "program") throws(Diagnostic) -> Program {
  var parser = ProgramParser(text, file: file)
  return try parser.program()
}

private struct ProgramParser {
  private var scanner: ProgramScanner
  private var result = Program(name: "")
  private var tensors: [Int: Program.View] = [:]
  /// Tensors of weights that are called by name.
  private var weights: [String: Int] = [:]
  /// Memories of buffers by name; they are listed before.
  private var memories: [String: Int] = [:]

  init(_ text: String, file: String) { scanner = ProgramScanner(text, file: file) }

  mutating func program() throws(Diagnostic) -> Program {
    try scanner.expect("program")
    result.name = try scanner.symbol()
    try scanner.expect("(")
    result.inputCount = try ports(sizes: false)
    try scanner.expect("->")
    try scanner.expect("(")
    result.outputCount = try ports(sizes: true)
    try scanner.expect("{")
    try lines()
    try scanner.expectEnd()
    for index in 0..<tensors.count {
      guard let view = tensors[index] else {
        throw scanner.failure("there are \(tensors.count) tensors, but no %\(index)")
      }
      guard result.buffers.indices.contains(view.buffer) else {
        throw scanner.failure(
          "%\(index) lies in $\(view.buffer), but there are \(result.buffers.count) buffers")
      }
      result.tensors.append(view)
    }
    return result
  }

  /// Inputs or outputs and the closing parenthesis; gives their number.
  private mutating func ports(sizes: Bool) throws(Diagnostic) -> Int {
    let first = tensors.count
    while !scanner.skip(")") {
      if tensors.count > first { try scanner.expect(",") }
      let index = try tensor()
      guard index == tensors.count - 1 else {
        throw scanner.failure("port %\(index) stands out of order, expected %\(tensors.count - 1)")
      }
      if sizes, scanner.skip("sized") { try self.sizes(of: index) }
    }
    return tensors.count - first
  }

  private mutating func sizes(of tensor: Int) throws(Diagnostic) {
    try scanner.expect("{")
    repeat {
      let axis = try scanner.integer()
      try scanner.expect("=")
      try scanner.expect("%")
      result.sizes.append(
        Program.OutputSize(
          output: tensor - result.inputCount, axis: axis,
          sizeOutput: try scanner.integer() - result.inputCount))
    } while scanner.skip(",")
    try scanner.expect("}")
  }

  /// Lines up to the brace that closes them.
  private mutating func lines() throws(Diagnostic) {
    while !scanner.skip("}") {
      if scanner.skip("memory") {
        try memory()
      } else if scanner.skip("buffer") {
        try buffer()
      } else if scanner.skip("weight") || scanner.skip("tensor") {
        _ = try tensor()
      } else if scanner.skip("loop") {
        try loop()
      } else {
        try call()
      }
    }
  }

  private mutating func memory() throws(Diagnostic) {
    let id = try scanner.symbol()
    guard memories.updateValue(memories.count, forKey: id) == nil else {
      throw scanner.failure("there are two memories '\(id)'")
    }
    var bytes: Int?
    if scanner.skip(":") {
      bytes = try scanner.integer()
      try scanner.expect("bytes")
    }
    result.memories.append(Program.Memory(id, bytes: bytes))
  }

  private mutating func buffer() throws(Diagnostic) {
    try scanner.expect("$")
    let index = try scanner.integer()
    guard index == result.buffers.count else {
      throw scanner.failure("buffer $\(index) stands out of order, expected $\(result.buffers.count)")
    }
    var kind = Program.Buffer.Kind.arena
    if scanner.skip("=") {
      let word = try scanner.word()
      let number = try scanner.integer()
      switch word {
      case "input": kind = .input(number)
      case "output": kind = .output(number)
      case "weight": kind = .weight(number)
      default: throw scanner.failure("found '\(word)', expected 'input', 'output' or 'weight'")
      }
    }
    try scanner.expect(":")
    var buffer = Program.Buffer(kind, bytes: try scanner.integer())
    try scanner.expect("bytes")
    if scanner.skip("in") {
      let id = try scanner.symbol()
      guard let memory = memories[id] else { throw scanner.failure("there is no memory '\(id)'") }
      buffer.memory = memory
      if scanner.skip("at") { buffer.address = try scanner.integer() }
    }
    result.buffers.append(buffer)
  }

  private mutating func loop() throws(Diagnostic) {
    let count = try scanner.integer()
    try scanner.expect("times")
    try scanner.expect("{")
    let head = result.instructions.count
    result.instructions.append(
      Program.Instruction(
        INGOT_OP_LOOP, results: [], inputs: [],
        attributes: attributeWords(ingot_loop_attributes(count: Int64(count), length: 0))))
    try lines()
    let length = Int64(result.instructions.count - 1 - head)
    result.instructions[head].change(as: ingot_loop_attributes.self) { $0.length = length }
  }

  private mutating func call() throws(Diagnostic) {
    var results: [Int] = []
    repeat { results.append(try tensor()) } while scanner.skip(",")
    try scanner.expect("=")
    let operation = try scanner.word()
    guard let opcode = opcodes[operation] else { throw scanner.failure("there is no opcode '\(operation)'") }
    var call = Program.Instruction(opcode, results: results, inputs: [])
    repeat { call.inputs.append(scanner.skip("none") ? nil : try tensor()) } while scanner.skip(",")
    let attributes = scanner.skip("{") ? try scanner.attributes() : [:]
    let hasIntegers = tensors[results[0]].map { !$0.element.isFloat } ?? false
    do {
      call.attributes = try attributeWords(attributes, of: opcode, hasIntegers)
    } catch {
      throw scanner.failure("\(operation): \(error.message)")
    }
    call.name = scanner.skip("name") ? try scanner.string() : tensors[results[0]]?.name ?? ""
    result.instructions.append(call)
  }

  /// A tensor, which is declared where it occurs first.
  private mutating func tensor() throws(Diagnostic) -> Int {
    if scanner.isAt("@") {
      let name = try scanner.symbol()
      guard let index = weights[name] else { throw scanner.failure("there is no weight '@\(name)'") }
      return index
    }
    try scanner.expect("%")
    let index = try scanner.integer()
    var name = ""
    if scanner.isAt("@") {
      name = try scanner.symbol()
      weights[name] = index
    } else if scanner.isAt("\"") {
      name = try scanner.string()
    }
    guard scanner.skip(":") else {
      guard tensors[index] != nil else { throw scanner.failure("%\(index) is not declared") }
      return index
    }
    let word = try scanner.word()
    guard let element = ElementType(rawValue: word) else {
      throw scanner.failure("there is no element type '\(word)'")
    }
    try scanner.expect("[")
    var extents: [Int] = []
    while !scanner.skip("]") {
      if !extents.isEmpty { try scanner.expect(",") }
      extents.append(try scanner.integer())
    }
    let layout = scanner.skip("layout") ? try layout(rank: extents.count) : nil
    let window = scanner.skip("rows") ? try window() : nil
    try scanner.expect("in")
    try scanner.expect("$")
    var view = Program.View(
      buffer: try scanner.integer(), element: element, shape: Shape(extents), name: name, layout: layout,
      window: window)
    if scanner.skip("+") { view.offset = try scanner.integer() }
    guard tensors.updateValue(view, forKey: index) == nil else {
      throw scanner.failure("%\(index) is declared twice")
    }
    return index
  }
}

extension ProgramParser {
  /// `3 of 8`: the first row, and those of the image.
  private mutating func window() throws(Diagnostic) -> RowWindow {
    let first = try scanner.integer()
    try scanner.expect("of")
    return RowWindow(imageRows: try scanner.integer(), firstRow: first)
  }

  /// `[1, 0; 1 by 32]`: an order of axes, and one that is cut into blocks.
  private mutating func layout(rank: Int) throws(Diagnostic) -> Layout {
    try scanner.expect("[")
    var layout = Layout([])
    repeat { layout.order.append(try scanner.integer()) } while scanner.skip(",")
    if scanner.skip(";") {
      let axis = try scanner.integer()
      try scanner.expect("by")
      layout.block = Layout.Block(axis: axis, extent: try scanner.integer())
    }
    try scanner.expect("]")
    guard layout.fits(rank: rank) else { throw scanner.failure("\(layout) is no layout of \(rank) axes") }
    return layout
  }
}

private let opcodes: [String: ingot_opcode] = Dictionary(
  uniqueKeysWithValues: (0..<UInt32(256)).compactMap { code in
    ingot_opcode_text(code).map { (String(cString: $0), ingot_opcode(code)) }
  })

/// The pieces of a program's text.
private struct ProgramScanner {
  private let bytes: [UInt8]
  private let file: String
  private var offset = 0

  init(_ text: String, file: String) {
    bytes = Array(text.utf8)
    self.file = file
    skipSpace()
  }

  func failure(_ message: String) -> Diagnostic {
    let line = bytes[..<min(offset, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
    let start = bytes[..<min(offset, bytes.count)].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return Diagnostic(message, at: .text(file: file, line: line, column: offset - start + 1))
  }

  private var found: String {
    guard offset < bytes.count else { return "the end of the text" }
    let piece = bytes[offset...].prefix { $0 > UInt8(ascii: " ") }.prefix(20)
    return "'\(String(decoding: piece, as: UTF8.self))'"
  }

  private mutating func skipSpace() {
    while offset < bytes.count {
      if bytes[offset] <= UInt8(ascii: " ") {
        offset += 1
      } else if bytes[offset...].starts(with: "//".utf8) {
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
      } else {
        return
      }
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  func isAt(_ text: String) -> Bool { bytes[offset...].starts(with: text.utf8) }

  /// Moves over a word or sign if it stands here.
  mutating func skip(_ text: String) -> Bool {
    guard isAt(text) else { return false }
    let end = offset + text.utf8.count
    if let last = text.utf8.last, Self.isWordByte(last), end < bytes.count, Self.isWordByte(bytes[end]) {
      return false
    }
    offset = end
    skipSpace()
    return true
  }

  mutating func expect(_ text: String) throws(Diagnostic) {
    guard skip(text) else { throw failure("found \(found), expected '\(text)'") }
  }

  func expectEnd() throws(Diagnostic) {
    guard offset == bytes.count else { throw failure("found \(found), expected the end of the text") }
  }

  mutating func word() throws(Diagnostic) -> String {
    let piece = bytes[offset...].prefix { Self.isWordByte($0) }
    guard !piece.isEmpty else { throw failure("found \(found), expected a word") }
    offset += piece.count
    skipSpace()
    return String(decoding: piece, as: UTF8.self)
  }

  mutating func integer() throws(Diagnostic) -> Int {
    let piece = bytes[offset...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let value = Int(String(decoding: piece, as: UTF8.self)) else {
      throw failure("found \(found), expected an integer of at most 64 bits")
    }
    offset += piece.count
    skipSpace()
    return value
  }

  /// Attributes and the closing brace: names, and values or lists of them as they stand.
  mutating func attributes() throws(Diagnostic) -> [String: AttributeValue] {
    var attributes: [String: AttributeValue] = [:]
    repeat {
      let name = try word()
      try expect("=")
      if skip("[") {
        var values: [String] = []
        while !skip("]") {
          if !values.isEmpty { try expect(",") }
          values.append(try value())
        }
        attributes[name] = .list(values)
      } else {
        attributes[name] = .one(try value())
      }
    } while skip(",")
    try expect("}")
    return attributes
  }

  /// A word, a number, or a word with what stands in parentheses behind it.
  private mutating func value() throws(Diagnostic) -> String {
    func isPart(_ byte: UInt8) -> Bool {
      Self.isWordByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
    }
    let start = offset
    while offset < bytes.count, isPart(bytes[offset]) { offset += 1 }
    if offset > start, isAt("(") {
      while offset < bytes.count, bytes[offset] != UInt8(ascii: ")") { offset += 1 }
      offset = min(offset + 1, bytes.count)
    }
    guard offset > start else { throw failure("found \(found), expected a value") }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    skipSpace()
    return text
  }

  /// `@name` or `@"name"`.
  mutating func symbol() throws(Diagnostic) -> String {
    try expect("@")
    return isAt("\"") ? try string() : try word()
  }

  mutating func string() throws(Diagnostic) -> String {
    guard isAt("\"") else { throw failure("found \(found), expected a string") }
    var text: [UInt8] = []
    var place = offset + 1
    while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
      guard bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.count else {
        text.append(bytes[place])
        place += 1
        continue
      }
      guard bytes[place + 1] == UInt8(ascii: "u") else {
        text.append(bytes[place + 1])
        place += 2
        continue
      }
      let digits = bytes[min(place + 3, bytes.count)...].prefix { $0 != UInt8(ascii: "}") }.prefix(9)
      guard let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(value)
      else { throw failure("found an escape that names no character") }
      text += Array(String(scalar).utf8)
      place += 4 + digits.count
    }
    guard place < bytes.count else { throw failure("a string does not end") }
    offset = place + 1
    skipSpace()
    return String(decoding: text, as: UTF8.self)
  }
}
