import IR
import Tensors

// Operators that read shapes or make constants of them. All shapes are static, so these are constants.

func shape(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let extents = try context.input(0).shape.extents
  return [context.constant(integers(Array(extents[try shapeAxes(context, rank: extents.count)])))]
}

/// The axes whose extents Shape gives.
func shapeAxes(_ context: ONNXNodeContext, rank: Int) throws(Finding) -> Range<Int> {
  let start = clamp(try context.int("start", 0), rank)
  return start..<max(start, clamp(try context.int("end", rank), rank))
}

func size(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  [context.constant(Tensor([Int64(try context.input(0).shape.elementCount)], shape: []))]
}

/// An index that counts from the end when negative, moved into 0...count.
private func clamp(_ index: Int, _ count: Int) -> Int {
  let clipped = min(max(index, -count), count)
  return clipped < 0 ? clipped + count : clipped
}

private func integers(_ values: [Int]) -> Tensor { Tensor(values.map { Int64($0) }, shape: [values.count]) }

func constantNode(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let operand = ONNXOperand(try constantValue(context), name: context.node.outputs.first ?? context.name)
  let isDouble = context.node.attributes.contains(where: \.isDouble)
  let bits = context.unsignedBits(ofTensor: "value") ?? context.unsignedBits(ofTensor: "sparse_value")
  return [operand.unsigned(bits).double(isDouble)]
}

private func constantValue(_ context: ONNXNodeContext) throws(Finding) -> Tensor {
  if let tensor = try context.tensor(context.has("sparse_value") ? "sparse_value" : "value") {
    try checkSize(tensor.shape, of: "the value")
    return tensor
  }
  if context.has("value_float") {
    return Tensor(scalar: Float(try context.float("value_float", 0)))
  }
  if let number = try context.optionalInt("value_int") { return Tensor([Int64(number)], shape: []) }
  if let numbers = try context.floats("value_floats") { return Tensor(numbers, shape: [numbers.count]) }
  if let numbers = try context.ints("value_ints") { return integers(numbers) }
  throw Finding(
    "has no value that can be read", expected: "a tensor or numbers",
    advice: "strings are not supported")
}

func constantOfShape(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let shape = try context.constantInts(0, "the shape") ?? []
  try checkSize(Shape(shape), of: "the result")
  let value = try context.tensor("value") ?? Tensor(scalar: 0)
  guard value.elementCount == 1 else {
    throw Finding("the value has shape \(value.shape)", expected: "one element")
  }
  let operand = context.constant(value.reshaped([])).unsigned(context.unsignedBits(ofTensor: "value"))
  return [try context.expand(operand, shape)]
}

func range(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let bounds = [
    try context.constant(0, "the start"), try context.constant(1, "the limit"),
    try context.constant(2, "the step"),
  ]
  guard bounds.allSatisfy({ $0.elementCount == 1 && $0.element == bounds[0].element }) else {
    throw Finding("start, limit and step are not scalars of one type")
  }
  if bounds[0].element.isFloat {
    let (start, limit, step) = (bounds[0].floats[0], bounds[1].floats[0], bounds[2].floats[0])
    let count = try rangeCount((Double(limit) - Double(start)) / Double(step))
    let values = (0..<count).map { Float(Double(start) + Double($0) * Double(step)) }
    return [context.constant(Tensor(values, shape: [count], element: bounds[0].element))]
  }
  let (start, limit, step) = (bounds[0].integers[0], bounds[1].integers[0], bounds[2].integers[0])
  let count = try rangeCount((Double(limit) - Double(start)) / Double(step))
  let values = (0..<count).map { start &+ Int64($0) &* step }
  let numbers = context.constant(Tensor(values, shape: [count], element: bounds[0].element))
  return [numbers.unsigned(try context.input(0).unsignedBits)]
}

private func rangeCount(_ quotient: Double) throws(Finding) -> Int {
  guard quotient <= Double(1 << 22) else {
    throw Finding("has \(quotient) elements", expected: "a step that is not 0 and at most 2^22 elements")
  }
  return quotient > 0 ? Int(quotient.rounded(.up)) : 0
}

func eyeLike(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  guard x.rank == 2 else { throw Finding("the input has shape \(x.shape)", expected: "rank 2") }
  let offset = try context.int("k", 0)
  let mask = try diagonalMask(context, x.shape, offset) { $0 == $1 }
  guard let number = try context.optionalInt("dtype") else { return [try context.cast(mask, like: x)] }
  return [try context.cast(mask, toType: Int64(number))]
}

func trilu(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  guard x.rank >= 2 else { throw Finding("the input has shape \(x.shape)", expected: "rank 2 or more") }
  let upper = try context.flag("upper", true)
  let offset = try context.constantInt(1, "the diagonal") ?? 0
  let mask = try diagonalMask(context, x.shape, offset) { upper ? $0 >= $1 : $0 <= $1 }
  return [try context.select(mask, x, context.scalar(0, like: x))]
}

/// A bool matrix of the last two extents: whether an element's distance above the main diagonal and `offset`
/// satisfy `contains`.
private func diagonalMask(
  _ context: ONNXNodeContext, _ shape: Shape, _ offset: Int,
  _ contains: (_ distance: Int, _ offset: Int) -> Bool
) throws(Finding) -> ONNXOperand {
  let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
  guard rows * columns <= 1 << 24 else {
    throw Finding("needs a mask of \(rows) by \(columns) elements", expected: "at most 2^24")
  }
  let values = (0..<rows).flatMap { row in (0..<columns).map { contains($0 - row, offset) ? Int64(1) : 0 } }
  return context.constant(Tensor(values, shape: [rows, columns], element: .bool))
}

/// 1 (or `values[1]`) where the index along a new axis equals the element, 0 (or `values[0]`) elsewhere.
func oneHot(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let indices = try context.cast(try context.input(0), .i64)
  guard
    let depth = try context.constantNumber(1, "the depth").flatMap({ Int(exactly: $0.rounded(.towardZero)) }),
    depth >= 0
  else { throw Finding("the depth is negative or no integer", expected: "a count") }
  let values = try context.input(2)
  guard values.shape == [2] else { throw Finding("values have shape \(values.shape)", expected: "[2]") }
  let axis = try context.axis(try context.int("axis", -1), rank: indices.rank + 1)
  let isNegative = try context.binary(.less, indices, context.scalar(0, .i64))
  let fromEnd = try context.binary(.add, indices, context.scalar(Double(depth), .i64))
  var shape = indices.shape.extents
  shape.insert(1, at: axis)
  let wanted = try context.reshape(try context.select(isNegative, fromEnd, indices), shape)
  let candidates = try context.reshape(
    try context.iota(depth), [depth] + [Int](repeating: 1, count: indices.rank - axis))
  let isHot = try context.binary(.equal, wanted, candidates)
  let off = try context.reshape(try context.slice(values, axis: 0, start: 0, count: 1), [])
  let on = try context.reshape(try context.slice(values, axis: 0, start: 1, count: 1), [])
  return [try context.select(isHot, on, off)]
}
