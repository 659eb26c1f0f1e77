import CInterpreter
package import Tensors

/// Time of one kernel call.
public struct OperationTime: Sendable, Hashable {
  /// Position in the program.
  public let instruction: Int
  /// The kernel: `conv`, `matmul` …
  public let operation: String
  /// The node's name in the source model.
  public let name: String
  /// How long it took.
  public let nanoseconds: UInt64
}

/// Memory and threads to run one function of a bundle. Used by one thread at a time.
public final class Session {
  /// The bundle that is run.
  public let model: Model
  /// Which of its functions.
  public let function: Int
  /// The function's inputs.
  public let inputs: [TensorInfo]
  /// The function's outputs.
  public let outputs: [TensorInfo]
  let session: OpaquePointer

  /// Prepares a function to run on a number of threads, of which the caller's is one.
  public init(_ model: Model, function: Int = 0, threads: Int = 1) throws(InterpreterError) {
    guard let index = UInt32(exactly: function), function < model.functions.count else {
      throw InterpreterError(
        .argument, "there is no function \(function), the bundle has \(model.functions.count)")
    }
    guard (1...64).contains(threads) else {
      throw InterpreterError(.argument, "\(threads) threads were asked for, allowed are 1 to 64")
    }
    var options = ingot_session_options()
    options.function = index
    options.threads = UInt32(threads)
    var created: OpaquePointer?
    try checked { ingot_session_create(model.bundle, &options, nil, &created, $0, $1) }
    guard let created else { throw InterpreterError(.invalid, "creating a session gave none") }
    self.model = model
    self.function = function
    session = created
    inputs = model.inputs(function: function)
    outputs = model.outputs(function: function)
  }

  deinit { ingot_session_destroy(session) }

  /// Bytes that a session of this kind needs: arena, scratch and tables.
  public static func memoryBytes(_ model: Model, function: Int = 0, threads: Int = 1) -> Int {
    var options = ingot_session_options()
    options.function = UInt32(clamping: function)
    options.threads = UInt32(clamping: threads)
    return ingot_session_bytes(model.bundle, &options)
  }

  /// The memory of an input, to be filled before every run.
  public func withInput<Result>(
    _ index: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) throws -> Result {
    let info = try self.info(inputs, index, "input")
    let data = ingot_input_data(session, UInt32(index))
    return try body(UnsafeMutableRawBufferPointer(start: data, count: info.byteCount))
  }

  /// The memory of an output, valid until the next run. It is laid out for the shape in ``outputs``, also when
  /// ``outputShape(_:)`` is smaller.
  public func withOutput<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
    -> Result
  {
    let info = try self.info(outputs, index, "output")
    let data = ingot_output_data(session, UInt32(index))
    return try body(UnsafeRawBufferPointer(start: data, count: info.byteCount))
  }

  /// Copies numbers into an fp32 input.
  public func setInput(_ index: Int, to values: [Float]) throws {
    let info = try self.info(inputs, index, "input")
    guard info.element == "f32", values.count * 4 == info.byteCount else {
      throw InterpreterError(
        .argument,
        "input '\(info.name)' is \(info.element)\(info.shape), given were \(values.count) numbers for f32")
    }
    try withInput(index) { target in values.withUnsafeBytes { target.copyBytes(from: $0) } }
  }

  /// The extents of an output after a run. They differ from those in ``outputs`` where the size depends on data:
  /// boxes that were found, elements that are not 0.
  public func outputShape(_ index: Int) throws -> [Int] {
    let info = try self.info(outputs, index, "output")
    var extents = [Int64](repeating: 0, count: 8)
    let status = ingot_output_dims(session, UInt32(index), &extents)
    guard status == INGOT_OK else {
      throw InterpreterError(status, String(cString: ingot_session_message(session)))
    }
    return extents.prefix(info.shape.count).map { Int($0) }
  }

  /// The numbers of an fp32 output, as many as ``outputShape(_:)`` says.
  public func output(_ index: Int) throws -> [Float] {
    let info = try self.info(outputs, index, "output")
    guard info.element == "f32" else {
      throw InterpreterError(.argument, "output '\(info.name)' is \(info.element)\(info.shape), not f32")
    }
    let shape = try outputShape(index)
    return try withOutput(index) { bytes in
      [Float](unsafeUninitializedCapacity: shape.reduce(1, *)) { numbers, count in
        copyPart(of: bytes, info.shape, to: UnsafeMutableRawBufferPointer(numbers), shape, elementBytes: 4)
        count = numbers.count
      }
    }
  }

  /// Runs the function once.
  public func run() throws(InterpreterError) {
    let status = ingot_run(session)
    guard status == INGOT_OK else {
      throw InterpreterError(status, String(cString: ingot_session_message(session)))
    }
  }

  /// Runs the function once and times every kernel call, as often as loops repeat it.
  public func profile() throws(InterpreterError) -> [OperationTime] {
    var times: [OperationTime] = []
    try run { event in
      times.append(
        OperationTime(
          instruction: Int(event.instruction), operation: String(cString: event.opcode),
          name: text(event.name, event.name_bytes), nanoseconds: event.nanoseconds))
    }
    return times
  }

  /// Runs the function once and shows the first result of every kernel call, as often as loops repeat it.
  package func trace(_ observer: @escaping (_ instruction: Int, _ result: Tensor) -> Void)
    throws(InterpreterError)
  {
    try run { event in
      var info = ingot_tensor_info()
      guard let data = ingot_result_data(self.session, event.instruction, 0, &info) else { return }
      let described = TensorInfo(info)
      guard let element = described.elementType else { return }
      let bytes = UnsafeRawBufferPointer(start: data, count: described.byteCount)
      observer(
        Int(event.instruction),
        Tensor(element: element, shape: Shape(described.shape)) {
          if bytes.count > 0 { $0.copyMemory(from: bytes) }
        })
    }
  }

  /// Copies a tensor into an input of the same type.
  package func setInput(_ index: Int, to tensor: Tensor) throws {
    let info = try self.info(inputs, index, "input")
    guard info.elementType == tensor.element, info.shape == tensor.shape.extents else {
      throw InterpreterError(
        .argument,
        "input '\(info.name)' is \(info.element)\(info.shape), given was \(tensor.element.rawValue)\(tensor.shape)"
      )
    }
    try withInput(index) { target in tensor.withBytes { if $0.count > 0 { target.copyMemory(from: $0) } } }
  }

  /// A copy of an output, of the shape that the run gave it.
  package func outputTensor(_ index: Int) throws -> Tensor {
    let info = try self.info(outputs, index, "output")
    guard let element = info.elementType else {
      throw InterpreterError(.invalid, "output '\(info.name)' has an unknown element type")
    }
    let shape = try outputShape(index)
    return try withOutput(index) { bytes in
      Tensor(element: element, shape: Shape(shape)) {
        copyPart(of: bytes, info.shape, to: $0, shape, elementBytes: element.byteCount)
      }
    }
  }

  private func info(_ list: [TensorInfo], _ index: Int, _ what: String) throws(InterpreterError) -> TensorInfo
  {
    guard list.indices.contains(index) else {
      throw InterpreterError(.argument, "there is no \(what) \(index), the function has \(list.count)")
    }
    return list[index]
  }

  private func run(_ observer: (ingot_op_event) -> Void) throws(InterpreterError) {
    try withoutActuallyEscaping(observer) { (escaping) throws(InterpreterError) in
      let box = ObserverBox(escaping)
      ingot_set_op_hook(
        session,
        { context, event in
          guard let context, let event else { return }
          Unmanaged<ObserverBox>.fromOpaque(context).takeUnretainedValue().body(event.pointee)
        }, Unmanaged.passUnretained(box).toOpaque())
      defer { ingot_set_op_hook(session, nil, nil) }
      try run()
    }
  }
}

private final class ObserverBox {
  let body: (ingot_op_event) -> Void
  init(_ body: @escaping (ingot_op_event) -> Void) { self.body = body }
}
