package import Bundle
package import IR

/// Lowers one graph as it stands, without passes on graphs and without a bundle around it; gives the program and the
/// largest sum of bytes that are live at any step. `functions` are those that it runs.
package func lowerAlone(
  _ graph: Graph, functions: [Graph] = [], passes: [ProgramPass] = storagePasses
) throws(Diagnostic) -> (program: Program, arenaLowerBound: Int) {
  let flat = try flatten(graph, functions)
  var weights = WeightPool([flat.graph])
  let lowering = Lowering(scheduling: .untiled, passes: passes, verifies: true)
  let lowered = try lower([flat], weights: &weights, lowering)[0]
  return (lowered.program, lowered.lowerBounds.reduce(0, +))
}

/// Lowers the functions of a module as they stand, with their weights in one bundle.
package func lowerTogether(_ module: Module, passes: [ProgramPass]) throws(Diagnostic) -> [Program] {
  let flats = try flatten(module)
  var weights = WeightPool(flats.map(\.graph))
  let lowering = Lowering(scheduling: .untiled, passes: passes, verifies: true)
  return try lower(flats, weights: &weights, lowering).map(\.program)
}

/// Emits one graph in the way in which a schedule that keeps within `limit` bytes runs it: the program before all program
/// passes, without addresses.
package func emitScheduled(
  _ graph: Graph, _ goal: ScheduleGoal, limit: Int? = nil
) throws(Diagnostic) -> Program {
  let flat = try flatten(graph, [])
  let lowering = Lowering(
    scheduling: Scheduling(goal: goal, memory: "memory", limit: limit), passes: storagePasses, verifies: true)
  var weights = WeightPool([flat.graph])
  let tiling = try tiling(of: flat, weights, lowering, ScheduleCost(flat, nil))
  return try emit(flat, weights: &weights, memory: "memory", tiling: tiling)
}

/// Emits one graph as it stands: the program before all program passes, without addresses.
package func emitAlone(_ graph: Graph, functions: [Graph] = []) throws(Diagnostic) -> Program {
  let flat = try flatten(graph, functions)
  var weights = WeightPool([flat.graph])
  return try emit(flat, weights: &weights, memory: "memory")
}
