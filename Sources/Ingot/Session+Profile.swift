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

extension Session {
  /// Runs the function once and times every kernel call, as often as loops repeat it.
  public func profile() throws(InterpreterError) -> [OperationTime] {
    var times: [OperationTime] = []
    try run { event in
      times.append(
        OperationTime(
          instruction: Int(event.instruction), operation: String(cString: event.opcode),
          name: String(cString: event.name), nanoseconds: event.nanoseconds))
    }
    return times
  }

  /// Runs the function once and shows the first result of every kernel call, as often as loops repeat it. What the
  /// observer returns, a tensor of the same type, stands in the result's place for the calls after it.
  package func trace(
    _ observer: (_ instruction: Int, _ result: Tensor) -> Tensor?
  ) throws(InterpreterError) {
    try run { event in
      var info = ingot_tensor_info()
      guard let data = ingot_result_data(self.session, event.instruction, 0, &info),
        let described = TensorInfo(info)
      else { return }
      let bytes = UnsafeRawBufferPointer(start: data, count: described.byteCount)
      let result = Tensor(element: described.elementType, shape: Shape(described.shape)) {
        if bytes.count > 0 { $0.copyMemory(from: bytes) }
      }
      guard let other = observer(Int(event.instruction), result) else { return }
      precondition(other.element == result.element && other.shape == result.shape, "a result of another type")
      other.withBytes { UnsafeMutableRawBufferPointer(start: data, count: $0.count).copyMemory(from: $0) }
    }
  }

  private func run(_ observer: (ingot_op_event) -> Void) throws(InterpreterError) {
    try withoutActuallyEscaping(observer) { (escaping) throws(InterpreterError) in
      let box = ClosureBox(escaping)
      ingot_set_op_hook(
        session,
        { context, event in
          guard let context, let event else { return }
          Unmanaged<ClosureBox<(ingot_op_event) -> Void>>.fromOpaque(context).takeUnretainedValue()
            .body(event.pointee)
        }, Unmanaged.passUnretained(box).toOpaque())
      defer { ingot_set_op_hook(session, nil, nil) }
      try run()
    }
  }
}
