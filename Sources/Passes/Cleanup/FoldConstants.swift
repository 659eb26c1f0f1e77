import IR
import Tensors

/// Computes nodes whose operands are all known.
///
///     %s = add @a, @b                 ->      weight @s = …
///     %y = mul %x, %s                         %y = mul %x, @s
///
/// A node stays when its result would take more than a megabyte and more than twice the bytes of the weights
/// that it comes from (an `expand` of a small constant, say), or when it can't be computed. What is computed
/// from the result of such a node is judged alike, by the same weights: a product of two thin matrices may
/// take more than they do, but added to a weight it takes no more than that weight. Constants that are unpacked
/// or dequantized are left to `lower-quantization`, which knows when they are better stored as integers.
package let foldConstants = Pass("fold-constants", "Computes nodes whose operands are all known.") {
  (context: inout PassContext) throws(Diagnostic) in
  var large = LargeResults()
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    let entry = graph[node]
    if entry.op.widensConstants { continue }
    guard let sources = large.sources(of: entry.operands, in: graph) else { continue }
    let bytes = graph.type(of: entry.results[0]).byteCount
    guard bytes <= max(1 << 20, 2 * sources.reduce(0) { $0 + graph.type(of: $1).byteCount }) else {
      if bytes <= LargeResults.byteLimit { large.note(entry.results[0], sources) }
      continue
    }
    guard let result = large.computed(node, in: graph) else { continue }
    let name = graph[entry.results[0]].name
    let weight = context.addWeight(name.isEmpty ? "folded" : name, result)
    try context.replace(node, with: weight, "computed \(context.graph.describe(node))")
  }
}

extension Op {
  /// Whether a constant that the op reads takes less than its result, and should stay.
  fileprivate var widensConstants: Bool {
    switch self {
    case .unpack, .palette, .dequantize: true
    default: false
    }
  }
}

/// Results that come from weights alone and are too large to become weights.
private struct LargeResults {
  /// The most bytes of one that is computed on the way to a smaller one.
  static let byteLimit = 1 << 30
  private var sources: [ValueID: Set<ValueID>] = [:]

  mutating func note(_ value: ValueID, _ weights: Set<ValueID>) { sources[value] = weights }

  /// The weights that values come from; nil if one of them comes from anything else.
  func sources(of values: [ValueID], in graph: Graph) -> Set<ValueID>? {
    var union: Set<ValueID> = []
    for value in values {
      if graph.constant(value) != nil {
        union.insert(value)
      } else if let known = sources[value] {
        union.formUnion(known)
      } else {
        return nil
      }
    }
    return union
  }

  /// The result of a node of which all sources are known; nil if it has several or can't be computed.
  func computed(_ node: NodeID, in graph: Graph) -> Tensor? {
    var operands: [Tensor] = []
    for operand in graph[node].operands {
      if let constant = graph.constant(operand) {
        operands.append(constant)
      } else if let producer = graph.producer(of: operand), let tensor = computed(producer, in: graph) {
        operands.append(tensor)
      } else {
        return nil
      }
    }
    guard let results = try? graph[node].op.evaluate(operands), results.count == 1 else { return nil }
    return results[0]
  }
}
