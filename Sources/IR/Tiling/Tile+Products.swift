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

extension MatMulInteger {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let (rows, columns) = (region[region.rank - 2], region[region.rank - 1])
    let inner = 0..<operands[0].shape[operands[0].rank - 1]
    let reads = [
      region.matrix([rows, inner], of: operands[0].shape),
      region.matrix([inner, columns], of: operands[1].shape),
      Region(operands[2].rank == 0 ? [] : [rows]),
    ]
    return Tile(.matmulInteger(self), reads: reads + operands.dropFirst(3).map { $0.channels(columns) })
  }
}

extension TensorType {
  /// What is read of a number for all channels, or of one for each.
  func channels(_ channels: Range<Int>) -> Region { Region(rank == 0 ? [] : [channels]) }
}

extension Region {
  /// The region of an operand of a product: batches as the result broadcasts them, then a matrix.
  func matrix(_ matrix: [Range<Int>], of operand: Shape) -> Region {
    let batch = Region(Array(ranges.dropLast(2))).broadcast(from: Shape(Array(operand.extents.dropLast(2))))
    return Region(batch.ranges + matrix)
  }
}
