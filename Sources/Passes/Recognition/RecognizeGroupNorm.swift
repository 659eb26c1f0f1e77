import IR
import Tensors

/// Recognizes group normalization written as a normalization between reshapes.
///
///     %a = reshape %x {shape = [1, 2, 24]}         ->      %y = group_norm %x {groups = 2}
///     %b = group_norm %a {groups = 2}
///     %y = reshape %b {shape = [1, 4, 3, 4]}
///
/// The inner one normalizes every row of [N, groups, rest]; its scale and bias spread over the channels of
/// their group.
package let recognizeGroupNorm = Pass(
  "recognize-group-norm", "Recognizes group normalization written with reshapes."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard case .reshape = graph[node].op, let inner = graph.producer(of: graph[node].operands[0]),
      graph.hasOneUse(graph.result(inner)), let outer = graph.producer(of: graph[inner].operands[0]),
      case .reshape = graph[outer].op
    else { continue }
    let x = graph[outer].operands[0]
    let (shape, rows) = (graph.shape(of: x), graph.shape(of: graph.result(inner)))
    guard shape == graph.shape(of: graph.result(node)), shape.rank >= 2, rows.rank >= 3, rows[0] == shape[0],
      rows[1] > 0,
      shape[1] % rows[1] == 0
    else { continue }
    let epsilon: Double
    switch graph[inner].op {
    case .groupNorm(let op) where op.groups == rows[1]: epsilon = op.epsilon
    case .layerNorm(let op) where rows.normalized(axis: op.axis) == 2 && graph[inner].operands.count == 1:
      epsilon = op.epsilon
    default: continue
    }
    let parameters = graph[inner].operands.dropFirst().compactMap { graph.constant($0) }
    guard parameters.count == graph[inner].operands.count - 1 else { continue }
    var operands = [x]
    // A scale of ones and a bias of zeros, as instance normalization brings them, are left out.
    let isPlain = parameters.indices.allSatisfy { index in
      parameters[index].floats.allSatisfy { $0 == (index == 0 ? 1 : 0) }
    }
    if !isPlain {
      for (index, parameter) in parameters.enumerated() {
        let share = shape[1] / rows[1]
        let spread = parameter.floats.flatMap { [Float](repeating: $0, count: share) }
        let tensor = Tensor(spread, shape: [shape[1]], element: parameter.element)
        operands.append(context.addWeight(foldedFrom: graph[inner].operands[index + 1], tensor))
      }
    }
    try context.rewrite(
      node, as: .groupNorm(GroupNorm(groups: rows[1], epsilon: epsilon)), operands, named: inner,
      "recognized group_norm in \(graph.describe(outer)), \(graph.describe(inner)) and \(graph.describe(node))"
    )
  }
}
