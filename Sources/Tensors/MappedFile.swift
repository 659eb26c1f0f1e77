#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why a file could not be read: names the file and the system's reason.
package struct FileError: Error, CustomStringConvertible, Hashable {
  package let path: String
  package let reason: String
  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
  package var description: String { "\(path): \(reason)" }
}

extension Storage {
  /// Maps a regular file read-only. Pages load as they are touched, so a checkpoint larger than memory can be
  /// read.
  package static func map(path: String) throws(FileError) -> Storage {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(path: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, reason: "is not a regular file")
    }
    let count = Int(status.st_size)
    guard count > 0 else { return Storage(bytes: UnsafeRawBufferPointer(start: nil, count: 0), release: nil) }
    guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw FileError(path: path, reason: "can't be mapped: \(String(cString: strerror(errno)))")
    }
    nonisolated(unsafe) let mapped = address
    return Storage(
      bytes: UnsafeRawBufferPointer(start: address, count: count), release: { munmap(mapped, count) },
      evict: { range in
        // Only whole pages: neighbours may be in use.
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        if first < end { madvise(mapped + first, end - first, MADV_DONTNEED) }
      })
  }
}
