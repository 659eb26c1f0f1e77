import FoundationEssentials

// Golden files read like documentation. Cases are separated by a line `====`; each has prose, a directive,
// the graph before, a line `----` and the text after:
//
//   A batch normalization that is the only reader of a convolution disappears into it.
//   pass fold-batch-norm
//
//   graph @main(…) … {
//   ----
//   graph @main(…) … {
//
// A case without a directive has the one of the case before it. What a failing case expects is `error: `
// and the message. With INGOT_RECORD=1 in the environment the text after `----` is written anew, and the
// run fails.

/// One case of a golden file.
package struct GoldenCase: Sendable {
  /// The prose, which says what the case shows.
  package var title: String
  /// The directive: a word that says what is done and what it is done with, such as `pass fold-batch-norm`.
  package var header: String
  package var input: String
  package var expected: String

  /// What follows the directive's first word: `fold-batch-norm`.
  package var argument: String {
    guard let space = header.firstIndex(of: " ") else { return "" }
    return String(header[header.index(after: space)...])
  }
}

/// Why a golden file does not pass: every case that differs, or that it was recorded.
package struct GoldenFailure: Error, CustomStringConvertible {
  package var description: String
}

/// The cases of a file under Tests/Golden, such as `Passes/fold-batch-norm.txt`.
package func goldenCases(in file: String) throws -> [GoldenCase] {
  try readCases(file).map(\.parsed)
}

/// Checks that `transform` turns the input of every case into what the case expects.
///
/// An error that it throws counts as the text `error: ` and the error's description. Throws one
/// ``GoldenFailure`` for all cases that differ. In a recording run it rewrites the file and throws.
package func checkGolden(_ file: String, _ transform: (GoldenCase) throws -> String) throws {
  let cases = try readCases(file)
  var failures: [String] = []
  var recorded: [String] = []
  for item in cases {
    let actual: String
    do { actual = try transform(item.parsed) } catch { actual = "error: \(error)" }
    let found = trimmed(actual)
    recorded.append("\(item.before)\n----\n\(found)\n")
    if found != item.parsed.expected {
      failures.append("\(item.parsed.title)\n\(difference(expected: item.parsed.expected, found: found))")
    }
  }
  if isRecording {
    try write(recorded.joined(separator: "\n====\n\n"), to: file)
    throw GoldenFailure(
      description: "recorded Tests/Golden/\(file); read the change, then run again without INGOT_RECORD")
  }
  guard failures.isEmpty else {
    throw GoldenFailure(
      description: "Tests/Golden/\(file): \(failures.count) of \(cases.count) cases differ\n\n"
        + failures.joined(separator: "\n\n") + "\nrecord anew with INGOT_RECORD=1 if the change is meant")
  }
}

/// ``checkGolden(_:_:)`` for every file of a folder under Tests/Golden, in the order of their names.
package func checkGolden(folder: String, _ transform: (GoldenCase) throws -> String) throws {
  let names = try FileManager.default.contentsOfDirectory(atPath: "\(goldenRoot)/\(folder)")
  var failures: [String] = []
  for name in names.sorted() where name.hasSuffix(".txt") {
    do { try checkGolden("\(folder)/\(name)", transform) } catch { failures.append("\(error)") }
  }
  guard failures.isEmpty else { throw GoldenFailure(description: failures.joined(separator: "\n\n")) }
}

private let goldenRoot: String = {
  let folders = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
  return folders.joined(separator: "/") + "/Golden"
}()

private func readCases(_ file: String) throws -> [(before: String, parsed: GoldenCase)] {
  let text: String
  do {
    text = String(decoding: try Data(contentsOf: URL(filePath: "\(goldenRoot)/\(file)")), as: UTF8.self)
  } catch {
    throw GoldenFailure(description: "Tests/Golden/\(file) can't be read: \(error)")
  }
  var header = ""
  var cases: [(before: String, parsed: GoldenCase)] = []
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  for part in lines.split(separator: "====", omittingEmptySubsequences: false) {
    let halves = part.split(separator: "----", maxSplits: 1, omittingEmptySubsequences: false)
    let before = trimmed(halves[0].joined(separator: "\n"))
    guard !before.isEmpty, halves.count == 2 || isRecording else {
      throw GoldenFailure(
        description: "Tests/Golden/\(file): a case has no line '----' between before and after")
    }
    let beforeLines = before.split(separator: "\n", omittingEmptySubsequences: false)
    var prose = Array(beforeLines.prefix { !$0.isEmpty })
    let input = trimmed(beforeLines.dropFirst(prose.count).joined(separator: "\n"))
    if let last = prose.last, isDirective(last) {
      header = String(last)
      prose.removeLast()
    }
    guard !header.isEmpty, !input.isEmpty else {
      throw GoldenFailure(
        description:
          "Tests/Golden/\(file): a case needs prose, a line such as 'pass NAME', empty line, input:\n\(before)"
      )
    }
    let expected = halves.count == 2 ? trimmed(halves[1].joined(separator: "\n")) : ""
    let parsed = GoldenCase(
      title: prose.joined(separator: " "), header: header, input: input, expected: expected)
    cases.append((before, parsed))
  }
  return cases
}

private var isRecording: Bool { ProcessInfo.processInfo.environment["INGOT_RECORD"] == "1" }

/// Whether a line is a directive, not prose: it begins with one of the words that tests know and is no
/// sentence.
private func isDirective(_ line: Substring) -> Bool {
  let word = line.prefix { $0 != " " }
  return ["pass", "passes", "parse", "place", "print", "verify"].contains(word) && line.last != "."
}

private func write(_ text: String, to file: String) throws {
  try Data(text.utf8).write(to: URL(filePath: "\(goldenRoot)/\(file)"), options: .atomic)
}

/// Without empty lines at either end and without white space at the ends of lines.
private func trimmed(_ text: String) -> String {
  var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    String(line.reversed().drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed())
  }
  while lines.last?.isEmpty == true { lines.removeLast() }
  return lines.drop { $0.isEmpty }.joined(separator: "\n")
}

/// Both texts from the first line that differs, with the lines they share marked by spaces.
private func difference(expected: String, found: String) -> String {
  let expectedLines = expected.split(separator: "\n", omittingEmptySubsequences: false)
  let foundLines = found.split(separator: "\n", omittingEmptySubsequences: false)
  var shared = 0
  while shared < expectedLines.count, shared < foundLines.count, expectedLines[shared] == foundLines[shared] {
    shared += 1
  }
  var tail = 0
  while tail < expectedLines.count - shared, tail < foundLines.count - shared,
    expectedLines[expectedLines.count - 1 - tail] == foundLines[foundLines.count - 1 - tail]
  {
    tail += 1
  }
  let lines =
    expectedLines.prefix(shared).map { "    \($0)" }
    + expectedLines[shared..<(expectedLines.count - tail)].map { "  - \($0)" }
    + foundLines[shared..<(foundLines.count - tail)].map { "  + \($0)" }
    + expectedLines.suffix(tail).map { "    \($0)" }
  return lines.joined(separator: "\n")
}
