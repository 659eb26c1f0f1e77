package import Bundle
package import IR

/// Lowers one graph as it stands, without passes and without a bundle around it; gives the program and the
/// largest sum of bytes that are live at any step. `functions` are those that it runs.
package func lowerAlone(
  _ graph: Graph, functions: [Graph] = []
) throws(Diagnostic) -> (program: Program, arenaLowerBound: Int) {
  var weights = WeightPool()
  let lowered = try lower(flatten(graph, functions), weights: &weights)
  return (lowered.program, lowered.arenaLowerBound)
}
