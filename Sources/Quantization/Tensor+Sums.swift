import Foundation
import Tensors

/// Σ weight · (a − b)², where b may be 0 and weights may be 1.
func weightedPower(_ a: Tensor, _ b: Tensor?, _ weights: Tensor?) -> Double {
  a.withFloats { a in
    guard let b else {
      guard let weights else { return a.reduce(0.0) { $0 + Double($1) * Double($1) } }
      return weights.withFloats { weights in
        a.indices.reduce(0.0) { $0 + Double(weights[$1]) * Double(a[$1]) * Double(a[$1]) }
      }
    }
    return b.withFloats { b in
      func square(_ index: Int) -> Double {
        let difference = Double(a[index] - b[index])
        return difference * difference
      }
      guard let weights else { return a.indices.reduce(0.0) { $0 + square($1) } }
      return weights.withFloats { weights in
        a.indices.reduce(0.0) { $0 + Double(weights[$1]) * square($1) }
      }
    }
  }
}

/// `count` numbers below `total`, or all that there are, evenly spread.
func spread(_ count: Int, of total: Int) -> [Int] {
  count >= total ? Array(0..<total) : (0..<count).map { (2 * $0 + 1) * total / (2 * count) }
}

/// base to a power, for positive bases.
func power(_ base: Float, _ exponent: Float) -> Float { base > 0 ? exp(log(base) * exponent) : 0 }

extension Tensor {
  /// Two tensors of one shape, element by element, in fp32.
  func combined(_ other: Tensor, _ combine: (Float, Float) -> Float) -> Tensor {
    Tensor(element: .f32, shape: shape) { bytes in
      let target = bytes.bindMemory(to: Float.self)
      withFloats { a in
        other.withFloats { b in
          for index in target.indices { target[index] = combine(a[index], b[index]) }
        }
      }
    }
  }

  /// The transpose of a matrix.
  func transposed2D() -> Tensor {
    let (rows, columns, size) = (shape[0], shape[1], element.byteCount)
    return Tensor(element: element, shape: [columns, rows]) { target in
      withBytes { source in
        for row in 0..<rows {
          for column in 0..<columns {
            let (from, to) = ((row * columns + column) * size, (column * rows + row) * size)
            for byte in 0..<size { target[to + byte] = source[from + byte] }
          }
        }
      }
    }
  }
}
