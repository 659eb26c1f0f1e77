import ArgumentParser
import CProcess
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files that a command writes. They appear together or not at all: each is written beside its place, and
/// all are renamed once all are complete and what the command prints is printed. Until then nothing that was there
/// changes, and whatever ends the process leaves nothing behind.
///
/// No file that was read becomes an output: see ``FileRecord``.
final class OutputTransaction {
  private var claimed: [Destination] = []
  private var staged: [StagedFile] = []
  private var folders: [(path: String, entry: OpaquePointer?)] = []

  deinit { discard() }

  /// Checks, before long work, that files can be written at these paths, and that no two and no input are one
  /// file.
  func claim(_ paths: [String]) throws {
    for path in paths { _ = try destination(path) }
  }

  /// Writes one file's bytes.
  func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { file in try bytes.withUnsafeBytes { try file.append($0) } }
  }

  /// Lets `body` write one file piece by piece.
  func write<Result>(to path: String, _ body: (inout BundleFile) throws -> Result) throws -> Result {
    let file = try StagedFile(for: try destination(path))
    staged.append(file)
    var sink = BundleFile(descriptor: file.descriptor, shownAs: path)
    let result = try body(&sink)
    try file.finish()
    return result
  }

  /// Makes a folder, with those around it; it goes again if the outputs fail.
  func makeFolder(_ path: String) throws {
    guard !path.isEmpty else { throw ToolError("'': the path of the output folder is empty; name a folder") }
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    var folder = path.hasPrefix("/") ? "/" : ""
    for part in parts {
      folder += "\(part)/"
      var status = stat()
      if stat(folder, &status) == 0 { continue }
      let plain = String(folder.dropLast())
      guard mkdir(plain, 0o777) == 0 else {
        let reason = errno == EEXIST ? "there is a file of that name" : String(cString: strerror(errno))
        throw ToolError("\(printable(plain)): the folder can't be made: \(reason)")
      }
      folders.append((plain, cleanup_add(plain, true)))
    }
  }

  /// Prints results by `report`, then gives all files their places; none of them if something can't be printed.
  func commit(reporting report: () throws -> Void) throws {
    if staged.contains(where: \.destination.isStandardOutput) { StandardStreams.printResultsAsMessages() }
    do {
      try report()
      // The reason is printed where the process ends.
      guard StandardStreams.failure == nil else { throw ExitCode.failure }
      for file in staged { try file.pour() }
      try place()
    } catch {
      discard()
      throw error
    }
    for folder in folders { cleanup_release(folder.entry) }
    (staged, folders) = ([], [])
  }

  /// All files get their names, or none does.
  private func place() throws {
    cleanup_hold()
    defer { cleanup_resume() }
    for index in staged.indices {
      do {
        try staged[index].place(keepingBackup: staged.count > 1)
      } catch {
        for file in staged[...index].reversed() { file.restore() }
        throw error
      }
    }
    for file in staged { file.removeBackup() }
  }

  /// Removes what has been written so far.
  private func discard() {
    for file in staged { file.discard() }
    for folder in folders.reversed() {
      rmdir(folder.path)
      cleanup_release(folder.entry)
    }
    (staged, folders) = ([], [])
  }

  private func destination(_ path: String) throws -> Destination {
    if let known = claimed.first(where: { $0.path == path }),
      !staged.contains(where: { $0.destination.path == path })
    {
      return known
    }
    let found = try Destination(path)
    if case .replace = found.way, let identity = found.identity,
      let input = FileRecord.current?.path(of: identity)
    {
      let other = input == path ? "" : " as '\(input)'"
      throw OutputError.refused(
        path, "it was read\(other), and inputs are never overwritten; name another file")
    }
    if let other = claimed.first(where: { $0.collides(with: found) }) {
      throw OutputError.refused(path, "it is the same file as the output '\(other.path)'; name another file")
    }
    claimed.append(found)
    return found
  }
}
