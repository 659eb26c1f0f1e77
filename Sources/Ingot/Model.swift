import CInterpreter
package import Tensors

/// Name, type and shape of an input or output.
public struct TensorInfo: Sendable, Hashable {
  /// The name from the source model.
  public let name: String
  /// Element type as the IR spells it: `f32`, `f16`, `bf16`, `i8`, `u8`, `i16`, `i32`, `i64`, `bool`.
  public let element: String
  /// Extents, outermost first. Of an output whose size only a run tells, the bounds; see
  /// ``Session/outputShape(_:)``.
  public let shape: [Int]
  /// Size in bytes.
  public let byteCount: Int

  init(_ info: ingot_tensor_info) {
    name = text(info.name, info.name_bytes)
    element = ElementType.interpreterCodes[Int(info.element)]?.rawValue ?? "unknown"
    shape = withUnsafeBytes(of: info.dims) { dims in
      dims.bindMemory(to: Int64.self).prefix(Int(info.rank)).map { Int($0) }
    }
    byteCount = info.bytes
  }

  /// The element type as the compiler's modules know it.
  package var elementType: ElementType? { ElementType(rawValue: element) }
}

extension ElementType {
  /// The numbers of element types in the C interface.
  static let interpreterCodes: [Int: ElementType] = [
    1: .f32, 2: .f16, 3: .bf16, 4: .i8, 5: .u8, 6: .i16, 7: .i32, 8: .i64, 9: .bool,
  ]
}

/// An open bundle: immutable, shared by any number of sessions on any threads.
///
/// ```swift
/// let model = try Model(path: "net.ingot")
/// let session = try Session(model)
/// try session.setInput(0, to: pixels)
/// try session.run()
/// let scores: [Float] = try session.output(0)
/// ```
public final class Model: @unchecked Sendable {
  let bundle: OpaquePointer
  /// Memory of a bundle that was not opened from a file.
  private let memory: UnsafeMutableRawBufferPointer?

  /// Opens and checks a bundle file.
  public init(path: String) throws(InterpreterError) {
    var opened: OpaquePointer?
    try checked { ingot_open_file(path, nil, &opened, $0, $1) }
    FileRecord.current?.note(path: path)
    guard let opened else { throw InterpreterError(.invalid, "\(path): opening gave no bundle") }
    bundle = opened
    memory = nil
  }

  /// Opens and checks a bundle that lies in memory.
  public init(bytes: [UInt8]) throws(InterpreterError) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16384)
    copy.copyBytes(from: bytes)
    var opened: OpaquePointer?
    do {
      try checked { ingot_open_memory(copy.baseAddress, bytes.count, nil, &opened, $0, $1) }
    } catch {
      copy.deallocate()
      throw error
    }
    guard let opened else {
      copy.deallocate()
      throw InterpreterError(.invalid, "opening gave no bundle")
    }
    bundle = opened
    memory = copy
  }

  deinit {
    ingot_close(bundle)
    memory?.deallocate()
  }

  /// The manifest's JSON text.
  public var manifest: String {
    var count = 0
    guard let start = ingot_manifest(bundle, &count) else { return "" }
    return text(start, count)
  }

  /// Names of the functions.
  public var functions: [String] {
    (0..<ingot_function_count(bundle)).map { index in
      var count = 0
      guard let start = ingot_function_name(bundle, index, &count) else { return "" }
      return text(start, count)
    }
  }

  /// Inputs of a function; none if there is no such function.
  public func inputs(function: Int = 0) -> [TensorInfo] {
    guard let index = UInt32(exactly: function), index < ingot_function_count(bundle) else { return [] }
    return (0..<ingot_input_count(bundle, index)).compactMap {
      ingot_input(bundle, index, $0).map { TensorInfo($0.pointee) }
    }
  }

  /// Outputs of a function; none if there is no such function.
  public func outputs(function: Int = 0) -> [TensorInfo] {
    guard let index = UInt32(exactly: function), index < ingot_function_count(bundle) else { return [] }
    return (0..<ingot_output_count(bundle, index)).compactMap {
      ingot_output(bundle, index, $0).map { TensorInfo($0.pointee) }
    }
  }
}

/// Text that is not terminated.
func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
  guard let start else { return "" }
  return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
}
