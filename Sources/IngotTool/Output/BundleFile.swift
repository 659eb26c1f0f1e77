import Bundle
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that is written from front to back, its head last.
struct BundleFile: BundleSink {
  private let descriptor: Int32
  private let path: String

  /// Writes to an open file, which stays open; `path` stands in messages.
  init(descriptor: Int32, shownAs path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
    guard writeAll(bytes, to: descriptor) else { throw OutputError.last(path) }
  }

  mutating func overwriteHead(_ bytes: UnsafeRawBufferPointer) throws {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw OutputError.last(path) }
    try append(bytes)
  }
}

/// Writes all bytes, in as many calls as it takes; false, with `errno`, when the system refuses.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
    if count > 0 {
      rest = rest.dropFirst(count)
    } else if errno == EAGAIN {
      // Whoever opened the stream made it not to block.
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&request, 1, -1)
    } else if errno != EINTR {
      return false
    }
  }
  return true
}

/// Why an output can't be written.
enum OutputError {
  static func refused(_ path: String, _ reason: String) -> ToolError {
    ToolError("\(FileError.shown(path)): can't be written: \(reason)")
  }

  /// The system's reason for the last call that failed.
  static func last(_ path: String) -> ToolError { refused(path, String(cString: strerror(errno))) }
}
