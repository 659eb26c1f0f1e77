import Foundation

/// Files that appear together or not at all: written under temporary names, renamed once all are complete.
struct FileBatch {
  private var pending: [(temporary: String, final: String)] = []

  /// Writes one file's bytes under a temporary name beside its place.
  mutating func write(_ bytes: some ContiguousBytes, to path: String) throws {
    try write(to: path) { file in try bytes.withUnsafeBytes { try file.append($0) } }
  }

  /// Lets `body` write one file piece by piece, under a temporary name beside its place.
  mutating func write<Result>(
    to path: String, _ body: (inout BundleFile) throws -> Result
  ) throws -> Result {
    let temporary = "\(path).\(ProcessInfo.processInfo.processIdentifier).tmp"
    pending.append((temporary, path))
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    guard FileManager.default.fileExists(atPath: folder) else {
      discard()
      throw ToolError("\(path): can't be written: there is no folder '\(folder)'; make it first")
    }
    do {
      var file = try BundleFile(creating: temporary, shownAs: path)
      let result = try body(&file)
      try file.close()
      return result
    } catch {
      discard()
      throw error
    }
  }

  /// Gives all files their names.
  mutating func commit() throws {
    for (temporary, final) in pending where rename(temporary, final) != 0 {
      let reason = String(cString: strerror(errno))
      discard()
      throw ToolError("\(final): can't be written: \(reason)")
    }
    pending = []
  }

  /// Removes what has been written so far.
  mutating func discard() {
    for file in pending { unlink(file.temporary) }
    pending = []
  }
}

/// Writes one file so that it appears whole or not at all.
func writeFile(_ bytes: some ContiguousBytes, to path: String) throws {
  var batch = FileBatch()
  try batch.write(bytes, to: path)
  try batch.commit()
}
