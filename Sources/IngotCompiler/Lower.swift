import Bundle
import IR

/// A function as a program, with what is known of its memory.
struct LoweredFunction {
  var program: Program
  /// The value that each instruction computes; nil for the head of a loop.
  var values: [ValueID?]
  /// For each memory of the program the largest sum of live bytes at any step: no plan can be smaller.
  var lowerBounds: [Int]
  /// What the calls take, one after the other; nil where the target does not tell.
  var cycles: Int?
}

/// How functions become programs.
struct Lowering {
  var scheduling: Scheduling
  /// What runs between emission and memory planning.
  var passes: [ProgramPass]
  /// Whether programs are verified after every pass. Debug builds always do.
  var verifies: Bool
}

extension Lowering {
  fileprivate func transferPasses(_ tiling: Tiling) -> [ProgramPass] {
    scheduling.model == nil ? [] : [moveWeightsEarly(within: tiling.limit ?? .max)]
  }
}

/// Turns functions without calls into programs with addresses: emits their kernel calls, runs the program passes, has
/// weights stored as all programs read them, plans memory.
func lower(
  _ functions: [FlatFunction], weights: inout WeightPool, _ lowering: Lowering
) throws(Diagnostic) -> [LoweredFunction] {
  var programs: [Program] = []
  var cycles: [Int?] = []
  for function in functions {
    let cost = ScheduleCost(function, lowering.scheduling.model)
    let tiling = try tiling(of: function, weights, lowering, cost)
    var program = try emit(function, weights: &weights, memory: lowering.scheduling.memory, tiling: tiling)
    try run(lowering.passes, on: &program, verifying: lowering.verifies)
    try run(lowering.transferPasses(tiling), on: &program, verifying: lowering.verifies)
    programs.append(program)
    let readers = program.readersOfEarlyWeights
    let early = function.graph.order.indices.filter { position in
      function.graph[function.graph.order[position]].results.contains { readers.contains($0.index) }
    }
    cycles.append(cost.cycles(tiling, early: Set(early)))
  }
  foldRepacks(&programs, &weights)
  var lowered: [LoweredFunction] = []
  for (index, var program) in programs.enumerated() {
    try run([planMemory], on: &program, verifying: lowering.verifies)
    let values = program.instructions.map { $0.origin.map(ValueID.init) }
    for index in program.instructions.indices { program.instructions[index].origin = nil }
    lowered.append(
      LoweredFunction(
        program: program, values: values, lowerBounds: BufferLifetimes(program).lowerBounds(of: program),
        cycles: cycles[index]))
  }
  return lowered
}

/// How a function is cut into calls.
func tiling(
  of function: FlatFunction, _ weights: WeightPool, _ lowering: Lowering, _ cost: ScheduleCost
) throws(Diagnostic) -> Tiling {
  try chooseTiling(of: function, lowering.scheduling, cost) { (tiling) throws(Diagnostic) in
    try arenaBytes(of: function, tiling, weights, lowering)
  }
}

/// What a function's values need under a tiling. Repacks take no memory in the end, as constants are stored repacked.
private func arenaBytes(
  of function: FlatFunction, _ tiling: Tiling, _ weights: WeightPool, _ lowering: Lowering
) throws(Diagnostic) -> Int {
  var weights = weights
  var program = try emit(function, weights: &weights, memory: lowering.scheduling.memory, tiling: tiling)
  try run(programPasses, on: &program, verifying: lowering.verifies)
  try run(lowering.transferPasses(tiling) + [planMemory], on: &program, verifying: lowering.verifies)
  return program.arenaBytes
}
