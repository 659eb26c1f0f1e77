package import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reduces over some axes.
///
/// `axes` are counted from the front and sorted; none reduces nothing. With `keep` reduced extents stay as 1. Floats are computed in fp32 (sums pairwise or
/// in float64), i32 and i64 in int64 for sum, mean, prod, max and min; the mean of integers truncates. NaN
/// wins max and min. An empty reduction gives the identity (max: −∞ or the least integer); the mean of no
/// floats is NaN, of no integers 0.
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
  package var attributes: [Attribute<Reduce>] {
    [.word("kind", \.kind), .ints("axes", \.axes), .flag("keep", \.keep)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let type = operands[0]
    switch (type.element, kind) {
    case (.f32, _), (.f16, _), (.bf16, _): break
    case (.i32, .sum), (.i32, .mean), (.i32, .max), (.i32, .min), (.i32, .prod): break
    case (.i64, .sum), (.i64, .mean), (.i64, .max), (.i64, .min), (.i64, .prod): break
    default:
      throw OpError(
        "'\(kind.rawValue)' of \(type) is not defined", advice: "cast the operand to f32 or i32 first")
    }
    guard axes == Array(Set(axes)).sorted(), axes.allSatisfy({ type.shape.indices.contains($0) }) else {
      throw OpError("axes \(axes) of \(type.shape) must be distinct, sorted and not negative")
    }
    let shape = type.shape.indices.compactMap { axis in
      axes.contains(axis) ? (keep ? 1 : nil) : type.shape[axis]
    }
    return [type.with(Shape(shape))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, type) = (operands[0], results[0])
    let length = axes.reduce(1) { $0 * x.shape[$1] }
    let moved = x.movingLast(axes)
    if x.element.isFloat {
      let values = reducingRows(moved.floats, rows: type.shape.elementCount, length: length, reduced)
      return [Tensor(values, shape: type.shape, element: type.element)]
    }
    let range = type.element.integerRange ?? Int64.min...Int64.max
    let values = reducingRows(moved.integers, rows: type.shape.elementCount, length: length) {
      reduced($0, within: range)
    }
    return [Tensor(values, shape: type.shape, element: type.element)]
  }

  private func reduced(_ row: UnsafeBufferPointer<Float>) -> Float {
    switch kind {
    case .sum: Float(sum(row) { $0 })
    case .mean: Float(sum(row) { $0 } / Double(row.count))
    case .max: row.reduce(-.infinity) { $0 > $1 || $0.isNaN ? $0 : $1 }
    case .min: row.reduce(.infinity) { $0 < $1 || $0.isNaN ? $0 : $1 }
    case .prod: Float(row.reduce(1.0) { $0 * Double($1) })
    case .l1: Float(sum(row) { $0.magnitude })
    case .l2: Float(sum(row) { $0 * $0 }.squareRoot())
    case .sumSquare: Float(sum(row) { $0 * $0 })
    case .logSum: Float(log(sum(row) { $0 }))
    case .logSumExp: logSumExp(row)
    }
  }

  private func reduced(_ row: UnsafeBufferPointer<Int64>, within range: ClosedRange<Int64>) -> Int64 {
    switch kind {
    case .max: row.max() ?? range.lowerBound
    case .min: row.min() ?? range.upperBound
    case .prod: row.reduce(1, &*)
    case .mean: row.isEmpty ? 0 : row.reduce(0, &+) / Int64(row.count)
    default: row.reduce(0, &+)
    }
  }
}

/// Index of the largest (or smallest) element along an axis, as i64. Of equal ones the first wins, or the
/// last with `last`. A NaN wins against numbers, the first of several against the others.
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

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, shape) = (operands[0], results[0].shape)
    let axis = try resolve(axis: axis, in: x.shape)
    let moved = x.movingLast([axis])
    let (rows, length) = (shape.elementCount, x.shape[axis])
    let positions =
      x.element.isFloat
      ? winners(moved.floats, rows: rows, length: length)
      : winners(moved.integers, rows: rows, length: length)
    return [Tensor(positions, shape: shape)]
  }

  /// For each row, where the element stands that wins against all others.
  private func winners<Scalar: Comparable>(_ values: [Scalar], rows: Int, length: Int) -> [Int64] {
    (0..<rows).map { row in
      let start = row * length
      var best = 0
      for position in 1..<max(length, 1) where wins(values[start + position], values[start + best]) {
        best = position
      }
      return Int64(best)
    }
  }

  private func wins<Scalar: Comparable>(_ candidate: Scalar, _ best: Scalar) -> Bool {
    // Only NaN differs from itself.
    if best != best { return false }
    if candidate != candidate || candidate == best { return candidate != candidate || last }
    return kind == .max ? candidate > best : candidate < best
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

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let axis = try resolve(axis: axis, in: x.shape)
    let inner = x.shape.extents[(axis + 1)...].reduce(1, *)
    if x.element.isFloat {
      let values = x.floats
      let sums = accumulated(values.map { Double($0) }, extent: x.shape[axis], inner: inner, +)
      return [Tensor(sums.map { Float($0) }, shape: x.shape, element: x.element)]
    }
    return [
      Tensor(
        accumulated(x.integers, extent: x.shape[axis], inner: inner, &+), shape: x.shape, element: x.element)
    ]
  }

  private func accumulated<Scalar: ExpressibleByIntegerLiteral>(
    _ values: [Scalar], extent: Int, inner: Int, _ add: (Scalar, Scalar) -> Scalar
  ) -> [Scalar] {
    var sums = values
    for start in 0..<(values.count / max(extent, 1)) {
      let first = start / inner * extent * inner + start % inner
      var sum: Scalar = 0
      for step in 0..<extent {
        let position = first + (reverse ? extent - 1 - step : step) * inner
        if exclusive { sums[position] = sum }
        sum = add(sum, values[position])
        if !exclusive { sums[position] = sum }
      }
    }
    return sums
  }
}

private func sum(_ row: UnsafeBufferPointer<Float>, _ term: (Double) -> Double) -> Double {
  var sum = 0.0
  for value in row { sum += term(Double(value)) }
  return sum
}

/// log Σ exp(x), taken relative to the largest element so that nothing overflows.
private func logSumExp(_ row: UnsafeBufferPointer<Float>) -> Float {
  let peak = row.reduce(-.infinity) { $0 > $1 || $0.isNaN ? $0 : $1 }
  guard peak.isFinite else { return peak }
  return Float(Double(peak) + log(sum(row) { exp($0 - Double(peak)) }))
}
