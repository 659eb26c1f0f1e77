/// Bytes being written: little-endian structs as they lie in memory, with explicit padding.
struct ByteBuffer {
  private(set) var bytes: [UInt8] = []

  var count: Int { bytes.count }

  /// Appends a C struct of the format. Its layout has no implicit padding, which the format's header asserts
  /// by size.
  mutating func append<Value: BitwiseCopyable>(_ value: Value) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  mutating func append(contentsOf more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  /// Appends zeros up to a multiple of `alignment`.
  mutating func pad(to alignment: Int) {
    let rest = bytes.count % alignment
    if rest != 0 { bytes.append(contentsOf: repeatElement(0, count: alignment - rest)) }
  }
}

/// Names of a section, each stored once and followed by a zero byte.
struct StringTable {
  private(set) var bytes: [UInt8] = []
  private var places: [String: (offset: UInt32, count: UInt32)] = [:]

  mutating func intern(_ text: String) -> (offset: UInt32, count: UInt32) {
    if let place = places[text] { return place }
    let place = (offset: UInt32(bytes.count), count: UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
    bytes.append(0)
    places[text] = place
    return place
  }
}
