import IR
import Tensors

/// Computes products with constant weights as convolutions with kernels of one element, where the target has those and lacks the
/// product.
///
///     %y = matmul %x, @w, @b                       ->      %0 = reshape %x {shape = [M, K]}
///                                                          %1 = transpose %0 {permutation = [1, 0]}
///                                                          %2 = reshape %1 {shape = [1, K, 1, M]}
///                                                          %3 = conv %2, @w.folded, @b
///                                                          %4 = reshape %3 {shape = [N, M]}
///                                                          %5 = transpose %4 {permutation = [1, 0]}
///                                                          %y = reshape %5 {shape = [.., M, N]}
///
/// One row needs no transposing. Integers are the same, floats but for the order of sums.
package let useConvolutions = Pass(
  "use-convolutions", "Computes products that the target lacks as convolutions that it has."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    guard let product = ConstantProduct(node, in: context.graph) else { continue }
    // Tried on a copy: only what it becomes can be judged.
    var trial = context
    let convolution = try product.write(to: &trial)
    guard context.fusion.improves(node, context.graph, convolution, trial.graph) else { continue }
    try product.finish(convolution, &trial)
    context = trial
  }
}

/// A matrix product whose second factor is a constant matrix.
private struct ConstantProduct {
  private let node: NodeID
  private let op: Op
  private let shape: Shape
  /// Rows of x and what one has.
  private let rows: Int
  private let inner: Int
  private let outputs: Int
  /// Outputs first.
  private let weights: Tensor

  init?(_ id: NodeID, in graph: Graph) {
    let entry = graph[id]
    guard let first = entry.operands.first, entry.operands.count >= 2,
      let matrix = graph.constant(entry.operands[1]), matrix.shape.rank == 2
    else { return nil }
    let x = graph.shape(of: first)
    var hasOutputsFirst = false
    switch entry.op {
    case .matmul(let product):
      guard !product.transposeA else { return nil }
      hasOutputsFirst = product.transposeB
      // A bias for each row is none of a convolution.
      if entry.operands.count == 3, graph.shape(of: entry.operands[2]).rank != 1 { return nil }
      op = .conv(Conv(activation: product.activation))
    case .matmulInteger(let product):
      guard graph.shape(of: entry.operands[2]).rank == 0 else { return nil }
      op = .convInteger(ConvInteger(Window(), product.rescaling))
    default: return nil
    }
    guard let inner = x.extents.last, inner > 0, x.elementCount > 0,
      let outputsFirst = hasOutputsFirst ? matrix : matrix.swappedAxes
    else { return nil }
    node = id
    shape = graph.shape(of: entry.results[0])
    self.inner = inner
    rows = x.elementCount / inner
    outputs = outputsFirst.shape[0]
    weights = outputsFirst.reshaped([outputs, inner, 1, 1])
  }

  /// Adds the convolution before the product, and returns its node.
  func write(to context: inout PassContext) throws(Diagnostic) -> NodeID {
    let entry = context.graph[node]
    var x = entry.operands[0]
    if rows > 1 {
      x = try reshape(x, [rows, inner], &context)
      x = try context.insert(.transpose(Transpose([1, 0])), [x], before: node)
    }
    x = try reshape(x, [1, inner, 1, rows], &context)
    let folded = context.addWeight(foldedFrom: entry.operands[1], weights)
    let result = try context.insert(op, [x, folded] + entry.operands.dropFirst(2), before: node)
    guard let made = context.graph.producer(of: result) else { preconditionFailure("a node was inserted") }
    return made
  }

  /// Lets readers of the product read the convolution.
  func finish(_ convolution: NodeID, _ context: inout PassContext) throws(Diagnostic) {
    var y = context.graph.result(convolution)
    if rows > 1 {
      y = try reshape(y, [outputs, rows], &context)
      y = try context.insert(.transpose(Transpose([1, 0])), [y], before: node)
    }
    try context.rewrite(
      node, as: .reshape(Reshape(shape.extents)), [y],
      "computed \(context.graph.describe(node)) as a convolution, which the target has")
  }

  private func reshape(_ x: ValueID, _ extents: [Int], _ context: inout PassContext) throws(Diagnostic)
    -> ValueID
  {
    try context.insert(.reshape(Reshape(extents)), [x], before: node)
  }
}

extension Tensor {
  /// A matrix with its axes swapped.
  fileprivate var swappedAxes: Tensor? { try? Op.transpose(Transpose([1, 0])).evaluate([self])[0] }
}
