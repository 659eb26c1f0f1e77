package import IR
import Passes
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

  /// That two weights of a function are one another's transpose and both stored, for every two of some size, with
  /// what keeps them apart.
  static func storedTransposes(in graph: Graph) -> [Note] {
    transposedWeights(in: graph).compactMap { first, second in
      let bytes = graph.type(of: second).byteCount
      guard bytes >= 1 << 16, let one = graph.nameReader(of: first), let other = graph.nameReader(of: second)
      else { return nil }
      let names = "'\(graph[first].name)' and '\(graph[second].name)'"
      return Note(
        .note,
        "weights \(names) are one another's transpose and both stored, \(bytes) bytes more: \(one) reads the one and \(other) the other as it lies, and only matmul reads a weight transposed"
      )
    }
  }
}

extension Graph {
  /// The first reader of a value that is no matmul, or the first if all are; nil if there is none.
  fileprivate func nameReader(of value: ValueID) -> String? {
    let readers = users(of: value).sorted().map { self[$0] }
    let reader = readers.first { if case .matmul = $0.op { false } else { true } } ?? readers.first
    return reader.map { $0.name.isEmpty ? $0.op.name : "\($0.op.name) '\($0.name)'" }
  }
}
