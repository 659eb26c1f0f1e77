package import Tensors

/// The k largest (or smallest) elements along an axis, best first, and their positions on it.
///
/// x: any element type but bool. Results: the values, of x's type, and the positions, i64, both of x's shape
/// with k elements along `axis`. Of equal elements the one at the lower position comes first. NaN counts as
/// larger than every number.
package struct TopK: OpDefinition {
  package var k = 1
  package var axis = -1
  package var largest = true

  package init(_ k: Int = 1, axis: Int = -1, largest: Bool = true) {
    self.k = k
    self.axis = axis
    self.largest = largest
  }

  package var name: String { "top_k" }
  package var `default`: TopK { TopK() }
  package var attributes: [Attribute<TopK>] {
    [.int("k", \.k), .int("axis", \.axis), .flag("largest", \.largest)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let x = operands[0]
    guard x.element != .bool else { throw OpError("operand is \(x), expected numbers") }
    let axis = try resolve(axis: axis, in: x.shape)
    guard (0...x.shape[axis]).contains(k) else {
      throw OpError("k is \(k), expected 0 to \(x.shape[axis]), the extent of axis \(axis) of \(x.shape)")
    }
    var shape = x.shape
    shape[axis] = k
    return [x.with(shape), TensorType(.i64, shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, shape) = (operands[0], results[0].shape)
    let axis = try resolve(axis: axis, in: x.shape)
    let inner = x.shape.extents[(axis + 1)...].reduce(1, *)
    if x.element.isFloat {
      let (values, positions) = chosen(
        x.floats, extent: x.shape[axis], inner: inner, count: shape.elementCount)
      return [
        Tensor(values, shape: shape, element: x.element), Tensor(positions, shape: shape),
      ]
    }
    let (values, positions) = chosen(
      x.integers, extent: x.shape[axis], inner: inner, count: shape.elementCount)
    return [Tensor(values, shape: shape, element: x.element), Tensor(positions, shape: shape)]
  }

  private func chosen<Scalar: Comparable & ExpressibleByIntegerLiteral>(
    _ x: [Scalar], extent: Int, inner: Int, count: Int
  ) -> (values: [Scalar], positions: [Int64]) {
    var values = [Scalar](repeating: 0, count: count)
    var positions = [Int64](repeating: 0, count: count)
    for line in 0..<(count / Swift.max(k, 1)) {
      let (outer, column) = (line / inner, line % inner)
      let element = { (position: Int) in x[(outer * extent + position) * inner + column] }
      let order = (0..<extent).sorted { left, right in
        let (a, b) = (element(left), element(right))
        return precedes(a, b) || (!precedes(b, a) && left < right)
      }
      for (rank, position) in order.prefix(k).enumerated() {
        let target = (outer * k + rank) * inner + column
        values[target] = element(position)
        positions[target] = Int64(position)
      }
    }
    return (values, positions)
  }

  private func precedes<Scalar: Comparable>(_ a: Scalar, _ b: Scalar) -> Bool {
    // Only NaN differs from itself.
    if a != a || b != b { return largest ? a != a && b == b : a == a && b != b }
    return largest ? a > b : a < b
  }
}
