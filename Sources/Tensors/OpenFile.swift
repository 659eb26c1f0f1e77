#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#else
  package import Darwin
#endif

/// Why a file could not be read or written: names the file and the system's reason.
package struct FileError: Error, CustomStringConvertible, Hashable {
  package let path: String
  package let reason: String
  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// The system's reason for the last call that failed.
  package static func last(path: String) -> FileError {
    FileError(path: path, reason: String(cString: strerror(errno)))
  }

  package var description: String { "\(FileError.shown(path)): \(printable(reason))" }

  /// A path as messages show it.
  package static func shown(_ path: String) -> String { path.isEmpty ? "''" : printable(path) }
}

/// Opens a regular file for reading and gives its descriptor, which the caller closes, and its size. Every
/// file that is read is opened here or by the interpreter.
///
/// What is no regular file is refused by its kind and never waited for: a FIFO that nobody writes would block
/// for ever, and opening a device may do something.
package func openRegularFile(path: String) throws(FileError) -> (descriptor: Int32, byteCount: Int) {
  guard !path.isEmpty else { throw FileError(path: path, reason: "the path is empty") }
  var status = stat()
  guard stat(path, &status) == 0 else { throw .last(path: path) }
  try requireRegular(status, path)
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw .last(path: path) }
  do throws(FileError) {
    // The path may have come to mean another file.
    guard fstat(descriptor, &status) == 0 else { throw .last(path: path) }
    try requireRegular(status, path)
  } catch {
    close(descriptor)
    throw error
  }
  FileRecord.current?.note(FileIdentity(status), path: path)
  return (descriptor, Int(status.st_size))
}

private func requireRegular(_ status: stat, _ path: String) throws(FileError) {
  if let kind = irregularKind(status) {
    throw FileError(path: path, reason: "is a \(kind); expected a regular file")
  }
}

/// What a file is that is no regular file.
package func irregularKind(_ status: stat) -> String? {
  switch status.st_mode & S_IFMT {
  case S_IFREG: nil
  case S_IFDIR: "folder"
  case S_IFIFO: "FIFO"
  case S_IFSOCK: "socket"
  case S_IFCHR, S_IFBLK: "device"
  default: "file of an unknown kind"
  }
}

/// The names of what lies in a folder, sorted.
package func fileNames(inFolder path: String) throws(FileError) -> [String] {
  guard !path.isEmpty else { throw FileError(path: path, reason: "the path is empty; expected a folder") }
  guard let folder = opendir(path) else { throw .last(path: path) }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}
