/// Something that the user should know of a model although it could be read: what was left out, what is computed
/// otherwise than the model asks for.
package struct Note: Hashable, Sendable, Codable, CustomStringConvertible {
  package enum Severity: String, Hashable, Sendable, Codable {
    /// How something was understood or done.
    case note
    /// Something that may not be what was meant, such as arithmetic in fewer bits than the model asks for.
    case warning
  }

  package let severity: Severity
  /// What it is, naming file and node where it is about one.
  package let message: String

  package init(_ severity: Severity, _ message: String) {
    self.severity = severity
    self.message = message
  }

  /// `warning: net.onnx: node 3 'sum' (Add): …`
  package var description: String { "\(severity.rawValue): \(message)" }
}
