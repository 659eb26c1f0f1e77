import Bundle
import IR

/// A function as a program, with what is known of its memory.
struct LoweredFunction {
  var program: Program
  /// The value that each instruction computes; nil for the head of a loop.
  var values: [ValueID?]
  /// For each memory of the program the largest sum of live bytes at any step: no plan can be smaller.
  var lowerBounds: [Int]
}

/// Turns a function without calls into a program with addresses: emits its kernel calls, runs the program passes,
/// plans memory.
///
/// - Parameters:
///   - memory: id of the memory in which values lie.
///   - verifying: whether the program is verified after every pass. Debug builds always do.
func lower(
  _ function: FlatFunction, weights: inout WeightPool, memory: String, passes: [ProgramPass],
  verifying: Bool
) throws(Diagnostic) -> LoweredFunction {
  var program = try emit(function, weights: &weights, memory: memory)
  try run(passes + [planMemory], on: &program, verifying: verifying)
  let values = program.instructions.map { $0.origin.map(ValueID.init) }
  for index in program.instructions.indices { program.instructions[index].origin = nil }
  return LoweredFunction(
    program: program, values: values, lowerBounds: BufferLifetimes(program).lowerBounds(of: program))
}
