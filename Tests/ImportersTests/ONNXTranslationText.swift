import Foundation

/// Models written in a subset of ONNX's own textual syntax, so that a test shows the model it is about:
///
///     (float[N, 3] x) => (y) <int64[1] axes = {1}> {
///       y = ReduceSum<keepdims = 0>(x, axes)
///     }
///
/// Functions stand before the graph: `function domain.Name(a, b) => (c) { … }`.
enum ONNXText {
  struct Malformed: Error, CustomStringConvertible {
    var description: String
  }

  /// The bytes of the model. `opset` is the version of ONNX's own operators.
  static func model(_ text: String, opset: Int) throws -> [UInt8] {
    var parser = Parser(text)
    var functions: [Message.Field] = []
    while parser.take("function") { functions.append(.message(25, try parser.function(opset: opset))) }
    let graph = try parser.graph()
    return Message(
      [.int(1, 8), .text(2, "tests"), .message(7, graph), .message(8, Message(.int(2, opset)))] + functions
        + [.message(8, Message(.text(1, "com.microsoft"), .int(2, 1)))]
    ).bytes
  }

  private static let types = [
    "float": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "string": 8,
    "bool": 9, "float16": 10, "double": 11, "uint32": 12, "uint64": 13,
  ]

  private struct Parser {
    private var tokens: [String]
    private var position = 0

    init(_ text: String) {
      tokens = []
      var rest = Substring(text)
      while let first = rest.first {
        if first.isWhitespace {
          rest.removeFirst()
        } else if first == "\"" {
          let body = rest.dropFirst().prefix { $0 != "\"" }
          tokens.append("\"" + body)
          rest = rest[body.endIndex...].dropFirst()
        } else if rest.hasPrefix("=>") {
          tokens.append("=>")
          rest = rest.dropFirst(2)
        } else if first.isLetter || first.isNumber || "_-.+:/".contains(first) {
          let word = rest.prefix { $0.isLetter || $0.isNumber || "_-.+:/".contains($0) }
          tokens.append(String(word))
          rest = rest[word.endIndex...]
        } else {
          tokens.append(String(first))
          rest.removeFirst()
        }
      }
    }

    private var next: String { position < tokens.count ? tokens[position] : "" }

    private mutating func word() -> String {
      defer { position += 1 }
      return next
    }

    mutating func take(_ token: String) -> Bool {
      guard next == token else { return false }
      position += 1
      return true
    }

    private mutating func expect(_ token: String) throws {
      guard take(token) else { throw Malformed(description: "'\(next)' where '\(token)' should be") }
    }

    /// Items between two tokens, separated by commas.
    private mutating func list<Item>(
      _ open: String, _ close: String, _ item: (inout Parser) throws -> Item
    ) throws -> [Item] {
      var items: [Item] = []
      try expect(open)
      while !take(close) {
        guard position < tokens.count else { throw Malformed(description: "no '\(close)'") }
        items.append(try item(&self))
        _ = take(",")
      }
      return items
    }

    mutating func graph() throws -> Message {
      let inputs = next == "(" ? try list("(", ")") { try $0.typedValue() } : []
      try expect("=>")
      let outputs = try list("(", ")") { try $0.output() }
      let initializers = next == "<" ? try list("<", ">") { try $0.tensor() } : []
      let nodes = try nodes()
      return ONNXBytes.graph(
        nodes: nodes, initializers: initializers, inputs: inputs,
        outputs: outputs)
    }

    mutating func function(opset: Int) throws -> Message {
      let parts = word().split(separator: ".")
      let inputs = try list("(", ")") { $0.word() }
      try expect("=>")
      let outputs = try list("(", ")") { $0.word() }
      let nodes = try nodes()
      return Message(
        [.text(1, String(parts.last ?? "")), .text(10, parts.dropLast().joined(separator: "."))]
          + inputs.map { .text(4, $0) } + outputs.map { .text(5, $0) } + nodes.map { .message(7, $0) }
          + [.message(9, Message(.int(2, opset)))])
    }

    private mutating func nodes() throws -> [Message] {
      try expect("{")
      var nodes: [Message] = []
      while !take("}") { nodes.append(try node()) }
      return nodes
    }

    private mutating func node() throws -> Message {
      var outputs = [name(word())]
      while take(",") { outputs.append(name(word())) }
      try expect("=")
      let parts = word().split(separator: ".")
      let attributes = next == "<" ? try list("<", ">") { try $0.attribute() } : []
      let inputs = try list("(", ")") { $0.name($0.word()) }
      guard let type = parts.last else { throw Malformed(description: "no operator") }
      return Message(
        inputs.map { .text(1, $0) } + outputs.map { .text(2, $0) } + [.text(4, String(type))]
          + attributes.map { .message(5, $0) } + [.text(7, parts.dropLast().joined(separator: "."))])
    }

    /// `_` stands for an optional value that is left out.
    private func name(_ word: String) -> String { word == "_" ? "" : word }

    private mutating func type() throws -> (number: Int, dims: [String]) {
      let name = word()
      guard let number = types[name] else { throw Malformed(description: "'\(name)' is no type") }
      return (number, next == "[" ? try list("[", "]") { $0.word() } : [])
    }

    private mutating func typedValue() throws -> Message {
      let (number, dims) = try type()
      return ONNXBytes.value(
        word(), type: number,
        dims: dims.map { dim in
          if dim == "?" { return Message() }
          if dim.hasPrefix("\"") { return Message(.text(2, String(dim.dropFirst()))) }
          return Int(dim).map { Message(.int(1, $0)) } ?? Message(.text(2, dim))
        })
    }

    /// The name of an output, with or without a type.
    private mutating func output() throws -> Message {
      types[next] == nil ? Message(.text(1, word())) : try typedValue()
    }

    /// `float[2] w = {1.0, 2.0}`; one number stands for all elements.
    private mutating func tensor() throws -> Message {
      let (number, dims) = try type()
      let extents = dims.compactMap { Int($0) }
      let name = next == "=" ? "" : word()
      try expect("=")
      var values = try list("{", "}") { $0.word() }
      let count = extents.reduce(1, *)
      if values.count == 1, count != 1 { values = [String](repeating: values[0], count: count) }
      let data: Message.Field
      switch number {
      case 1: data = .bytes(4, values.flatMap { littleEndian(Float($0) ?? 0) })
      case 7: data = .ints(7, values.map { Int($0) ?? 0 })
      case 12, 13: data = .ints(11, values.map { Int($0) ?? 0 })
      case 11: data = .bytes(10, values.flatMap { littleEndian(Double($0) ?? 0) })
      default: data = .ints(5, values.map { Int($0) ?? 0 })
      }
      return Message(extents.map { .int(1, $0) } + [.int(2, number), .text(8, name), data])
    }

    private mutating func attribute() throws -> Message {
      let name = word()
      try expect("=")
      if take("@") { return Message(.text(1, name), .text(21, word()), .int(20, 2)) }
      if next == "{" {
        position += 1
        let graph = try graph()
        try expect("}")
        return ONNXBytes.attribute(name, type: 5, .message(6, graph))
      }
      if types[next] != nil { return ONNXBytes.attribute(name, type: 4, .message(5, try tensor())) }
      if next == "[" {
        let values = try list("[", "]") { $0.word() }
        if values.allSatisfy({ Int($0) != nil }) {
          return ONNXBytes.attribute(name, type: 7, .ints(8, values.compactMap { Int($0) }))
        }
        return ONNXBytes.attribute(name, type: 6, .bytes(7, values.flatMap { littleEndian(Float($0) ?? 0) }))
      }
      let value = word()
      if value.hasPrefix("\"") {
        return ONNXBytes.attribute(name, type: 3, .text(4, String(value.dropFirst())))
      }
      if let number = Int(value) { return ONNXBytes.attribute(name, type: 2, .int(3, number)) }
      guard let number = Float(value) else { throw Malformed(description: "'\(value)' is no value") }
      return ONNXBytes.attribute(name, type: 1, .float(2, number))
    }
  }
}
