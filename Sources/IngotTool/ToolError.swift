import Tensors

/// A failure of the tool's own, as text for the user.
struct ToolError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = printable(description) }

  /// Several problems of one file, one per line: the first few, and how many more there are.
  init(_ file: String, problems: [String], limit: Int = 8) {
    let shown = problems.prefix(limit)
    let more = problems.count > shown.count ? ["and \(problems.count - shown.count) more"] : []
    let lines = (shown + more).map(printable)
    description = "\(FileError.shown(file)): \(lines.joined(separator: "\n  "))"
  }
}
