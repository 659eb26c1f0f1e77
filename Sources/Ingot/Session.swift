import CInterpreter

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

  /// Prepares a function, by its name, to run on a number of threads, of which the caller's is one.
  public convenience init(_ model: Model, function: String, threads: Int = 1) throws(InterpreterError) {
    try self.init(model, function: model.function(named: function), threads: threads)
  }

  /// Prepares a function to run on a number of threads, of which the caller's is one.
  public init(_ model: Model, function: Int = 0, threads: Int = 1) throws(InterpreterError) {
    guard let index = UInt32(exactly: function), index < ingot_function_count(model.bundle) else {
      throw model.failure(
        .argument, "there is no function \(function), the bundle has \(model.functions.count)")
    }
    guard (1...64).contains(threads) else {
      throw model.failure(.argument, "\(threads) threads were asked for, allowed are 1 to 64")
    }
    var options = ingot_session_options()
    options.function = index
    options.threads = UInt32(threads)
    options.isa = try InstructionSets.allowed()
    var created: OpaquePointer?
    do {
      try checked { ingot_session_create(model.bundle, &options, nil, &created, $0, $1) }
    } catch {
      throw model.failure(error.code, error.message)
    }
    guard let created else { throw model.failure(.invalid, "creating a session gave none") }
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

  /// Runs the function once. In a task, cancelling the task stops the run; see ``run(stoppingWhen:)``.
  public func run() throws(InterpreterError) {
    let result = withUnsafeCurrentTask { task in
      Result { () throws(InterpreterError) in
        guard let task else { return try runToTheEnd() }
        try run { task.isCancelled }
      }
    }
    try result.get()
  }

  /// Runs the function once, unless `shouldStop` says otherwise: it is asked before every kernel call, as often
  /// as loops repeat it, and many times within a large one. Then an error of code
  /// ``InterpreterError/Code-swift.enum/stopped`` is thrown, the outputs mean nothing, and the session can run
  /// again once its inputs are set.
  public func run(stoppingWhen shouldStop: () -> Bool) throws(InterpreterError) {
    try withoutActuallyEscaping(shouldStop) { (escaping) throws(InterpreterError) in
      let box = ClosureBox(escaping)
      ingot_set_stop_hook(
        session,
        { context in
          guard let context else { return 0 }
          return Unmanaged<ClosureBox<() -> Bool>>.fromOpaque(context).takeUnretainedValue().body() ? 1 : 0
        }, Unmanaged.passUnretained(box).toOpaque())
      defer { ingot_set_stop_hook(session, nil, nil) }
      try runToTheEnd()
    }
  }

  private func runToTheEnd() throws(InterpreterError) {
    let status = ingot_run(session)
    guard status == INGOT_OK else { throw error(status) }
  }

  /// What went wrong in the last call on the session.
  func error(_ status: ingot_status) -> InterpreterError {
    let error = InterpreterError(status, String(cString: ingot_session_message(session)))
    return model.failure(error.code, error.message)
  }

  func info(_ list: [TensorInfo], _ index: Int, _ what: String) throws(InterpreterError) -> TensorInfo {
    guard list.indices.contains(index) else {
      throw model.failure(.argument, "there is no \(what) \(index), the function has \(list.count)")
    }
    return list[index]
  }
}

/// A closure as an object, which C code can hold.
final class ClosureBox<Body> {
  let body: Body
  init(_ body: Body) { self.body = body }
}
