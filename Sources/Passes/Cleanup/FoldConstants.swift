import IR
import Tensors

/// Computes nodes whose operands are all known.
///
///     %s = add @a, @b                 ->      weight @s = …
///     %y = mul %x, %s                         %y = mul %x, @s
///
/// A node stays when its result would take more than a megabyte and more than twice the bytes of its
/// operands (an `expand` of a small constant, say), or when it can't be computed.
package let foldConstants = Pass("fold-constants", "Computes nodes whose operands are all known.") {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    let entry = graph[node]
    let operands = entry.operands.compactMap { graph.constant($0) }
    guard operands.count == entry.operands.count else { continue }
    let bytes = graph.type(of: entry.results[0]).byteCount
    guard bytes <= max(1 << 20, 2 * operands.reduce(0) { $0 + $1.byteCount }) else { continue }
    guard let results = try? entry.op.evaluate(operands), results.count == 1 else { continue }
    let name = graph[entry.results[0]].name
    let weight = context.addWeight(name.isEmpty ? "folded" : name, results[0])
    try context.replace(node, with: weight, "computed \(context.graph.describe(node))")
  }
}
