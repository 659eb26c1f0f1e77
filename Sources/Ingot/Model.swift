import CInterpreter
import Tensors

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// An open bundle: immutable, shared by any number of sessions on any threads.
///
/// ```swift
/// let model = try Model(url: Bundle.main.url(forResource: "net", withExtension: "ingot")!)
/// let session = try Session(model)
/// try session.setInput("image", to: pixels)
/// try session.run()
/// let scores = try session.output("scores")
/// ```
public final class Model: @unchecked Sendable {
  let bundle: OpaquePointer
  /// Where it was opened, which begins every message; nil for memory.
  private let path: String?

  /// Opens and checks a bundle file.
  ///
  /// The file is mapped, and uncompressed weights are read where they lie. Whoever writes to the file while
  /// the model lives changes results without an error, and whoever cuts it short ends the process. Replace it
  /// by renaming another file onto it, or open it `copying`, which takes memory for its size.
  public init(path: String, copying: Bool = false) throws(InterpreterError) {
    guard !path.utf8.contains(0) else {
      throw InterpreterError(.argument, "a path has a zero byte in it")
    }
    bundle = try opened { ingot_open_file_with(path, copying ? INGOT_OPEN_COPY : 0, nil, $0, $1, $2) }
    self.path = path
    FileRecord.current?.note(path: path)
  }

  /// Opens and checks a bundle file; see ``init(path:copying:)``.
  public convenience init(url: URL, copying: Bool = false) throws(InterpreterError) {
    guard url.isFileURL else {
      throw InterpreterError(
        .argument, "\(url.absoluteString) is no file; download it, then open the downloaded file")
    }
    try self.init(path: url.path(percentEncoded: false), copying: copying)
  }

  /// Opens and checks a bundle that lies in memory, of which it takes a copy.
  public convenience init(data: Data) throws(InterpreterError) {
    try self.init(data.withUnsafeBytes { bytes in open(bytes) })
  }

  /// Opens and checks a bundle that lies in memory, of which it takes a copy.
  public convenience init(bytes: [UInt8]) throws(InterpreterError) {
    try self.init(bytes.withUnsafeBytes { bytes in open(bytes) })
  }

  private init(_ opened: Result<OpaquePointer, InterpreterError>) throws(InterpreterError) {
    bundle = try opened.get()
    path = nil
  }

  deinit { ingot_close(bundle) }

  /// An error of a session on this bundle.
  func failure(_ code: InterpreterError.Code, _ message: String) -> InterpreterError {
    InterpreterError(code, path.map { "\($0): \(message)" } ?? message)
  }

  /// Version of the library that opens and runs bundles.
  public static var libraryVersion: String { String(cString: ingot_version()) }

  /// The manifest's JSON text.
  public var manifest: String { String(cString: ingot_manifest(bundle, nil)) }

  /// Names of the functions.
  public var functions: [String] {
    (0..<ingot_function_count(bundle)).map { String(cString: ingot_function_name(bundle, $0, nil)) }
  }

  /// The place of the function with this name in ``functions``.
  public func function(named name: String) throws(InterpreterError) -> Int {
    guard let index = functions.firstIndex(of: name) else {
      throw failure(.argument, "there is no function '\(name)', there are \(listed(functions))")
    }
    return index
  }

  /// Inputs of a function; none if there is no such function.
  public func inputs(function: Int = 0) -> [TensorInfo] {
    guard let index = known(function) else { return [] }
    return (0..<ingot_input_count(bundle, index)).compactMap {
      ingot_input(bundle, index, $0).flatMap { TensorInfo($0.pointee) }
    }
  }

  /// Outputs of a function; none if there is no such function.
  public func outputs(function: Int = 0) -> [TensorInfo] {
    guard let index = known(function) else { return [] }
    return (0..<ingot_output_count(bundle, index)).compactMap {
      ingot_output(bundle, index, $0).flatMap { TensorInfo($0.pointee) }
    }
  }

  /// Multiply-adds that a run of a function makes in convolutions, matrix products and recurrent layers, each
  /// as often as loops repeat it: counted from the program, whatever the bundle says of itself. 0 if there is
  /// no such function.
  public func multiplyAdds(function: Int = 0) -> Int {
    known(function).map { Int(clamping: ingot_multiply_adds(bundle, $0)) } ?? 0
  }

  private func known(_ function: Int) -> UInt32? {
    UInt32(exactly: function).flatMap { $0 < ingot_function_count(bundle) ? $0 : nil }
  }
}

/// Opens a bundle by a C function that takes a place for the bundle, and one for its message.
private func opened(
  _ body: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<CChar>, Int) -> ingot_status
) throws(InterpreterError) -> OpaquePointer {
  var bundle: OpaquePointer?
  try checked { body(&bundle, $0, $1) }
  guard let bundle else { throw InterpreterError(.invalid, "opening gave no bundle") }
  return bundle
}

private func open(_ bytes: UnsafeRawBufferPointer) -> Result<OpaquePointer, InterpreterError> {
  // No bytes may have no address, but they are no bundle, not a wrong argument.
  withUnsafeBytes(of: UInt8(0)) { nothing in
    Result { () throws(InterpreterError) in
      try opened { bundle, message, room in
        ingot_open_memory_with(
          bytes.baseAddress ?? nothing.baseAddress, bytes.count, INGOT_OPEN_COPY, nil, bundle, message, room)
      }
    }
  }
}

/// Text that is not terminated.
func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
  guard let start else { return "" }
  return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
}
