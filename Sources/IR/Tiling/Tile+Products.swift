import Tensors

extension MatMul {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let (rows, columns) = (region[region.rank - 2], region[region.rank - 1])
    let inner = operands[0].shape[operands[0].rank - (transposeA ? 2 : 1)]
    var reads = [
      region.matrix(transposeA ? [0..<inner, rows] : [rows, 0..<inner], of: operands[0].shape),
      region.matrix(transposeB ? [columns, 0..<inner] : [0..<inner, columns], of: operands[1].shape),
    ]
    if operands.count == 3 { reads.append(Region(operands[2].rank == 1 ? [columns] : [rows, 0..<1])) }
    return Tile(.matmul(self), reads: reads)
  }
}

extension Region {
  /// The region of an operand of a product: batches as the result broadcasts them, then a matrix.
  func matrix(_ matrix: [Range<Int>], of operand: Shape) -> Region {
    let batch = Region(Array(ranges.dropLast(2))).broadcast(from: Shape(Array(operand.extents.dropLast(2))))
    return Region(batch.ranges + matrix)
  }
}
