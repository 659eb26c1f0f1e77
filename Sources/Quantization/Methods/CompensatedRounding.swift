import COpenBLAS
import Tensors

/// Rounds weights one after the other, letting those that follow make up for the error: GPTQ (Frantar et al., "GPTQ: Accurate
/// Post-Training Quantization for Generative Pre-trained Transformers", 2022).
///
/// The error of a row w of weights on inputs x is (w − ŵ) H (w − ŵ)ᵀ, where H is the second moment of the centered inputs; a
/// constant error is what correcting the bias is for. With U the upper Cholesky factor of H⁻¹, an error e in weight i is spread
/// over the later ones by e · U[i, j] / U[i, i]. Weights come in the order of H's diagonal, the largest first.
package struct CompensatedRounding {
  /// Largest length of rows: the matrices take memory by its square and time by its cube.
  static let limit = 4608
  private static let block = 128

  private let order: [Int]
  /// Upper factor of the inverse in `order`, row-major.
  private let factor: [Float]
  private let length: Int

  /// Nil where there is nothing to learn from the rows, or their second moment can't be inverted.
  package init?(rows: [Float], length: Int) {
    guard length > 1, length <= Self.limit, rows.count >= 2 * length else { return nil }
    let moment = Self.secondMoment(rows, length)
    let diagonal = (0..<length).map { moment[$0 * length + $0] }
    let mean = diagonal.reduce(0, +) / Float(length)
    guard mean.isFinite, mean > 0 else { return nil }
    let order = diagonal.indices.sorted { (diagonal[$0], $1) > (diagonal[$1], $0) }
    // With few rows the matrix is singular: more of the identity is added until it can be inverted.
    for damping in [Float(0.01), 0.03, 0.1, 0.3, 1] {
      var matrix = [Float](repeating: 0, count: length * length)
      for (row, from) in order.enumerated() {
        for (column, source) in order.enumerated() {
          matrix[row * length + column] = moment[from * length + source]
        }
        matrix[row * length + row] += damping * mean
      }
      guard openblas_inverse_factor(Int32(length), &matrix) else { continue }
      guard matrix.allSatisfy(\.isFinite) else { continue }
      self.order = order
      self.length = length
      factor = matrix
      return
    }
    return nil
  }

  /// Rounds rows of weights to integers from −127 to 127 in steps of their scales.
  package func round(
    _ weights: UnsafeBufferPointer<Float>, scales: [Float], into result: UnsafeMutableBufferPointer<Int8>
  ) {
    let rows = scales.count
    // Weight by weight, all rows side by side, as every row takes the same part of the error.
    var columns = [Float](repeating: 0, count: length * rows)
    for (position, source) in order.enumerated() {
      for row in 0..<rows { columns[position * rows + row] = weights[row * length + source] }
    }
    var errors = [Float](repeating: 0, count: Self.block * rows)
    for start in stride(from: 0, to: length, by: Self.block) {
      let end = min(start + Self.block, length)
      for position in start..<end {
        let pivot = factor[position * length + position]
        let base = position * rows
        for row in 0..<rows {
          let value = columns[base + row]
          let q = min(max((value / scales[row]).rounded(.toNearestOrEven), -127), 127)
          result[row * length + order[position]] = Int8(q)
          errors[(position - start) * rows + row] = (value - q * scales[row]) / pivot
        }
        columns.withUnsafeMutableBufferPointer { columns in
          errors.withUnsafeBufferPointer { errors in
            for later in (position + 1)..<max(end, position + 1) {
              let share = factor[position * length + later]
              let (target, source) = (later * rows, (position - start) * rows)
              for row in 0..<rows { columns[target + row] -= share * errors[source + row] }
            }
          }
        }
      }
      spread(errors, from: start..<end, over: &columns, rows)
    }
  }

  /// Takes the errors of a block from all weights behind it.
  private func spread(_ errors: [Float], from block: Range<Int>, over columns: inout [Float], _ rows: Int) {
    let left = length - block.upperBound
    guard left > 0 else { return }
    var change = [Float](repeating: 0, count: left * rows)
    factor.withUnsafeBufferPointer { factor in
      let part = factor.baseAddress! + block.lowerBound * length + block.upperBound
      _ = openblas_multiply(
        true, false, Int32(left), Int32(rows), Int32(block.count), part, Int32(length), errors, Int32(rows),
        &change, Int32(rows))
    }
    let base = block.upperBound * rows
    for index in change.indices { columns[base + index] -= change[index] }
  }

  /// The mean of the products of any two columns less their means.
  private static func secondMoment(_ rows: [Float], _ length: Int) -> [Float] {
    let count = rows.count / length
    var means = [Double](repeating: 0, count: length)
    for (index, value) in rows.enumerated() { means[index % length] += Double(value) }
    let mean = means.map { Float($0 / Double(count)) }
    var centered = rows
    for index in centered.indices { centered[index] -= mean[index % length] }
    var moment = [Float](repeating: 0, count: length * length)
    _ = openblas_multiply(
      true, false, Int32(length), Int32(length), Int32(count), centered, Int32(length), centered,
      Int32(length),
      &moment, Int32(length))
    for index in moment.indices { moment[index] /= Float(count) }
    return moment
  }
}
