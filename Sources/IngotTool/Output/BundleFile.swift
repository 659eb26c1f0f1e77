import Bundle
import Foundation

/// A file that is written from front to back, its head last.
struct BundleFile: BundleSink {
  private let handle: FileHandle
  private let path: String

  /// `path` stands in messages.
  init(creating file: String, shownAs path: String) throws {
    self.path = path
    guard FileManager.default.createFile(atPath: file, contents: nil),
      let handle = FileHandle(forWritingAtPath: file)
    else {
      throw ToolError("\(path): can't be written: \(String(cString: strerror(errno)))")
    }
    self.handle = handle
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    // The bytes outlive the call, so that they need no copy.
    let data = Data(
      bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: bytes.count, deallocator: .none)
    try reporting { try handle.write(contentsOf: data) }
  }

  mutating func overwriteHead(_ bytes: UnsafeRawBufferPointer) throws {
    try reporting { try handle.seek(toOffset: 0) }
    try append(bytes)
  }

  mutating func close() throws { try reporting { try handle.close() } }

  private func reporting(_ body: () throws -> Void) throws {
    do { try body() } catch { throw ToolError("\(path): can't be written: \(error.localizedDescription)") }
  }
}
