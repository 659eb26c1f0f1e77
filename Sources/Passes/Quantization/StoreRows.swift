import IR
import Tensors

/// Stores the quantized constants that products read by columns so that those lie in rows, as kernels unpack them.
///
///     %b = dequantize @w, @s, @z {axis = 1}        ->      %b = dequantize @w.rows, @s, @z {axis = 0}
///     %y = matmul %a, %b                                   %y = matmul %a, %b {transpose_b}
///
/// Constants of two axes that products alone read, all of them untransposed.
package let storeRows = Pass(
  "store-rows", "Stores quantized constants so that products read them row by row."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    guard let rows = StoredRows(node, in: context.graph) else { continue }
    try rows.store(&context)
  }
}

private struct StoredRows {
  private let node: NodeID
  private let products: [(node: NodeID, op: MatMul)]
  private let op: Dequantize
  private let numbers: Tensor
  private let scale: Tensor
  private let zero: Tensor

  init?(_ id: NodeID, in graph: Graph) {
    let entry = graph[id]
    guard case .dequantize(let op) = entry.op, entry.isStoredSmall(in: graph),
      graph.shape(of: entry.operands[0]).rank == 2, !graph.isOutput(entry.results[0]),
      let scale = graph.constant(entry.operands[1]), let zero = graph.constant(entry.operands[2]),
      let numbers = graph.constant(entry.operands[0])
    else { return nil }
    var products: [(NodeID, MatMul)] = []
    for user in Set(graph.users(of: entry.results[0])).sorted() {
      guard case .matmul(let product) = graph[user].op, !product.transposeB,
        graph[user].operands[1] == entry.results[0], !graph[user].operands[2...].contains(entry.results[0]),
        graph[user].operands[0] != entry.results[0]
      else { return nil }
      products.append((user, product))
    }
    guard !products.isEmpty else { return nil }
    self.products = products
    self.op = op
    self.numbers = numbers
    self.scale = scale
    self.zero = zero
    node = id
  }

  func store(_ context: inout PassContext) throws(Diagnostic) {
    let graph = context.graph
    let entry = graph[node]
    var granularity = op.granularity
    granularity.axis = 1 - (numbers.shape.normalized(axis: granularity.axis) ?? 0)
    let rows = context.addWeight(foldedFrom: entry.operands[0], transposed(numbers))
    var operands = [rows] + entry.operands.dropFirst()
    if op.granularity.isBlocked(scale.shape) {
      operands[1] = context.addWeight(foldedFrom: operands[1], transposed(scale))
      operands[2] = context.addWeight(foldedFrom: operands[2], transposed(zero))
    }
    let columns = try context.insert(
      .dequantize(Dequantize(granularity, to: op.element)), operands, before: node)
    for (product, op) in products {
      var inputs = graph[product].operands
      inputs[1] = columns
      var rows = op
      rows.transposeB = true
      try context.rewrite(
        product, as: .matmul(rows), inputs, "stored what \(graph.describe(product)) reads by rows")
    }
  }

  private func transposed(_ tensor: Tensor) -> Tensor {
    (try? Op.transpose(Transpose([1, 0])).evaluate([tensor])[0]) ?? tensor
  }
}
