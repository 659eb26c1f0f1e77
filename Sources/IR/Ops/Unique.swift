package import Tensors

/// The different rows of a matrix.
///
/// x: [n, m] of any element type. Results, all i64: for each different row the position of its first
/// occurrence, [n]; for each row of x the number of the different row that it is, [n]; how often each different
/// row occurs, [n]; how many different rows there are, []. The first and the third hold zeros beyond that.
/// Different rows stand in ascending order of their contents, the first column deciding first, or if not
/// `sorted` in the order of their first occurrence. NaN equals NaN and is larger than every number; −0 equals 0.
package struct Unique: OpDefinition {
  package var sorted = true
  package init(sorted: Bool = true) { self.sorted = sorted }

  package var name: String { "unique" }
  package var `default`: Unique { Unique() }
  package var attributes: [Attribute<Unique>] { [.flag("sorted", \.sorted)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let x = operands[0]
    guard x.rank == 2 else {
      throw OpError("operand is \(x), expected a matrix of rows", advice: "reshape it first")
    }
    let rows = TensorType(.i64, [x.shape[0]])
    return [rows, rows, rows, TensorType(.i64, [])]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, count) = (operands[0], operands[0].shape[0])
    var groups = x.element.isFloat ? equalRows(x.floats, x.shape) : equalRows(x.integers, x.shape)
    if !sorted { groups.sort { $0[0] < $1[0] } }
    var inverse = [Int64](repeating: 0, count: count)
    for (number, group) in groups.enumerated() {
      for row in group { inverse[row] = Int64(number) }
    }
    return [
      Tensor(padded(groups.map { $0[0] }, to: count), shape: [count]), Tensor(inverse, shape: [count]),
      Tensor(padded(groups.map(\.count), to: count), shape: [count]),
      Tensor([Int64(groups.count)], shape: []),
    ]
  }

  /// The numbers of equal rows, ascending within each group, groups in the order of their contents.
  private func equalRows<Scalar: Comparable>(_ x: [Scalar], _ shape: Shape) -> [[Int]] {
    let width = shape[1]
    func precedes(_ a: Int, _ b: Int) -> Bool {
      let pairs = zip(x[(a * width)..<((a + 1) * width)], x[(b * width)..<((b + 1) * width)])
      return pairs.first { isLess($0, $1) || isLess($1, $0) }.map(isLess) ?? false
    }
    let order = (0..<shape[0]).sorted { precedes($0, $1) || (!precedes($1, $0) && $0 < $1) }
    var groups: [[Int]] = []
    for row in order {
      if let first = groups.last?[0], !precedes(first, row) {
        groups[groups.count - 1].append(row)
      } else {
        groups.append([row])
      }
    }
    return groups
  }

  private func isLess<Scalar: Comparable>(_ a: Scalar, _ b: Scalar) -> Bool {
    // Only NaN differs from itself.
    a < b || (a == a && b != b)
  }
}
