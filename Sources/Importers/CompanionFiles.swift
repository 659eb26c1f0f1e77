import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files that a model or an index names, which must lie in its folder: a file from the net must not get others
/// read into a bundle, neither by its names nor by links that came with it.
struct CompanionFiles {
  /// With a trailing slash; empty for the working directory.
  private let folder: String
  /// Whether links may lead anywhere.
  private let followsLinks: Bool

  init(of path: String, followsLinks: Bool) {
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    self.followsLinks = followsLinks
  }

  struct File {
    /// As messages name it.
    var path: String
    /// Where it lies, without links, so that none can come between: one for all names of a file.
    var target: String
  }

  /// Where the file that is called `name` lies.
  func find(_ name: String) throws(Finding) -> File {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0 != ".." }), !name.contains("\\"), !name.contains("\0") else {
      throw Finding(
        "names the file \(ImportError.quoted(name))", expected: "a relative path that stays in the folder",
        advice: "put the file beside this one, under its plain name")
    }
    let path = folder + parts.filter { $0 != "." }.joined(separator: "/")
    // What is not there is found missing when it is opened.
    guard !followsLinks, let target = resolved(path), let home = resolved(folder.isEmpty ? "." : folder)
    else {
      return File(path: path, target: path)
    }
    guard target.hasPrefix(home == "/" ? home : home + "/") || isCached(target, home) else {
      throw Finding(
        "names the file \(ImportError.quoted(name)), a link to \(ImportError.quoted(target))",
        expected: "a file in the folder '\(home)'",
        advice:
          "copy the file there, or allow such links with --follow-links if you trust where they come from")
    }
    return File(path: path, target: target)
  }

  /// Whether a file lies where the cache of Hugging Face keeps those of the folder: `snapshots/REVISION/FILE` is a link
  /// to `blobs/HASH` beside `snapshots`. Both paths are without links.
  private func isCached(_ target: String, _ home: String) -> Bool {
    let parts = home.split(separator: "/")
    return parts.indices.dropLast().contains { index in
      guard parts[index] == "snapshots" else { return false }
      let blobs = (parts[..<index] + ["blobs"]).map { "/\($0)" }.joined() + "/"
      return target.hasPrefix(blobs) && !target.dropFirst(blobs.count).contains("/")
    }
  }

  private func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
