package import Tensors

/// Writes slices into a copy of x by index: y = x, then y[indices[i]] = updates[i] for every i in order.
///
/// indices: i32 or i64 of any shape, along the first axis of x; negative ones count from the end; one outside
/// the axis is an error when the op runs. updates: x's element type and the shape indices.shape +
/// x.shape[1..]. `reduction` combines an update with what stands there instead of replacing it, for any
/// element type but bool: sums and products round to the element type (integers wrap) after every update; NaN
/// wins `max` and `min`. Of updates to one place, the last wins or all take part, in order.
package struct Scatter: OpDefinition {
  package enum Reduction: String, CaseIterable, Hashable, Sendable { case none, add, mul, min, max }
  package var reduction = Reduction.none
  package init(_ reduction: Reduction = .none) { self.reduction = reduction }

  package var name: String { "scatter" }
  package var `default`: Scatter { Scatter() }
  package var attributes: [Attribute<Scatter>] { [.word("reduction", \.reduction)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(3...3)
    let (x, indices, updates) = (operands[0], operands[1], operands[2])
    guard indices.element == .i32 || indices.element == .i64 else {
      throw OpError("indices are \(indices), expected i32 or i64")
    }
    guard x.rank >= 1 else { throw OpError("the first operand is a scalar, expected rank 1 or more") }
    let expected = x.with(Shape(indices.shape.extents + x.shape.extents.dropFirst()))
    guard updates.element == x.element, updates.shape == expected.shape else {
      throw OpError("updates are \(updates), expected \(expected)")
    }
    guard reduction == .none || x.element != .bool else {
      throw OpError(
        "'\(reduction.rawValue)' of \(x) is not defined", advice: "cast the operands to i32 first")
    }
    return [x.with(x.shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, updates) = (operands[0], operands[2])
    let extent = x.shape[0]
    var rows: [Int] = []
    for index in operands[1].integers {
      guard index >= -extent, index < extent else {
        throw OpError(
          "index \(index) lies outside axis 0 of \(x.shape), expected \(-extent) to \(extent - 1)")
      }
      rows.append(Int(index < 0 ? index + Int64(extent) : index))
    }
    if x.element.isFloat {
      let values = scattered(x.floats, rows, updates.floats) { rounded(combined($0, $1), to: x.element) }
      return [Tensor(values, shape: x.shape, element: x.element)]
    }
    let values = scattered(x.integers, rows, updates.integers, combined)
    return [Tensor(values, shape: x.shape, element: x.element)]
  }

  private func scattered<Scalar>(
    _ values: [Scalar], _ rows: [Int], _ updates: [Scalar], _ combine: (Scalar, Scalar) -> Scalar
  ) -> [Scalar] {
    var result = values
    let inner = rows.isEmpty ? 0 : updates.count / rows.count
    for (position, row) in rows.enumerated() {
      for column in 0..<inner {
        let target = row * inner + column
        result[target] = combine(result[target], updates[position * inner + column])
      }
    }
    return result
  }

  private func combined(_ old: Float, _ new: Float) -> Float {
    switch reduction {
    case .none: new
    case .add: old + new
    case .mul: old * new
    case .min: old.isNaN || old <= new ? old : new
    case .max: old.isNaN || old >= new ? old : new
    }
  }

  private func combined(_ old: Int64, _ new: Int64) -> Int64 {
    switch reduction {
    case .none: new
    case .add: old &+ new
    case .mul: old &* new
    case .min: Swift.min(old, new)
    case .max: Swift.max(old, new)
    }
  }
}

/// The nearest value that a float element type can hold.
func rounded(_ value: Float, to element: ElementType) -> Float {
  switch element {
  case .f16: Float(Float16(value))
  case .bf16: Float(bitPattern: UInt32(bfloat16Bits(value)) << 16)
  default: value
  }
}
