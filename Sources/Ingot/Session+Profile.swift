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

  /// Runs the function once and shows the first result of every kernel call, as often as loops repeat it.
  package func trace(_ observer: @escaping (_ instruction: Int, _ result: Tensor) -> Void)
    throws(InterpreterError)
  {
    try run { event in
      var info = ingot_tensor_info()
      guard let data = ingot_result_data(self.session, event.instruction, 0, &info),
        let described = TensorInfo(info)
      else { return }
      let bytes = UnsafeRawBufferPointer(start: data, count: described.byteCount)
      observer(
        Int(event.instruction),
        Tensor(element: described.elementType, shape: Shape(described.shape)) {
          if bytes.count > 0 { $0.copyMemory(from: bytes) }
        })
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
