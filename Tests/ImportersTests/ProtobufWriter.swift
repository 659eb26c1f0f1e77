/// A message in protobuf's wire format, written field by field. It knows no schema, so that tests can write
/// what no honest program would.
struct Message {
  private(set) var bytes: [UInt8] = []

  init(_ fields: Field...) { for field in fields { bytes += field.bytes } }
  init(_ fields: [Field]) { for field in fields { bytes += field.bytes } }

  struct Field {
    var bytes: [UInt8]

    static func int(_ number: Int, _ value: Int) -> Field {
      Field(bytes: varint(UInt64(number) << 3) + varint(UInt64(bitPattern: Int64(value))))
    }
    static func float(_ number: Int, _ value: Float) -> Field {
      Field(bytes: varint(UInt64(number) << 3 | 5) + littleEndian(value))
    }
    static func bytes(_ number: Int, _ value: [UInt8]) -> Field {
      Field(bytes: varint(UInt64(number) << 3 | 2) + varint(UInt64(value.count)) + value)
    }
    static func text(_ number: Int, _ value: String) -> Field { .bytes(number, Array(value.utf8)) }
    static func message(_ number: Int, _ value: Message) -> Field { .bytes(number, value.bytes) }
    static func ints(_ number: Int, _ values: [Int]) -> Field {
      .bytes(number, values.flatMap { varint(UInt64(bitPattern: Int64($0))) })
    }
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}

/// ONNX messages with the fields that the tests vary.
enum ONNXBytes {
  static func tensor(_ name: String, type: Int, dims: [Int], _ data: Message.Field...) -> Message {
    Message(dims.map { .int(1, $0) } + [.int(2, type), .text(8, name)] + data)
  }

  static func external(_ name: String, type: Int, dims: [Int], _ entries: [(String, String)]) -> Message {
    Message(
      dims.map { .int(1, $0) } + [.int(2, type), .text(8, name), .int(14, 1)]
        + entries.map { .message(13, Message(.text(1, $0.0), .text(2, $0.1))) })
  }

  static func attribute(_ name: String, type: Int, _ fields: Message.Field...) -> Message {
    Message([.text(1, name)] + fields + [.int(20, type)])
  }

  static func node(
    _ type: String, _ inputs: [String], _ outputs: [String], name: String = "", attributes: [Message] = []
  ) -> Message {
    Message(
      inputs.map { .text(1, $0) } + outputs.map { .text(2, $0) }
        + [.text(3, name), .text(4, type)] + attributes.map { .message(5, $0) })
  }

  static func value(_ name: String, type: Int, dims: [Message]) -> Message {
    let shape = Message(dims.map { .message(1, $0) })
    return Message(
      .text(1, name), .message(2, Message(.message(1, Message(.int(1, type), .message(2, shape))))))
  }

  static func graph(
    nodes: [Message] = [], initializers: [Message] = [], inputs: [Message] = [], outputs: [Message] = []
  ) -> Message {
    Message(
      nodes.map { .message(1, $0) } + [.text(2, "main")] + initializers.map { .message(5, $0) }
        + inputs.map { .message(11, $0) } + outputs.map { .message(12, $0) })
  }

  static func model(_ graph: Message, _ fields: Message.Field...) -> [UInt8] {
    Message(
      [.int(1, 8), .text(2, "tests"), .text(3, "1.0"), .message(7, graph), .message(8, Message(.int(2, 17)))]
        + fields
    ).bytes
  }
}
