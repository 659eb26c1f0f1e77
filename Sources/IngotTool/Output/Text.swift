import Foundation
import Tensors

/// Lays out rows in columns; numbers are the caller's to format. Columns in `right` are aligned to the right.
///
/// Names that would push the other columns off the screen lose their middle.
func table(_ header: [String], _ rows: [[String]], right: Set<Int> = []) -> String {
  let rows = rows.map { row in
    row.enumerated().map { column, cell in
      column == row.count - 1 ? printable(cell) : shortened(printable(cell))
    }
  }
  var widths = header.map(\.count)
  for row in rows {
    for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
  }
  func line(_ cells: [String]) -> String {
    let padded = cells.enumerated().map { column, cell in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      return right.contains(column) ? space + cell : cell + space
    }
    let joined = padded.joined(separator: "  ")
    return String(joined.reversed().drop { $0 == " " }.reversed())
  }
  return
    ([line(header), widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")] + rows.map(line))
    .joined(separator: "\n")
}

/// Lines as they are printed, whatever the names in them hold.
func paragraph(_ lines: [String]) -> String { lines.map(printable).joined(separator: "\n") }

private func shortened(_ cell: String, to limit: Int = 64) -> String {
  cell.count <= limit ? cell : "\(cell.prefix(limit / 2 - 1))…\(cell.suffix(limit / 2))"
}

/// A size for people: `482.4 kB`.
func formatBytes(_ bytes: Int) -> String {
  switch bytes {
  case ..<1000: "\(bytes) B"
  case ..<1_000_000: format(Double(bytes) / 1e3, digits: 1) + " kB"
  case ..<1_000_000_000: format(Double(bytes) / 1e6, digits: 2) + " MB"
  default: format(Double(bytes) / 1e9, digits: 2) + " GB"
  }
}

/// A number with a fixed number of digits after the point.
func format(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// A number in scientific notation with two digits.
func scientific(_ value: Double) -> String { value.isFinite ? String(format: "%.1e", value) : "\(value)" }

/// A count for people: `3.55 M`.
func formatCount(_ count: Int) -> String {
  switch count {
  case ..<10_000: "\(count)"
  case ..<1_000_000: format(Double(count) / 1e3, digits: 1) + " k"
  case ..<1_000_000_000: format(Double(count) / 1e6, digits: 2) + " M"
  default: format(Double(count) / 1e9, digits: 3) + " G"
  }
}

/// Prints a value as JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  // Foundation escapes only what JSON demands.
  var text = ""
  for scalar in String(decoding: try encoder.encode(value), as: UTF8.self).unicodeScalars {
    if scalar.isInvisible, scalar != "\n" {
      for unit in String(scalar).utf16 { text += String(format: "\\u%04x", unit) }
    } else {
      text.unicodeScalars.append(scalar)
    }
  }
  print(text)
}

/// Shows what is being done on a terminal; silent when standard error is none.
struct Progress {
  private let isTerminal = isatty(2) == 1

  /// Replaces the line.
  func show(_ text: String) {
    guard isTerminal else { return }
    StandardStreams.write(message: "\r\u{1B}[K\(printable(text))")
  }

  /// Removes the line.
  func clear() { show("") }
}
