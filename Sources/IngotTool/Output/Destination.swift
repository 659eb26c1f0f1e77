import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where an output's path leads.
struct Destination {
  enum Way {
    /// A regular file, there already or not, at a path without links: a complete file is renamed to it.
    /// The status is that of the file that is replaced.
    case replace(String, stat?)
    /// What can't be replaced: a device, a FIFO, standard output. Bytes are written into it.
    case through(stat)
  }

  /// As the user gave it.
  let path: String
  let way: Way
  /// Whether bytes go where results are printed.
  private(set) var isStandardOutput = false

  /// Finds where a path leads, through links. Throws when no file can be written there.
  init(_ path: String) throws {
    self.path = path
    guard !path.isEmpty else { throw ToolError("'': the path of an output is empty; name a file") }
    var status = stat()
    guard stat(path, &status) == 0 else {
      way = .replace(try Self.newFile(path), nil)
      return
    }
    if Self.isWhereResultsGo(status) {
      way = .through(status)
      isStandardOutput = true
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      guard access(path, W_OK) == 0 else { throw OutputError.last(path) }
      let resolved = try Self.resolved(path)
      // A file that has lost its name, such as /dev/fd/3 may lead to, can't be replaced.
      way =
        FileIdentity(path: resolved) == FileIdentity(status) ? .replace(resolved, status) : .through(status)
    case S_IFIFO, S_IFCHR: way = .through(status)
    default:
      let kind = irregularKind(status) ?? "file"
      throw OutputError.refused(path, "it is a \(kind); give the name of a file")
    }
  }

  /// The file that is there, if there is one.
  var identity: FileIdentity? {
    switch way {
    case .replace(_, let status): status.map { FileIdentity($0) }
    case .through(let status): FileIdentity(status)
    }
  }

  /// Whether what is written to one would be lost by, or mixed with, what is written to the other. Devices that
  /// are no terminals take anything.
  func collides(with other: Destination) -> Bool {
    switch (way, other.way) {
    case (.replace(let mine, _), .replace(let theirs, _)) where mine == theirs: true
    case (.through(let status), .through) where status.st_mode & S_IFMT == S_IFCHR && !isStandardOutput: false
    default: identity != nil && identity == other.identity
    }
  }

  /// Whether printed results and an output would mix. In a device that is no terminal nothing mixes.
  private static func isWhereResultsGo(_ status: stat) -> Bool {
    var output = stat()
    guard fstat(1, &output) == 0, FileIdentity(output) == FileIdentity(status) else { return false }
    return output.st_mode & S_IFMT != S_IFCHR || isatty(1) == 1
  }

  private static func resolved(_ path: String) throws -> String {
    guard let resolved = realpath(path, nil) else { throw OutputError.last(path) }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Where a file that is not there yet would be made: links that lead nowhere are followed.
  private static func newFile(_ path: String) throws -> String {
    guard errno == ENOENT else { throw OutputError.last(path) }
    var target = path
    for _ in 0..<40 {
      guard let linked = readLink(target) else { break }
      target = linked.hasPrefix("/") ? linked : folder(of: target) + linked
    }
    let name = String(target[folder(of: target).endIndex...])
    guard !name.isEmpty else { throw OutputError.refused(path, "there is no such folder; make it first") }
    let folder = folder(of: target).isEmpty ? "." : String(folder(of: target))
    guard access(folder, W_OK | X_OK) == 0 else {
      guard errno == ENOENT else { throw OutputError.last(path) }
      let missing = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
      throw OutputError.refused(path, "there is no folder '\(missing)'; make it first")
    }
    let resolved = try resolved(folder)
    return resolved == "/" ? "/\(name)" : "\(resolved)/\(name)"
  }

  /// With its slash; empty for the working folder.
  static func folder(of path: String) -> Substring {
    path.lastIndex(of: "/").map { path[...$0] } ?? path[..<path.startIndex]
  }

  private static func readLink(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
