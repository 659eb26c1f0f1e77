import IR
import Tensors

/// Lets a convolution pad its input with zeros by itself.
///
///     %p = pad %x {pads = [0, 0, 1, 1, 0, 0, 1, 1]}        ->      %y = conv %x, @w {pads = [1, 1, 1, 1]}
///     %y = conv %p, @w
///
/// Exporters write it for padding that differs between the sides.
package let foldPads = Pass("fold-pads", "Folds padding with zeros into the convolution behind it.") {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    let operands = graph[node].operands
    guard case .conv(var op) = graph[node].op, let producer = graph.producer(of: operands[0]),
      case .pad(let pad) = graph[producer].op, pad.mode == .constant, pad.value == 0,
      pad.pads.allSatisfy({ $0 >= 0 })
    else { continue }
    let rank = pad.pads.count / 2
    let (begins, ends) = (pad.pads.prefix(rank), pad.pads.suffix(rank))
    guard begins.prefix(2).allSatisfy({ $0 == 0 }), ends.prefix(2).allSatisfy({ $0 == 0 }) else { continue }
    let amounts = Array(begins.dropFirst(2) + ends.dropFirst(2))
    op.window.pads = op.window.pads.isEmpty ? amounts : zip(op.window.pads, amounts).map { $0 + $1 }
    try context.rewrite(
      node, as: .conv(op), [graph[producer].operands[0]] + operands.dropFirst(),
      "folded \(graph.describe(producer)) into \(graph.describe(node))")
  }
}
