package import Bundle
package import IR

/// Lowers one graph as it stands, without passes and without a bundle around it; gives the program and the
/// largest sum of bytes that are live at any step. `functions` are those that it runs.
package func lowerAlone(
  _ graph: Graph, functions: [Graph] = []
) throws(Diagnostic) -> (program: Program, arenaLowerBound: Int) {
  let flat = try flatten(graph, functions)
  var weights = WeightPool([flat.graph])
  let lowered = try lower(flat, weights: &weights)
  return (lowered.program, lowered.arenaLowerBound)
}
