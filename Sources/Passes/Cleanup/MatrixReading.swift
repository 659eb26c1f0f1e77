import IR
import Tensors

/// The elements of a weight in one order: as they are stored, or with the last two axes exchanged.
struct MatrixReading {
  let tensor: Tensor
  let isTransposed: Bool
  private let rows: Int
  private let columns: Int

  /// The weight has at least two axes.
  init(_ tensor: Tensor, isTransposed: Bool) {
    self.tensor = tensor
    self.isTransposed = isTransposed
    (rows, columns) = (tensor.shape[tensor.shape.rank - 2], tensor.shape[tensor.shape.rank - 1])
  }

  var count: Int { tensor.elementCount }
  var shape: Shape { isTransposed ? tensor.shape.swappingLast : tensor.shape }
  /// Elements from one row to the next.
  var rowLength: Int { isTransposed ? rows : columns }

  /// Where elements that follow one another in this order begin in the tensor, and how far apart they lie there: of
  /// the row at `index`, which begins with a row of the reading if that is transposed.
  private func row(at index: Int) -> (base: Int, step: Int) {
    guard isTransposed else { return (index, 1) }
    let (matrix, column) = (index / rows).quotientAndRemainder(dividingBy: columns)
    return (matrix * rows * columns + column, columns)
  }

  /// The bits of an element.
  func bits(at index: Int) -> UInt64 {
    guard isTransposed else { return tensor.bits(index) }
    let (base, step) = row(at: index - index % rows)
    return tensor.bits(base + index % rows * step)
  }

  /// Whether the elements of `part` follow one another here from `index` on, where a row begins.
  func holds(_ part: MatrixReading, at index: Int) -> Bool {
    guard part.tensor.element == tensor.element, index + part.count <= count else { return false }
    // Both are walked by rows of one length.
    let length = isTransposed ? rowLength : part.rowLength
    guard part.count % length == 0, !part.isTransposed || part.rowLength == length else { return false }
    switch tensor.element.byteCount {
    case 1: return holds(part, at: index, length, as: UInt8.self)
    case 2: return holds(part, at: index, length, as: UInt16.self)
    case 4: return holds(part, at: index, length, as: UInt32.self)
    default: return holds(part, at: index, length, as: UInt64.self)
    }
  }

  /// Compares in blocks, of which both sides stay in the cache.
  private func holds<Bits: FixedWidthInteger>(
    _ part: MatrixReading, at start: Int, _ length: Int, as _: Bits.Type
  ) -> Bool {
    let (block, width) = (64, MemoryLayout<Bits>.size)
    return tensor.withBytes { mine in
      part.tensor.withBytes { theirs in
        for top in stride(from: 0, to: part.count, by: block * length) {
          for left in stride(from: 0, to: length, by: block) {
            for first in stride(from: top, to: min(top + block * length, part.count), by: length) {
              let (a, b) = (row(at: start + first), part.row(at: first))
              for offset in left..<min(left + block, length) {
                let x = mine.loadUnaligned(fromByteOffset: (a.base + offset * a.step) * width, as: Bits.self)
                let y = theirs.loadUnaligned(
                  fromByteOffset: (b.base + offset * b.step) * width, as: Bits.self)
                if x != y { return false }
              }
            }
          }
        }
        return true
      }
    }
  }

  /// The elements in this order as a tensor of their own.
  var contents: Tensor {
    guard isTransposed else { return tensor }
    let (block, width) = (64, tensor.element.byteCount)
    return Tensor(element: tensor.element, shape: shape) { target in
      tensor.withBytes { bytes in
        for top in stride(from: 0, to: count, by: block * rows) {
          for left in stride(from: 0, to: rows, by: block) {
            for first in stride(from: top, to: min(top + block * rows, count), by: rows) {
              let (base, step) = row(at: first)
              for offset in left..<min(left + block, rows) {
                let from = (base + offset * step) * width
                UnsafeMutableRawBufferPointer(rebasing: target[((first + offset) * width)...])
                  .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[from..<(from + width)]))
              }
            }
          }
        }
      }
    }
  }
}

extension Shape {
  /// With the last two extents exchanged.
  var swappingLast: Shape {
    var extents = self.extents
    extents.swapAt(rank - 1, rank - 2)
    return Shape(extents)
  }
}
