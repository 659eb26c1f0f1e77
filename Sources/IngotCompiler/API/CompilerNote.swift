/// Something that the user should know although the work was done.
public struct CompilerNote: Sendable, Hashable, Codable, CustomStringConvertible {
  /// How much it matters.
  public enum Severity: String, Sendable, Hashable, Codable {
    /// How something was understood or done.
    case note
    /// Something that may not be what was meant, such as arithmetic in fewer bits than the model asks for.
    case warning
  }

  /// How much it matters.
  public let severity: Severity
  /// What it is, naming file and node where it is about one.
  public let message: String

  package init(_ severity: Severity, _ message: String) {
    self.severity = severity
    self.message = message
  }

  /// `warning: net.onnx: node 3 'sum' (Add): …`
  public var description: String { "\(severity.rawValue): \(message)" }
}
