import Tensors

/// Reduces over some axes.
///
/// `axes` are counted from the front and sorted; none reduces nothing. With `keep` reduced extents stay as 1. Floats are computed in fp32 (sums pairwise or
/// in float64), i32 and i64 in int64 for sum, mean, prod, max and min. An empty reduction gives the identity.
package struct Reduce: OpDefinition {
  package enum Kind: String, CaseIterable, Hashable, Sendable {
    case sum, mean, max, min, prod, l1, l2
    case sumSquare = "sum_square"
    case logSum = "log_sum"
    case logSumExp = "log_sum_exp"
  }
  package var kind = Kind.sum
  package var axes: [Int] = []
  package var keep = true

  package init(_ kind: Kind = .sum, axes: [Int] = [], keep: Bool = true) {
    self.kind = kind
    self.axes = axes
    self.keep = keep
  }

  package var name: String { "reduce" }
  package var `default`: Reduce { Reduce() }
  package var attributes: [Attribute<Reduce>] { [.word("kind", \.kind), .ints("axes", \.axes), .flag("keep", \.keep)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let type = operands[0]
    switch (type.element, kind) {
    case (.f32, _), (.f16, _), (.bf16, _): break
    case (.i32, .sum), (.i32, .mean), (.i32, .max), (.i32, .min), (.i32, .prod): break
    case (.i64, .sum), (.i64, .mean), (.i64, .max), (.i64, .min), (.i64, .prod): break
    default: throw OpError("'\(kind.rawValue)' of \(type) is not defined", advice: "cast the operand to f32 or i32 first")
    }
    guard axes == Array(Set(axes)).sorted(), axes.allSatisfy({ type.shape.indices.contains($0) }) else {
      throw OpError("axes \(axes) of \(type.shape) must be distinct, sorted and not negative")
    }
    let shape = type.shape.indices.compactMap { axis in
      axes.contains(axis) ? (keep ? 1 : nil) : type.shape[axis]
    }
    return [type.with(Shape(shape))]
  }
}

/// Index of the largest (or smallest) element along an axis, as i64. Of equal ones the first wins, or the last with `last`.
package struct ArgReduce: OpDefinition {
  package enum Kind: String, Hashable, Sendable { case max, min }
  package var kind = Kind.max
  package var axis = 0
  package var keep = true
  package var last = false

  package init(_ kind: Kind = .max, axis: Int = 0, keep: Bool = true, last: Bool = false) {
    self.kind = kind
    self.axis = axis
    self.keep = keep
    self.last = last
  }

  package var name: String { "arg_reduce" }
  package var `default`: ArgReduce { ArgReduce() }
  package var attributes: [Attribute<ArgReduce>] {
    [.word("kind", \.kind), .int("axis", \.axis), .flag("keep", \.keep), .flag("last", \.last)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let shape = operands[0].shape
    let axis = try resolve(axis: axis, in: shape)
    guard shape[axis] >= 1 else { throw OpError("axis \(axis) of \(shape) is empty") }
    var extents = shape.extents
    if keep { extents[axis] = 1 } else { extents.remove(at: axis) }
    return [TensorType(.i64, Shape(extents))]
  }
}

/// Sum of all elements up to each position along an axis; f32, f16, bf16, i32 or i64.
package struct CumSum: OpDefinition {
  package var axis = 0
  /// Leaves out the element itself.
  package var exclusive = false
  /// Sums from the end.
  package var reverse = false

  package init(axis: Int = 0, exclusive: Bool = false, reverse: Bool = false) {
    self.axis = axis
    self.exclusive = exclusive
    self.reverse = reverse
  }

  package var name: String { "cumsum" }
  package var `default`: CumSum { CumSum() }
  package var attributes: [Attribute<CumSum>] {
    [.int("axis", \.axis), .flag("exclusive", \.exclusive), .flag("reverse", \.reverse)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let type = operands[0]
    guard type.element.isFloat || type.element == .i32 || type.element == .i64 else {
      throw OpError("operand is \(type), expected a float, i32 or i64")
    }
    _ = try resolve(axis: axis, in: type.shape)
    return [type.with(type.shape)]
  }
}
