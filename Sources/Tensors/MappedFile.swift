#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Storage {
  /// Maps a regular file read-only. Pages load as they are touched, so a checkpoint larger than memory can be
  /// read.
  package static func map(path: String) throws(FileError) -> Storage {
    let (descriptor, count) = try openRegularFile(path: path)
    defer { close(descriptor) }
    guard count > 0 else { return Storage(bytes: UnsafeRawBufferPointer(start: nil, count: 0), release: nil) }
    guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw FileError(path: path, reason: "can't be mapped: \(String(cString: strerror(errno)))")
    }
    return Storage(mapped: address, count: count)
  }

  /// Zeroed bytes that `fill` writes, in a temporary file without a name: memory only mirrors them, so that a
  /// network larger than memory can be made up. nil where the system has no room for such a file.
  package static func temporaryFile(
    byteCount count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Storage? {
    guard count > 0 else { return nil }
    guard let descriptor = try? openTemporaryFile() else { return nil }
    defer { close(descriptor) }
    // Without its blocks a write to the mapping could find the disk full, which is a signal and no error.
    guard reserve(descriptor, count),
      let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
    else { return nil }
    fill(UnsafeMutableRawBufferPointer(start: address, count: count))
    return Storage(mapped: address, count: count)
  }

  /// Pages of a file.
  private convenience init(mapped address: UnsafeMutableRawPointer, count: Int) {
    nonisolated(unsafe) let mapped = address
    self.init(
      bytes: UnsafeRawBufferPointer(start: address, count: count), release: { munmap(mapped, count) },
      evict: { range in
        // Only whole pages: neighbors may be in use.
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        if first < end { madvise(mapped + first, end - first, MADV_DONTNEED) }
      })
  }
}

/// Opens a new temporary file without a name, to read and write; it is gone when the descriptor is closed.
package func openTemporaryFile() throws(FileError) -> Int32 {
  // Not /tmp, which often is memory itself.
  let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
  // The system puts characters of its choice in place of the last six.
  var path = Array("\(folder)/ingot-XXXXXX".utf8CString)
  let descriptor = mkstemp(&path)
  guard descriptor >= 0 else {
    throw FileError(
      path: folder, reason: "no temporary file can be made there: \(String(cString: strerror(errno)))")
  }
  unlink(path)
  return descriptor
}

/// Gives a file its size and its blocks on the disk.
private func reserve(_ descriptor: Int32, _ count: Int) -> Bool {
  #if canImport(Darwin)
    var request = fstore_t(
      fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(count),
      fst_bytesalloc: 0)
    return fcntl(descriptor, F_PREALLOCATE, &request) == 0 && ftruncate(descriptor, off_t(count)) == 0
  #else
    return posix_fallocate(descriptor, 0, off_t(count)) == 0
  #endif
}

/// The whole text of a file.
package func readText(path: String) throws(FileError) -> String {
  let storage = try Storage.map(path: path)
  let text = withExtendedLifetime(storage) { String(validating: storage.bytes, as: UTF8.self) }
  guard let text else { throw FileError(path: path, reason: "is not UTF-8 text") }
  return text
}
