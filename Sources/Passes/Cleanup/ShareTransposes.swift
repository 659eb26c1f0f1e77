import IR
import Tensors

/// Reads weights transposed where others hold their transposes, or parts of those, so that one of the two is stored: a
/// language model's classifier is often its table of embeddings, or the first rows of it.
///
///     %e = gather @table, %ids                     ->      %e = gather @table, %ids
///     %y = matmul %x, @head                                %y = matmul %x, @table {transpose_b = true}
///     %z = matmul %x, @first                               %z = matmul %x, @first.folded {transpose_b = true}
///
/// `first.folded` is then stored as the view of `table` that it is. All readers of a weight that is read otherwise must
/// be matmuls, which alone read an operand transposed.
package let shareTransposes = Pass(
  "share-transposes", "Reads weights transposed where others hold their transposes, or parts of those."
) {
  (context: inout PassContext) throws(Diagnostic) in
  let graph = context.graph
  let parts = weightParts(in: graph) { graph.isReadByMatMulAlone($0) }.filter(\.needsTranspose)
  var wholes: [ValueID: ValueID] = [:]
  for part in parts {
    guard let tensor = graph.constant(part.whole), let own = graph.constant(part.part) else { continue }
    let isAll = own.elementCount == tensor.elementCount
    var whole = wholes[part.whole] ?? part.whole
    if part.isWholeTransposed, wholes[part.whole] == nil {
      let reading = MatrixReading(tensor, isTransposed: true)
      whole =
        isAll && !part.isPartTransposed
        ? part.part : context.addWeight(foldedFrom: part.whole, reading.contents)
      wholes[part.whole] = whole
      try readTransposed(part.whole, as: whole, &context)
    }
    guard part.isPartTransposed, let contents = context.graph.constant(whole) else { continue }
    if isAll {
      try readTransposed(part.part, as: whole, &context)
    } else {
      let view = Tensor(
        element: own.element, shape: own.shape.swappingLast, storage: contents.storage,
        byteOffset: contents.byteOffset + part.position * own.element.byteCount)
      try readTransposed(part.part, as: context.addWeight(foldedFrom: part.part, view), &context)
    }
  }
}

extension Graph {
  fileprivate func isReadByMatMulAlone(_ weight: ValueID) -> Bool {
    !isOutput(weight)
      && users(of: weight).allSatisfy { user in
        if case .matmul = self[user].op { return !self[user].operands.dropFirst(2).contains(weight) }
        return false
      }
  }
}

/// Lets all readers of a weight, which are matmuls, read another one that is its transpose.
private func readTransposed(
  _ weight: ValueID, as other: ValueID, _ context: inout PassContext
) throws(Diagnostic) {
  for reader in Set(context.graph.users(of: weight)).sorted() {
    let graph = context.graph
    guard case .matmul(var op) = graph[reader].op else { continue }
    var operands = graph[reader].operands
    for index in 0..<2 where operands[index] == weight {
      operands[index] = other
      if index == 0 { op.transposeA.toggle() } else { op.transposeB.toggle() }
    }
    try context.rewrite(
      reader, as: .matmul(op), operands, named: reader,
      "let \(graph.describe(reader)) read '\(graph[other].name)' transposed in place of '\(graph[weight].name)'"
    )
  }
}
