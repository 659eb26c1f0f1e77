import IR
import Importers
import Machine
import Tensors

/// Why a network can't be read or compiled.
///
/// ```
/// net.onnx: node 17 'Conv_3' (Conv): has 5 inputs; expected 2 or 3; export the model again
/// ```
public struct CompilerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What could not be done.
  public enum Stage: String, Sendable, Hashable {
    /// The file could not be opened or is damaged, or it holds what the compiler can't translate.
    case reading
    /// The chip's description is missing or wrong.
    case target
    /// The graph was read but can't be turned into a bundle.
    case compiling
    /// The bundle could not be written.
    case writing
  }

  /// What could not be done.
  public let stage: Stage
  /// The whole message in one text: file, node and op, what was found, what was expected, what to do.
  public let description: String
  /// The file that it is about; nil when it is about none.
  public let file: String?
  /// Where in the file or graph, such as `node 17 'Conv_3' (Conv)`; nil when it is about the whole.
  public let place: String?
  /// What can be done about it; nil when nothing is known.
  public let advice: String?

  init(
    _ stage: Stage, _ description: String, file: String? = nil, place: String? = nil, advice: String? = nil
  ) {
    self.stage = stage
    self.description = description
    self.file = file
    self.place = place
    self.advice = advice
  }

  /// An error of one of the compiler's parts.
  package init(_ stage: Stage, _ error: any Error) {
    switch error {
    case let error as CompilerError: self = error
    case let error as ImportError:
      self.init(.reading, error.description, file: error.file, place: error.place, advice: error.advice)
    case let error as Diagnostic:
      self.init(
        stage, error.description, file: error.location.file, place: error.place,
        advice: error.advice.isEmpty ? nil : error.advice)
    case let error as FileError: self.init(stage, error.description, file: error.path)
    case let error as TargetError: self.init(.target, error.description)
    default: self.init(stage, "\(error)")
    }
  }
}

extension Location {
  /// The file that it lies in.
  fileprivate var file: String? {
    switch self {
    case .builder(let file, _), .text(let file, _, _), .model(let file, _): file
    case .pass, .unknown: nil
    }
  }
}

extension Diagnostic {
  /// The place in its file, with the op.
  fileprivate var place: String? {
    let position: String? =
      switch location {
      case .builder(_, let line): "line \(line)"
      case .text(_, let line, let column): "line \(line), column \(column)"
      case .model(_, let node): node.isEmpty ? nil : "node '\(node)'"
      case .pass(let name): "pass \(name)"
      case .unknown: nil
      }
    guard !op.isEmpty else { return position }
    return [position, "(\(op))"].compactMap { $0 }.joined(separator: " ")
  }
}

/// Gives errors of the compiler's parts their public form.
func reporting<Result>(
  _ stage: CompilerError.Stage, _ body: () throws -> Result
) throws(CompilerError) -> Result {
  do { return try body() } catch { throw CompilerError(stage, error) }
}
