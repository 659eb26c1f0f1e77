/// Text out of files and command lines made safe to show on one line: what would move the cursor, change
/// colors, reorder the text or hide in it is written as `\u{1b}`, line feeds and tabs as `\n` and `\t`.
///
/// Everything that a message or a table quotes passes through here, so that no file can forge what the
/// tool says.
package func printable(_ text: String) -> String { escaping(text, keepingLines: false) }

/// Text of several lines made safe to show: as ``printable(_:)``, but line feeds stay.
package func printableLines(_ text: String) -> String { escaping(text, keepingLines: true) }

/// Names for a message: at most `limit` of them, then how many more there are.
package func listed(_ names: some Collection<String>, limit: Int = 8) -> String {
  let shown = names.prefix(limit).map(printable).joined(separator: ", ")
  return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
}

extension Unicode.Scalar {
  /// Whether it is no visible character and no plain space: controls, marks of direction, characters of no
  /// width, separators of lines.
  package var isInvisible: Bool {
    if value < 0x7f { return value < 0x20 }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }

  /// As string literals of the IR's text write it.
  package var escaped: String {
    switch self {
    case "\n": "\\n"
    case "\t": "\\t"
    default: "\\u{\(String(value, radix: 16))}"
    }
  }
}

private func escaping(_ text: String, keepingLines: Bool) -> String {
  let lineFeed = UInt8(ascii: "\n")
  let isPlain = text.utf8.allSatisfy { (0x20..<0x7f).contains($0) || (keepingLines && $0 == lineFeed) }
  if isPlain { return text }
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    if scalar.isInvisible, !(keepingLines && scalar == "\n") {
      result.append(contentsOf: scalar.escaped.unicodeScalars)
    } else {
      result.append(scalar)
    }
  }
  return String(result)
}
