import CInterpreter
package import Tensors

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

// Inputs and outputs by their place in ``Session/inputs`` and ``Session/outputs``.
extension Session {
  /// Copies values, row after row, into an input of their type.
  public func setInput<Value: TensorElement>(_ index: Int, to values: [Value]) throws(InterpreterError) {
    let info = try info(inputs, index, "input")
    guard info.element == Value.element, values.count == info.count else {
      throw model.failure(
        .argument,
        "input '\(info.name)' is \(info.element)\(info.shape), which are \(info.count) values; given were "
          + "\(values.count) of \(Value.element)")
    }
    fill(index, info) { target in values.withUnsafeBytes { target.copyBytes(from: $0) } }
  }

  /// Copies bytes into an input: its elements in row-major order, little-endian.
  public func setInput(_ index: Int, to data: Data) throws(InterpreterError) {
    let info = try info(inputs, index, "input")
    guard data.count == info.byteCount else {
      throw model.failure(
        .argument,
        "input '\(info.name)' is \(info.element)\(info.shape), which are \(info.byteCount) bytes; given were "
          + "\(data.count)")
    }
    fill(index, info) { target in data.withUnsafeBytes { target.copyBytes(from: $0) } }
  }

  /// The numbers of an fp32 output, as many as ``outputShape(_:)-(Int)`` says.
  public func output(_ index: Int) throws(InterpreterError) -> [Float] { try output(index, as: Float.self) }

  /// The values of an output, which must be of their type, as many as ``outputShape(_:)-(Int)`` says.
  public func output<Value: TensorElement>(
    _ index: Int, as type: Value.Type
  ) throws(InterpreterError) -> [Value] {
    let info = try info(outputs, index, "output")
    guard info.element == Value.element else {
      throw model.failure(
        .argument, "output '\(info.name)' is \(info.element)\(info.shape), not \(Value.element)")
    }
    let shape = try outputShape(index)
    return [Value](unsafeUninitializedCapacity: shape.reduce(1, *)) { values, count in
      copyOutput(index, info, shape, to: UnsafeMutableRawBufferPointer(values))
      count = values.count
    }
  }

  /// The bytes of an output, as many as ``outputShape(_:)-(Int)`` says: its elements in row-major order,
  /// little-endian.
  public func outputData(_ index: Int) throws(InterpreterError) -> Data {
    let info = try info(outputs, index, "output")
    let shape = try outputShape(index)
    var data = Data(count: shape.reduce(info.element.byteCount, *))
    data.withUnsafeMutableBytes { copyOutput(index, info, shape, to: $0) }
    return data
  }

  /// The extents of an output after a run. They differ from those in ``outputs`` where the size depends on data:
  /// boxes that were found, elements that are not 0.
  public func outputShape(_ index: Int) throws(InterpreterError) -> [Int] {
    let info = try info(outputs, index, "output")
    var extents = [Int64](repeating: 0, count: 8)
    let status = ingot_output_dims(session, UInt32(index), &extents)
    guard status == INGOT_OK else { throw error(status) }
    return extents.prefix(info.shape.count).map { Int($0) }
  }

  /// The memory of an input, to be filled before every run.
  public func withInput<Result>(
    _ index: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) throws -> Result {
    let info = try info(inputs, index, "input")
    return try body(memory(ofInput: index, info))
  }

  /// The memory of an output, valid until the next run. It is laid out for the shape in ``outputs``, also when
  /// ``outputShape(_:)-(Int)`` is smaller.
  public func withOutput<Result>(
    _ index: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let info = try info(outputs, index, "output")
    return try body(memory(ofOutput: index, info))
  }

  /// Copies a tensor into an input of the same type.
  package func setInput(_ index: Int, to tensor: Tensor) throws(InterpreterError) {
    let info = try info(inputs, index, "input")
    guard info.elementType == tensor.element, info.shape == tensor.shape.extents else {
      throw model.failure(
        .argument,
        "input '\(info.name)' is \(info.element)\(info.shape), given was \(tensor.element.rawValue)\(tensor.shape)"
      )
    }
    fill(index, info) { target in tensor.withBytes { if $0.count > 0 { target.copyMemory(from: $0) } } }
  }

  /// A copy of an output, of the shape that the run gave it.
  package func outputTensor(_ index: Int) throws(InterpreterError) -> Tensor {
    let info = try info(outputs, index, "output")
    let shape = try outputShape(index)
    return Tensor(element: info.elementType, shape: Shape(shape)) { copyOutput(index, info, shape, to: $0) }
  }

  /// Writes an input. Truth values become 0 or 1, which is all that kernels and Swift know.
  private func fill(_ index: Int, _ info: TensorInfo, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    let target = memory(ofInput: index, info)
    body(target)
    guard info.element == .bool else { return }
    for place in target.indices { target[place] = target[place] == 0 ? 0 : 1 }
  }

  private func copyOutput(
    _ index: Int, _ info: TensorInfo, _ shape: [Int], to target: UnsafeMutableRawBufferPointer
  ) {
    copyPart(
      of: memory(ofOutput: index, info), info.shape, to: target, shape, elementBytes: info.element.byteCount)
  }

  private func memory(ofInput index: Int, _ info: TensorInfo) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: ingot_input_data(session, UInt32(index)), count: info.byteCount)
  }

  private func memory(ofOutput index: Int, _ info: TensorInfo) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: ingot_output_data(session, UInt32(index)), count: info.byteCount)
  }
}
