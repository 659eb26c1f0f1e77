package import IR
import Tensors

/// Something that the user should know although the work was done.
public struct CompilerNote: Sendable, Hashable, Encodable, CustomStringConvertible {
  /// How much it matters.
  public enum Severity: String, Sendable, Hashable, Encodable {
    /// How something was understood or done.
    case note
    /// Something that may not be what was meant, such as arithmetic in fewer bits than the model asks for.
    case warning
  }

  /// How much it matters.
  public let severity: Severity
  /// What it is, naming file and node where it is about one.
  public let message: String

  package init(_ note: Note) {
    severity = note.severity == .warning ? .warning : .note
    message = note.message
  }

  /// `warning: net.onnx: node 3 'sum' (Add): …`
  public var description: String { "\(severity.rawValue): \(message)" }
}

extension Note {
  /// That a bundle for a chip with engines of its own runs on the CPU all the same.
  package static func runsOnCPU(_ chip: String) -> Note {
    Note(
      .note,
      "nothing runs on an engine of \(chip) yet: the placement is a report, and the interpreter runs the bundle on the CPU"
    )
  }
}
