/// Immutable bytes of one or several tensors: owned memory or a mapped file, released with the last
/// reference.
///
/// The bytes never change after `init` returns, which is what makes sharing across threads sound.
package final class Storage: @unchecked Sendable {
  package let bytes: UnsafeRawBufferPointer
  private let release: (@Sendable () -> Void)?
  private let evict: (@Sendable (Range<Int>) -> Void)?

  /// Takes memory that `release` frees. `evict` may give pages back that can be read again.
  package init(
    bytes: UnsafeRawBufferPointer, release: (@Sendable () -> Void)?,
    evict: (@Sendable (Range<Int>) -> Void)? = nil
  ) {
    self.bytes = bytes
    self.release = release
    self.evict = evict
  }

  /// Says that a range of bytes will not be read soon: memory that only mirrors a file is given back, and comes
  /// again from the file when it is read. Contents stay the same.
  package func evict(_ range: Range<Int>) { evict?(range) }

  /// Allocates `byteCount` bytes aligned to 64, zeroes them and lets `fill` write them.
  package convenience init(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    nonisolated(unsafe) let owned = memory
    do {
      try fill(memory)
    } catch {
      memory.deallocate()
      throw error
    }
    self.init(bytes: UnsafeRawBufferPointer(memory), release: { owned.deallocate() })
  }

  deinit { release?() }
}
