import IR
import Tensors

/// Computes equal things once: nodes with the same op and operands, and weights with the same contents.
///
///     %a = exp %x                     ->      %a = exp %x
///     %b = exp %x                             %y = add %a, %a
///     %y = add %a, %b
package let mergeDuplicates = Pass("merge-duplicates", "Merges equal nodes and weights of equal contents.") {
  (context: inout PassContext) throws(Diagnostic) in
  mergeWeights(&context)

  struct Key: Hashable {
    var op: Op
    var operands: [ValueID]
  }
  var seen: [Key: ValueID] = [:]
  for node in context.graph.order where context.graph[node].results.count == 1 {
    let entry = context.graph[node]
    var key = Key(op: entry.op, operands: entry.operands)
    if case .binary(let op) = entry.op, op.function.isCommutative { key.operands.sort() }
    if let earlier = seen[key] {
      guard let twin = context.graph.producer(of: earlier) else { continue }
      let description = "merged \(context.graph.describe(node)) into \(context.graph.describe(twin))"
      try context.replace(node, with: earlier, description)
    } else {
      seen[key] = entry.results[0]
    }
  }
}

private func mergeWeights(_ context: inout PassContext) {
  let graph = context.graph
  // Only weights that share a type can be equal, so that most contents are never read.
  var byType: [TensorType: [ValueID]] = [:]
  for weight in graph.weights where graph.constant(weight) != nil {
    byType[graph.type(of: weight), default: []].append(weight)
  }
  var merges: [(from: ValueID, into: ValueID)] = []
  for group in byType.values where group.count > 1 {
    var byDigest: [UInt64: [ValueID]] = [:]
    for weight in group {
      guard let tensor = graph.constant(weight) else { continue }
      let digest = tensor.digest
      tensor.evict()
      let known = byDigest[digest] ?? []
      let twin = known.first { candidate in
        graph.constant(candidate).map { $0.isIdentical(to: tensor) } ?? false
      }
      if let twin {
        merges.append((weight, twin))
      } else {
        byDigest[digest] = known + [weight]
      }
    }
  }
  for merge in merges.sorted(by: { $0.from < $1.from }) where !graph.isOutput(merge.from) {
    context.mergeWeight(merge.from, into: merge.into)
  }
}
