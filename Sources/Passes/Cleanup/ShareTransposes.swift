package import IR
import Tensors

/// Reads a weight transposed where another one is its transpose, so that one of the two is stored: a language
/// model's classifier is often its table of embeddings.
///
///     %e = gather @table, %ids                     ->      %e = gather @table, %ids
///     %y = matmul %x, @head                                %y = matmul %x, @table {transpose_b = true}
///
/// All readers of the weight that goes must be matmuls, which alone read an operand transposed.
package let shareTransposes = Pass(
  "share-transposes", "Reads one weight in place of another that is its transpose."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for pair in transposedWeights(in: context.graph) {
    let graph = context.graph
    for (goes, stays) in [(pair.second, pair.first), (pair.first, pair.second)]
    where graph.isReadByMatMulAlone(goes) && !graph.isUnread(stays) {
      for reader in Set(graph.users(of: goes)).sorted() { try read(stays, for: goes, by: reader, &context) }
      break
    }
  }
}

/// Pairs of weights with contents of which one is the other's transpose in the last two axes; each weight is in
/// one pair at most, and the first comes first in the graph.
package func transposedWeights(in graph: Graph) -> [(first: ValueID, second: ValueID)] {
  var pairs: [(first: ValueID, second: ValueID)] = []
  var waiting: [Corner: [ValueID]] = [:]
  for weight in graph.weights {
    guard let tensor = graph.constant(weight), tensor.shape.rank >= 2, tensor.elementCount > 1 else {
      continue
    }
    let transposed = Corner(tensor, transposed: true)
    let twin = waiting[transposed]?.first { candidate in
      graph.constant(candidate).map { tensor.isTranspose(of: $0) } ?? false
    }
    tensor.evict()
    if let twin {
      waiting[transposed]?.removeAll { $0 == twin }
      pairs.append((twin, weight))
    } else {
      waiting[Corner(tensor, transposed: false), default: []].append(weight)
    }
  }
  return pairs
}

/// What a weight and the transpose of its transpose have in common: type, and some elements from the edges of its
/// first matrix. Only weights that agree in it are compared.
private struct Corner: Hashable {
  private static let size = 16
  private let type: TensorType
  private let row: [UInt64]
  private let column: [UInt64]

  init(_ tensor: Tensor, transposed: Bool) {
    let matrix = MatrixView(tensor)
    let row = (0..<min(Self.size, matrix.columns)).map { matrix.bits(0, 0, $0) }
    let column = (0..<min(Self.size, matrix.rows)).map { matrix.bits(0, $0, 0) }
    (self.row, self.column) = transposed ? (column, row) : (row, column)
    type = TensorType(tensor.element, transposed ? tensor.shape.swappingLast : tensor.shape)
  }
}

/// A tensor as matrices in its last two axes.
private struct MatrixView {
  let tensor: Tensor
  let rows: Int
  let columns: Int
  var count: Int { tensor.elementCount / max(1, rows * columns) }

  init(_ tensor: Tensor) {
    self.tensor = tensor
    (rows, columns) = (tensor.shape[tensor.shape.rank - 2], tensor.shape[tensor.shape.rank - 1])
  }

  func bits(_ matrix: Int, _ row: Int, _ column: Int) -> UInt64 {
    let (index, width) = ((matrix * rows + row) * columns + column, tensor.element.byteCount)
    return tensor.withBytes { bytes in
      bytes[(index * width)..<((index + 1) * width)].reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}

extension Shape {
  fileprivate var swappingLast: Shape {
    var extents = self.extents
    extents.swapAt(rank - 1, rank - 2)
    return Shape(extents)
  }
}

extension Tensor {
  fileprivate func isTranspose(of other: Tensor) -> Bool {
    guard element == other.element, shape == other.shape.swappingLast else { return false }
    switch element.byteCount {
    case 1: return isTranspose(of: other, as: UInt8.self)
    case 2: return isTranspose(of: other, as: UInt16.self)
    case 4: return isTranspose(of: other, as: UInt32.self)
    default: return isTranspose(of: other, as: UInt64.self)
    }
  }

  /// Compares in blocks, of which both sides stay in the cache.
  private func isTranspose<Bits: FixedWidthInteger>(of other: Tensor, as _: Bits.Type) -> Bool {
    let (view, block, width) = (MatrixView(self), 64, MemoryLayout<Bits>.size)
    return withBytes { a in
      other.withBytes { b in
        for matrix in 0..<view.count {
          let base = matrix * view.rows * view.columns
          for top in stride(from: 0, to: view.rows, by: block) {
            for left in stride(from: 0, to: view.columns, by: block) {
              for row in top..<min(top + block, view.rows) {
                for column in left..<min(left + block, view.columns) {
                  let mine = a.loadUnaligned(
                    fromByteOffset: (base + row * view.columns + column) * width, as: Bits.self)
                  let theirs = b.loadUnaligned(
                    fromByteOffset: (base + column * view.rows + row) * width, as: Bits.self)
                  if mine != theirs { return false }
                }
              }
            }
          }
        }
        return true
      }
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

private func read(
  _ stays: ValueID, for goes: ValueID, by reader: NodeID, _ context: inout PassContext
) throws(Diagnostic) {
  let graph = context.graph
  guard case .matmul(var op) = graph[reader].op else { return }
  var operands = graph[reader].operands
  for index in 0..<2 where operands[index] == goes {
    operands[index] = stays
    if index == 0 { op.transposeA.toggle() } else { op.transposeB.toggle() }
  }
  try context.rewrite(
    reader, as: .matmul(op), operands, named: reader,
    "let \(graph.describe(reader)) read '\(graph[stays].name)' transposed in place of '\(graph[goes].name)'")
}
