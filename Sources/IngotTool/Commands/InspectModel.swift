import Bundle
import IR
import IngotCompiler
import Machine
import Passes
import Tensors

/// A model as it was read, and what compiling it told.
struct InspectedModel {
  var module: Module
  var statistics: [Statistics]
  var compiled: CompiledBundle?
  /// Memory of the compiled functions.
  var plans: [FunctionPlan] = []
  /// Where each function's ops run after the passes.
  var placements: [[Placement]]?
  /// Why the model could not be compiled, if that was tried.
  var compileError: String?

  init(_ module: Module) {
    self.module = module
    statistics = module.functions.indices.map { Statistics(module, function: $0) }
  }

  /// What is in the model, for people.
  func summary(title: String) -> String {
    var lines = [title]
    for (graph, statistics) in zip(module.functions, statistics) {
      lines.append("function \(graph.name)")
      lines += graph.inputs.map { "  input      \($0.name)  \(graph.type(of: $0.value))" }
      lines += graph.outputs.map {
        "  output     \($0.name)  \(graph.type(of: $0.value))\(sizeText(manifestPort($0, of: graph).sizes))"
      }
      lines += [
        "  work       \(formatCount(statistics.macs)) multiply-adds",
        "  parameters \(formatCount(statistics.parameters))",
        "  weights    \(formatBytes(statistics.weightBytes)), \(weightCount(graph))",
        "  ops        \(countText(opCounts(graph.order.map { graph[$0].op.name })))",
      ]
    }
    for (key, value) in module.metadata { lines.append("\(key) = \(value)") }
    lines += module.notes.map(\.description)
    return paragraph(lines)
  }

  /// Weights of a function and of all that it runs.
  private func weightCount(_ graph: Graph) -> String {
    let names = Set(
      module.reachable(from: graph).flatMap { graph in graph.weights.compactMap { graph.weight($0)?.name } })
    let unbound = names.count { module.weights[$0]?.tensor == nil }
    return "\(names.count) tensors" + (unbound == 0 ? "" : ", \(unbound) of them without contents")
  }
}

/// Where the ops of each function, and of those that it runs, run once the passes have rewritten it. Weights without contents count as
/// any numbers, since passes that fold weights need some and which does not matter here.
func placements(of module: Module, on target: Target) throws -> [[Placement]] {
  var optimized = module
  optimized.bindRandomWeights(seed: 0)
  try run(pipeline(CompileOptions(target: target)), on: &optimized, fusing: FusionRules(target))
  return try IngotCompiler.placements(of: optimized, on: target)
}

/// Ops with engine and reason.
func placementTable(_ function: String, _ placements: [Placement]) -> String {
  let rows = placements.map { [$0.op, $0.node, $0.engine, $0.verdict.name, $0.reason] }
  return "function \(printable(function))\n" + table(["op", "node", "engine", "verdict", "reason"], rows)
}
