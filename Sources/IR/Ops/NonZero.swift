package import Tensors

/// The positions of the elements that are not 0, in ascending order.
///
/// x: a vector [n] of any element type; NaN is not 0. Results: the positions, i64[n], with zeros after the last
/// one, and how many there are, i64[].
package struct NonZero: OpDefinition {
  package init() {}

  package var name: String { "nonzero" }
  package var `default`: NonZero { NonZero() }
  package var attributes: [Attribute<NonZero>] { [] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let x = operands[0]
    guard x.rank == 1 else { throw OpError("operand is \(x), expected a vector", advice: "reshape it first") }
    return [TensorType(.i64, x.shape), TensorType(.i64, [])]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let isFound = x.element.isFloat ? x.floats.map { $0 != 0 } : x.integers.map { $0 != 0 }
    let positions = isFound.indices.filter { isFound[$0] }
    return [
      Tensor(padded(positions, to: isFound.count), shape: x.shape),
      Tensor([Int64(positions.count)], shape: []),
    ]
  }
}

/// The numbers as int64, followed by zeros.
func padded(_ numbers: [Int], to count: Int) -> [Int64] {
  numbers.map { Int64($0) } + [Int64](repeating: 0, count: count - numbers.count)
}
