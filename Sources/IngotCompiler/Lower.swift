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

/// How functions become programs.
struct Lowering {
  /// Id of the memory in which values lie.
  var memory: String
  /// What runs between emission and memory planning.
  var passes: [ProgramPass]
  /// Whether programs are verified after every pass. Debug builds always do.
  var verifies: Bool
}

/// Turns functions without calls into programs with addresses: emits their kernel calls, runs the program passes, has
/// weights stored as all programs read them, plans memory.
func lower(
  _ functions: [FlatFunction], weights: inout WeightPool, _ lowering: Lowering
) throws(Diagnostic) -> [LoweredFunction] {
  var programs: [Program] = []
  for function in functions {
    var program = try emit(function, weights: &weights, memory: lowering.memory)
    try run(lowering.passes, on: &program, verifying: lowering.verifies)
    programs.append(program)
  }
  foldRepacks(&programs, &weights)
  var lowered: [LoweredFunction] = []
  for var program in programs {
    try run([planMemory], on: &program, verifying: lowering.verifies)
    let values = program.instructions.map { $0.origin.map(ValueID.init) }
    for index in program.instructions.indices { program.instructions[index].origin = nil }
    lowered.append(
      LoweredFunction(
        program: program, values: values, lowerBounds: BufferLifetimes(program).lowerBounds(of: program)))
  }
  return lowered
}
