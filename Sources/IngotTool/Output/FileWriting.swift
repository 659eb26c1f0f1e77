import Foundation

/// Files that appear together or not at all: written under temporary names, renamed once all are complete.
struct FileBatch {
  private var pending: [(temporary: String, final: String)] = []

  /// Writes one file's bytes under a temporary name beside its place.
  mutating func write(_ bytes: some ContiguousBytes, to path: String) throws {
    let temporary = "\(path).\(ProcessInfo.processInfo.processIdentifier).tmp"
    pending.append((temporary, path))
    let data = bytes.withUnsafeBytes { Data($0) }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    guard FileManager.default.fileExists(atPath: folder) else {
      discard()
      throw ToolError("\(path): can't be written: there is no folder '\(folder)'; make it first")
    }
    do {
      try data.write(to: URL(filePath: temporary))
    } catch {
      discard()
      throw ToolError("\(path): can't be written: \(error.localizedDescription)")
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
