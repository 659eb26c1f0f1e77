import IR
import Tensors

/// Core ops, one method each. Those that would change nothing return their operand.
extension ONNXNodeContext {
  func emit(_ op: Op, _ operands: [ONNXOperand]) throws(Finding) -> ONNXOperand {
    try emitAll(op, operands)[0]
  }

  /// An op of several results.
  func emitAll(_ op: Op, _ operands: [ONNXOperand]) throws(Finding) -> [ONNXOperand] {
    operands.contains { $0.unsignedBits != nil }
      ? try emitUnsigned(op, operands) : try emitSigned(op, operands)
  }

  /// The op as it stands, on elements that are what they look like.
  func emitSigned(_ op: Op, _ operands: [ONNXOperand]) throws(Finding) -> [ONNXOperand] {
    try emitChosen(op, operands)
  }

  func unary(_ function: UnaryFunction, _ x: ONNXOperand) throws(Finding) -> ONNXOperand {
    try emit(.unary(Unary(function)), [x])
  }

  func unary(_ function: UnaryFunction, _ x: ONNXOperand, _ p0: Double, _ p1: Double? = nil) throws(Finding)
    -> ONNXOperand
  {
    try emit(.unary(Unary(function, p0, p1)), [x])
  }

  func binary(_ function: BinaryFunction, _ a: ONNXOperand, _ b: ONNXOperand) throws(Finding) -> ONNXOperand {
    try emit(.binary(Binary(function)), [a, b])
  }

  func select(_ condition: ONNXOperand, _ a: ONNXOperand, _ b: ONNXOperand) throws(Finding) -> ONNXOperand {
    try emit(.select(Select()), [condition, a, b])
  }

  /// scale × x + offset; x itself for 1 and 0 of either sign.
  func affine(_ x: ONNXOperand, scale: Double = 1, offset: Double = -0.0) throws(Finding) -> ONNXOperand {
    scale == 1 && offset == 0 ? x : try unary(.affine, x, scale, offset)
  }

  func cast(_ x: ONNXOperand, _ element: ElementType) throws(Finding) -> ONNXOperand {
    x.element == element ? x : try emit(.cast(Cast(element)), [x])
  }

  /// Converts back to the type that another operand has.
  func cast(_ x: ONNXOperand, like other: ONNXOperand) throws(Finding) -> ONNXOperand {
    guard let bits = other.unsignedBits, x.unsignedBits != bits else { return try cast(x, other.element) }
    return try castToUnsigned(x, other.element, bits)
  }

  /// Converts to ONNX's type of this number.
  func cast(_ x: ONNXOperand, toType number: Int64) throws(Finding) -> ONNXOperand {
    guard let element = ONNXElementType.element(number) else {
      throw Finding(
        "converts to \(ONNXElementType.name(number))", expected: "a number type that is supported")
    }
    guard let bits = ONNXElementType.unsignedBits(number) else {
      return try cast(x, element).unsigned(nil).double(false)
    }
    return try castToUnsigned(x, element, bits)
  }

  func reshape(_ x: ONNXOperand, _ shape: [Int]) throws(Finding) -> ONNXOperand {
    x.shape.extents == shape ? x : try emit(.reshape(Reshape(shape)), [x])
  }

  func transpose(_ x: ONNXOperand, _ permutation: [Int]) throws(Finding) -> ONNXOperand {
    permutation == Array(0..<x.rank) ? x : try emit(.transpose(Transpose(permutation)), [x])
  }

  func expand(_ x: ONNXOperand, _ shape: [Int]) throws(Finding) -> ONNXOperand {
    x.shape.extents == shape ? x : try emit(.expand(Expand(shape)), [x])
  }

  /// Joined group by group where there are more operands than one op takes.
  func concat(_ operands: [ONNXOperand], axis: Int) throws(Finding) -> ONNXOperand {
    let limit = Concat.operandLimit
    guard operands.count > limit else {
      return operands.count == 1 ? operands[0] : try emit(.concat(Concat(axis: axis)), operands)
    }
    var groups: [ONNXOperand] = []
    for start in stride(from: 0, to: operands.count, by: limit) {
      groups.append(
        try concat(Array(operands[start..<min(start + limit, operands.count)]), axis: axis))
    }
    return try concat(groups, axis: axis)
  }

  func slice(_ x: ONNXOperand, starts: [Int], counts: [Int], steps: [Int] = []) throws(Finding) -> ONNXOperand
  {
    if counts == x.shape.extents, steps.allSatisfy({ $0 == 1 }) { return x }
    return try emit(.slice(Slice(starts: starts, counts: counts, steps: steps)), [x])
  }

  /// `count` elements from `start` along one axis, everything along the others.
  func slice(_ x: ONNXOperand, axis: Int, start: Int, count: Int) throws(Finding) -> ONNXOperand {
    var starts = [Int](repeating: 0, count: x.rank)
    var counts = x.shape.extents
    starts[axis] = start
    counts[axis] = count
    return try slice(x, starts: starts, counts: counts)
  }

  func reduce(_ kind: Reduce.Kind, _ x: ONNXOperand, axes: [Int], keep: Bool = true) throws(Finding)
    -> ONNXOperand
  {
    try emit(.reduce(Reduce(kind, axes: axes.sorted(), keep: keep)), [x])
  }

  /// A constant made by the translation itself.
  func constant(_ tensor: Tensor) -> ONNXOperand { ONNXOperand(tensor, name: "\(name).constant") }

  /// A scalar of the operand's element type.
  func scalar(_ value: Double, like operand: ONNXOperand) -> ONNXOperand { scalar(value, operand.element) }

  func scalar(_ value: Double, _ element: ElementType) -> ONNXOperand {
    constant(
      element.isFloat
        ? Tensor(scalar: Float(value), element: element)
        : Tensor([Int64(exactly: value.rounded(.towardZero)) ?? 0], shape: [], element: element))
  }

  /// 0, 1, …, count − 1 as a vector.
  func iota(_ count: Int, _ element: ElementType = .i64) throws(Finding) -> ONNXOperand {
    guard count <= 1 << 22 else {
      throw Finding("needs an index for each of \(count) elements", expected: "at most 2^22")
    }
    return constant(Tensor((0..<count).map { Int64($0) }, shape: [count], element: element))
  }
}
