import IR
import Tensors

// Operators whose results have a size that depends on data. Of constants the size is known; otherwise results
// have their bounds and open axes.

extension ONNXNodeContext {
  /// The operand cut along an axis to a size computed by the graph: at once if the size is a constant, else the
  /// axis becomes open.
  fileprivate func sized(
    _ x: ONNXOperand, axis: Int, by size: ONNXOperand, isZeroPadded: Bool = false
  ) throws(Finding) -> ONNXOperand {
    switch size.source {
    case .constant(let tensor, _):
      return try slice(x, axis: axis, start: 0, count: Int(tensor.integers[0]))
    case .value(let value):
      var sized = x
      // Of an axis without room the size is known.
      sized.sizes = x.shape[axis] == 0 ? [:] : [axis: value]
      sized.isZeroPadded = isZeroPadded
      return sized
    }
  }
}

/// Indices of the elements that are not 0, a row for each axis.
func nonZero(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  if let tensor = x.constant { return [try nonZero(of: tensor, context)] }
  let found = try context.emitAll(.nonZero(NonZero()), [try context.reshape(x, [x.shape.elementCount])])
  let row = [1, x.shape.elementCount]
  var rows: [ONNXOperand] = []
  for (axis, stride) in x.shape.strides.enumerated() {
    var index = found[0]
    if stride > 1 { index = try context.binary(.div, index, context.scalar(Double(stride), .i64)) }
    if axis > 0 { index = try context.binary(.mod, index, context.scalar(Double(x.shape[axis]), .i64)) }
    rows.append(try context.reshape(index, row))
  }
  // A scalar has no axes, so that its indices have no rows.
  let indices =
    rows.isEmpty
    ? try context.slice(try context.reshape(found[0], row), axis: 0, start: 0, count: 0)
    : try context.concat(rows, axis: 0)
  return [try context.sized(indices, axis: 1, by: found[1], isZeroPadded: true)]
}

private func nonZero(of tensor: Tensor, _ context: ONNXNodeContext) throws(Finding) -> ONNXOperand {
  let isNonZero = tensor.element.isFloat ? tensor.floats.map { $0 != 0 } : tensor.integers.map { $0 != 0 }
  let positions = isNonZero.indices.filter { isNonZero[$0] }
  guard positions.count * max(tensor.shape.rank, 1) <= 1 << 22 else {
    throw Finding("has \(positions.count) elements that are not 0", expected: "at most 2^22")
  }
  var values: [Int64] = []
  for (stride, extent) in zip(tensor.shape.strides, tensor.shape) {
    values += positions.map { Int64($0 / stride % extent) }
  }
  return context.constant(Tensor(values, shape: [tensor.shape.rank, positions.count]))
}

/// The slices that a mask selects.
func compress(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  guard let mask = context.optional(1), mask.element == .bool, mask.rank == 1 else {
    throw Finding(
      "the condition is \(context.optional(1).map { "\($0.type)" } ?? "left out")",
      expected: "a vector of bools",
      advice: "cast and reshape what the model makes it of")
  }
  let given = try context.optionalInt("axis")
  let axis = try given.map { (axis) throws(Finding) in try context.axis(axis, rank: x.rank) }
  let source = axis == nil ? try context.reshape(x, [x.shape.elementCount]) : x
  guard mask.shape[0] <= source.shape[axis ?? 0] else {
    throw Finding("the mask has \(mask.shape[0]) elements", expected: "at most \(source.shape[axis ?? 0])")
  }
  let gather = Op.gather(Gather(axis: axis ?? 0))
  if let bits = mask.constant?.integers {
    let chosen = bits.indices.filter { bits[$0] != 0 }.map { Int64($0) }
    return [try context.emit(gather, [source, context.constant(Tensor(chosen, shape: [chosen.count]))])]
  }
  let found = try context.emitAll(.nonZero(NonZero()), [mask])
  let chosen = try context.emit(gather, [source, found[0]])
  return [try context.sized(chosen, axis: axis ?? 0, by: found[1])]
}

/// The different elements, or slices along an axis; where each occurs first; which one each was; how often each
/// occurs.
func unique(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let sorted = try context.flag("sorted", true)
  let given = try context.optionalInt("axis")
  let source = given == nil ? try context.reshape(x, [x.shape.elementCount]) : x
  let axis = try context.axis(given ?? 0, rank: source.rank)
  let others = source.shape.indices.filter { $0 != axis }
  let count = source.shape[axis]
  let width = others.reduce(1) { $0 * source.shape[$1] }
  let rows = try context.reshape(try context.transpose(source, [axis] + others), [count, width])
  let found = try context.emitAll(.unique(Unique(sorted: sorted)), [rows])
  let positions = try context.sized(found[0], axis: 0, by: found[3], isZeroPadded: true)
  let values = try context.sized(
    try context.emit(.gather(Gather(axis: axis)), [source, found[0]]), axis: axis, by: found[3])
  let counts = try context.sized(found[2], axis: 0, by: found[3], isZeroPadded: true)
  return [values, positions, found[1], counts]
}

/// Image, class and number of boxes of high score that overlap little.
func nonMaxSuppression(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (boxes, scores) = (try context.input(0), try context.input(1))
  let most = try context.constantInt(2, "the number of boxes of a class") ?? 0
  let overlap = try context.constantNumber(3, "the threshold of overlap") ?? 0
  let score = try context.constantNumber(4, "the threshold of scores") ?? -.infinity
  guard (0...1).contains(overlap) else {
    throw Finding("the threshold of overlap is \(overlap)", expected: "0 to 1")
  }
  // Exporters write the largest integer for no limit.
  let limit = scores.rank == 3 ? min(max(most, 0), scores.shape[2]) : 0
  let op = NonMaxSuppression(
    isCentered: try context.flag("center_point_box"), most: limit, overlap: overlap, score: score)
  let found = try context.emitAll(.nms(op), [boxes, scores])
  return [try context.sized(found[0], axis: 0, by: found[1], isZeroPadded: true)]
}
