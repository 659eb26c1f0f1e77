package import Tensors

/// Why a file can't be imported. Every importer throws this one error, so that every message reads alike: the
/// file, the place in it, what was found, what was expected, what to do.
package struct ImportError: Error, Hashable, CustomStringConvertible {
  /// The path as the user gave it, or the name of what was read.
  package let file: String
  /// Where in the file: `node 17 'Conv_3' (Conv)`, `tensor 'fc.weight'`; nil when it concerns the whole file.
  package let place: String?
  /// What is there, as a clause: "has 5 inputs".
  package let found: String
  /// What should be there, as a noun phrase that follows "expected".
  package let expected: String?
  /// What the user can do, as an imperative clause.
  package let advice: String?
  /// Further places or facts, one per line.
  package let notes: [String]

  package init(
    file: String, place: String? = nil, found: String, expected: String? = nil, advice: String? = nil,
    notes: [String] = []
  ) {
    self.file = file
    self.place = place
    self.found = found
    self.expected = expected
    self.advice = advice
    self.notes = notes
  }

  /// The system's reason for refusing a file.
  package init(_ error: FileError, advice: String? = nil) {
    self.init(file: error.path, found: error.reason, advice: advice)
  }

  /// Its first line, the notes left out.
  var line: String {
    let file = FileError.shown(file)
    var text = place.map { "\(file): \($0): \(found)" } ?? "\(file): \(found)"
    if let expected { text += "; expected \(expected)" }
    if let advice { text += "; \(advice)" }
    return text
  }

  /// `model.onnx: node 17 'Conv_3' (Conv): has 5 inputs; expected 2 or 3; export the model again`.
  package var description: String {
    ([line] + notes.map { "  \($0)" }).map(printable).joined(separator: "\n")
  }
}

extension ImportError {
  /// A name out of an untrusted file, made safe to show: at most 100 characters.
  package static func quoted(_ name: String) -> String {
    let shown = String(String.UnicodeScalarView(name.unicodeScalars.prefix(100)))
    return "'\(printable(shown))\(shown.utf8.count < name.utf8.count ? "…" : "")'"
  }
}
