import CInterpreter
import Tensors

/// Why a bundle can't be opened or run.
public struct InterpreterError: Error, CustomStringConvertible, Hashable, Sendable {
  /// What kind of failure it is.
  public enum Code: Int, Sendable {
    case io = 1
    case memory, notABundle, version, damaged, invalid, argument, index, thread
    /// The bundle is compressed, and this platform's library has no zstd; compile with `--compression none`.
    case unsupported
    /// The run was stopped: its task was cancelled, or the closure said so.
    case stopped
  }

  /// The kind of failure.
  public let code: Code
  /// What was found, what was expected, and where.
  public let message: String

  /// Makes an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ status: ingot_status, _ message: String) {
    let text = message.isEmpty ? String(cString: ingot_status_text(status)) : message
    self.init(Code(rawValue: Int(status.rawValue)) ?? .invalid, text)
  }

  /// The message.
  public var description: String { printable(message) }
}

/// Calls a C function that writes its message into a buffer.
func checked(_ body: (UnsafeMutablePointer<CChar>, Int) -> ingot_status) throws(InterpreterError) {
  var message = [CChar](repeating: 0, count: 512)
  let status = message.withUnsafeMutableBufferPointer { body($0.baseAddress!, $0.count) }
  guard status == INGOT_OK else {
    let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    throw InterpreterError(status, String(decoding: text, as: UTF8.self))
  }
}
