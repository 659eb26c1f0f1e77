/// Where a bundle's bytes go, from front to back but for the head of the file, which is written last.
package protocol BundleSink {
  /// Writes after what was written before.
  mutating func append(_ bytes: UnsafeRawBufferPointer) throws
  /// Overwrites the first bytes.
  mutating func overwriteHead(_ bytes: UnsafeRawBufferPointer) throws
}

/// A bundle in memory.
package struct BundleBytes: BundleSink {
  package private(set) var bytes: [UInt8] = []
  package init() {}

  package mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
  package mutating func overwriteHead(_ head: UnsafeRawBufferPointer) {
    bytes.replaceSubrange(0..<head.count, with: head)
  }
}
