import COnnx

/// Checks bytes against the schema before libprotobuf-c sees them.
///
/// The library recurses into nested messages, and merges a singular message that occurs twice by copying
/// both, so a hostile file could exhaust its stack or its time. This walk is iterative and takes linear time;
/// what it accepts has bounded depth, lengths inside their parents, the declared wire types, no repeated
/// singular message, and no text that the library's C strings would cut.
struct WireFormat {
  /// A graph nested in a graph takes three levels.
  private static let maximumDepth = 64

  private typealias Descriptor = UnsafePointer<ProtobufCMessageDescriptor>

  private struct Frame {
    var descriptor: Descriptor
    var end: Int
    /// Singular message fields seen, by position in the descriptor.
    var seen: UInt64 = 0
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  /// Throws if `bytes` is not a well-formed message of the type that `descriptor` describes.
  static func check(
    _ bytes: UnsafeRawBufferPointer, as descriptor: UnsafePointer<ProtobufCMessageDescriptor>
  ) throws(Finding) {
    var walk = WireFormat(bytes)
    try walk.run(descriptor)
  }

  private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func run(_ root: Descriptor) throws(Finding) {
    var stack = [Frame(descriptor: root, end: bytes.count)]
    while var frame = stack.popLast() {
      if position == frame.end { continue }
      let start = position
      let key = try varint(before: frame.end)
      guard key <= UInt64(UInt32.max), key >> 3 > 0 else {
        throw damage(at: start, "an invalid field number")
      }
      let wireType = UInt8(key & 7)
      let payload = try payloadEnd(wireType, before: frame.end, start: start)
      if let index = Self.field(UInt32(key >> 3), of: frame.descriptor) {
        let field = frame.descriptor.pointee.fields[index]
        try checkWireType(wireType, of: field, byteCount: payload - position, start: start)
        if field.type == PROTOBUF_C_TYPE_STRING { try checkText(field, until: payload) }
        if field.type == PROTOBUF_C_TYPE_MESSAGE {
          if field.label != PROTOBUF_C_LABEL_REPEATED {
            guard frame.seen & (1 << UInt64(index)) == 0 else {
              throw damage(at: start, "a second '\(String(cString: field.name))' where one is allowed")
            }
            frame.seen |= 1 << UInt64(index)
          }
          guard stack.count + 2 <= Self.maximumDepth else {
            throw Finding(
              "nests its messages more than \(Self.maximumDepth) levels deep", expected: "fewer levels")
          }
          stack.append(frame)
          let child = UnsafeRawPointer(field.descriptor).assumingMemoryBound(
            to: ProtobufCMessageDescriptor.self)
          stack.append(Frame(descriptor: child, end: payload))
          continue
        }
      }
      position = payload
      stack.append(frame)
    }
  }

  /// The end of the value at `position`, which for length-delimited values is moved behind their length.
  private mutating func payloadEnd(_ wireType: UInt8, before end: Int, start: Int) throws(Finding) -> Int {
    switch wireType {
    case 0:
      let before = position
      _ = try varint(before: end)
      defer { position = before }
      return position
    case 1, 5:
      let count = wireType == 1 ? 8 : 4
      guard count <= end - position else { throw damage(at: start, "a field that ends outside its message") }
      return position + count
    case 2:
      let length = try varint(before: end)
      guard length <= UInt64(end - position) else {
        throw damage(at: start, "a field of \(length) bytes where \(end - position) are left")
      }
      return position + Int(length)
    default:
      throw damage(at: start, "the wire type \(wireType)")
    }
  }

  private func checkWireType(
    _ wireType: UInt8, of field: ProtobufCFieldDescriptor, byteCount: Int, start: Int
  ) throws(Finding) {
    let expected: UInt8
    switch field.type {
    case PROTOBUF_C_TYPE_MESSAGE, PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES: expected = 2
    case PROTOBUF_C_TYPE_FLOAT: expected = 5
    case PROTOBUF_C_TYPE_DOUBLE: expected = 1
    default: expected = 0
    }
    if wireType == expected { return }
    let isPacked = wireType == 2 && expected != 2 && field.label == PROTOBUF_C_LABEL_REPEATED
    let size = expected == 5 ? 4 : expected == 1 ? 8 : 1
    guard isPacked, byteCount % size == 0 else {
      throw damage(at: start, "a wrong encoding of '\(String(cString: field.name))'")
    }
  }

  /// Two names that differ after a NUL byte alone would become one.
  private func checkText(_ field: ProtobufCFieldDescriptor, until end: Int) throws(Finding) {
    let name = String(cString: field.name)
    guard name != "doc_string", bytes[position..<end].contains(0) else { return }
    let text = String(decoding: bytes[position..<end], as: UTF8.self)
    throw Finding(
      "has \(ImportError.quoted(text)), with a NUL byte, as a '\(name)' at byte \(position)",
      expected: "text without NUL bytes", advice: "rename it in the exporter, or with onnx.load and onnx.save"
    )
  }

  private mutating func varint(before end: Int) throws(Finding) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { throw damage(at: start, "a number that ends outside its message") }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw damage(at: start, "a number of more than ten bytes")
  }

  private static func field(_ number: UInt32, of descriptor: Descriptor) -> Int? {
    (0..<Int(descriptor.pointee.n_fields)).first { descriptor.pointee.fields[$0].id == number }
  }

  private func damage(at offset: Int, _ what: String) -> Finding {
    Finding(
      "has \(what) at byte \(offset)", expected: "an ONNX model",
      advice: "the file may be damaged or of another kind; fetch or export it again")
  }
}
