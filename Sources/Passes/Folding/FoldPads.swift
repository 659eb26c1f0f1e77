import IR
import Tensors

/// Lets a convolution pad its input with zeros by itself.
///
///     %p = pad %x {pads = [0, 0, 1, 1, 0, 0, 1, 1]}        ->      %y = conv %x, @w {pads = [1, 1, 1, 1]}
///     %y = conv %p, @w
///
/// Exporters write it for padding that differs between the sides. Outside of integers lies their zero point.
package let foldPads = Pass("fold-pads", "Folds padding with zeros into the convolution behind it.") {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    let operands = graph[node].operands
    guard let (window, outside) = graph.window(of: node), let producer = graph.producer(of: operands[0]),
      case .pad(let pad) = graph[producer].op, pad.mode == .constant, pad.value == outside,
      pad.pads.allSatisfy({ $0 >= 0 })
    else { continue }
    let rank = pad.pads.count / 2
    let (begins, ends) = (pad.pads.prefix(rank), pad.pads.suffix(rank))
    guard begins.prefix(2).allSatisfy({ $0 == 0 }), ends.prefix(2).allSatisfy({ $0 == 0 }) else { continue }
    let amounts = Array(begins.dropFirst(2) + ends.dropFirst(2))
    var padded = window
    padded.pads = window.pads.isEmpty ? amounts : zip(window.pads, amounts).map { $0 + $1 }
    try context.rewrite(
      node, as: graph[node].op.windowed(padded), [graph[producer].operands[0]] + operands.dropFirst(),
      "folded \(graph.describe(producer)) into \(graph.describe(node))")
  }
}

extension Graph {
  /// The window of a convolution, and what lies outside of its input.
  fileprivate func window(of node: NodeID) -> (Window, outside: Double)? {
    switch self[node].op {
    case .conv(let op): return (op.window, 0)
    case .convInteger(let op):
      return constant(self[node].operands[2]).map { (op.window, Double($0.integers[0])) }
    default: return nil
    }
  }
}

extension Op {
  /// The convolution with another window.
  fileprivate func windowed(_ window: Window) -> Op {
    switch self {
    case .conv(var op):
      op.window = window
      return .conv(op)
    case .convInteger(var op):
      op.window = window
      return .convInteger(op)
    default: return self
    }
  }
}
