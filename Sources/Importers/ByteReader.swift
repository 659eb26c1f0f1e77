/// Reads little-endian numbers and byte runs out of untrusted bytes, front to back.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  /// Always within the bytes or at their end.
  private(set) var position: Int

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) throws(Finding) {
    guard position >= 0, position <= bytes.count else {
      throw Finding(
        "refers to byte \(position)", expected: "at most \(bytes.count)", advice: "the file may be cut off")
    }
    self.bytes = bytes
    self.position = position
  }

  var remaining: Int { bytes.count - position }

  mutating func take(_ count: Int) throws(Finding) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else {
      throw Finding(
        "ends at byte \(bytes.count)", expected: "\(count) more bytes from byte \(position)",
        advice: "the file may be cut off; fetch it again")
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
  }

  mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(Finding) -> T {
    T(littleEndian: try take(MemoryLayout<T>.size).loadUnaligned(as: T.self))
  }

  mutating func byte() throws(Finding) -> UInt8 { try integer() }

  /// A 64-bit count of bytes; more than the bytes that are left is an error.
  mutating func length() throws(Finding) -> Int {
    let value: UInt64 = try integer()
    guard value <= UInt64(remaining) else {
      throw Finding(
        "announces \(value) bytes", expected: "at most the \(remaining) that are left",
        advice: "the file may be cut off; fetch it again")
    }
    return Int(value)
  }

  mutating func text(_ count: Int) throws(Finding) -> String {
    String(decoding: try take(count), as: UTF8.self)
  }

  /// Text up to the next line feed, which is skipped.
  mutating func line() throws(Finding) -> String {
    let rest = bytes[position...]
    guard let end = rest.firstIndex(of: 0x0a) else {
      throw Finding(
        "has an unfinished line at byte \(position)", advice: "the file may be cut off; fetch it again")
    }
    let text = try text(end - position)
    position = end + 1
    return text
  }
}
