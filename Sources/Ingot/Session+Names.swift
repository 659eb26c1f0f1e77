import CInterpreter
import Tensors

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

// Inputs and outputs by name.
extension Session {
  /// Copies values, row after row, into an input of their type.
  public func setInput<Value: TensorElement>(_ name: String, to values: [Value]) throws(InterpreterError) {
    try setInput(input(named: name), to: values)
  }

  /// Copies bytes into an input: its elements in row-major order, little-endian.
  public func setInput(_ name: String, to data: Data) throws(InterpreterError) {
    try setInput(input(named: name), to: data)
  }

  /// The numbers of an fp32 output, as many as ``outputShape(_:)-(String)`` says.
  public func output(_ name: String) throws(InterpreterError) -> [Float] {
    try output(output(named: name), as: Float.self)
  }

  /// The values of an output, which must be of their type, as many as ``outputShape(_:)-(String)`` says.
  public func output<Value: TensorElement>(
    _ name: String, as type: Value.Type
  ) throws(InterpreterError) -> [Value] {
    try output(output(named: name), as: type)
  }

  /// The bytes of an output; see ``outputData(_:)-(Int)``.
  public func outputData(_ name: String) throws(InterpreterError) -> Data {
    try outputData(output(named: name))
  }

  /// The extents of an output after a run; see ``outputShape(_:)-(Int)``.
  public func outputShape(_ name: String) throws(InterpreterError) -> [Int] {
    try outputShape(output(named: name))
  }

  /// The memory of an input, to be filled before every run.
  public func withInput<Result>(
    _ name: String, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) throws -> Result {
    try withInput(input(named: name), body)
  }

  /// The memory of an output, valid until the next run; see ``withOutput(_:_:)-(Int,_)``.
  public func withOutput<Result>(
    _ name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try withOutput(output(named: name), body)
  }

  /// The place of an input in ``inputs``.
  public func input(named name: String) throws(InterpreterError) -> Int {
    try place(of: name, in: inputs, "input")
  }

  /// The place of an output in ``outputs``.
  public func output(named name: String) throws(InterpreterError) -> Int {
    try place(of: name, in: outputs, "output")
  }

  private func place(
    of name: String, in list: [TensorInfo], _ what: String
  ) throws(InterpreterError) -> Int {
    if let index = list.firstIndex(where: { $0.name == name }) { return index }
    let known = listed(list.map { "'\($0.name)'" })
    throw model.failure(
      .argument, "there is no \(what) '\(name)'; " + (list.isEmpty ? "there are none" : "there are \(known)"))
  }
}
