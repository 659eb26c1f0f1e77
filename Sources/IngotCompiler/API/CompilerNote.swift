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

  /// That a bundle for a chip with engines of its own runs on the CPU all the same.
  package static func runsOnCPU(_ chip: String) -> CompilerNote {
    CompilerNote(
      .note,
      "nothing runs on an engine of \(chip) yet: the placement is a report, and the interpreter runs the bundle on the CPU"
    )
  }

  /// `warning: net.onnx: node 3 'sum' (Add): …`
  public var description: String { "\(severity.rawValue): \(message)" }
}
