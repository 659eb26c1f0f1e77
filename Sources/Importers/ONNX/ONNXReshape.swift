import IR
import Tensors

// Operators that only change the shape; all of them are one core op.

func reshape(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let given = context.opset < 5 ? try context.ints("shape") : try context.constantInts(1, "the shape")
  let wanted = given ?? []
  let copiesZeros = try !context.flag("allowzero")
  var shape = wanted
  for (axis, extent) in wanted.enumerated() where extent == 0 && copiesZeros {
    guard axis < x.rank else {
      throw Finding("shape \(wanted) copies extent \(axis) of \(x.shape), which has none")
    }
    shape[axis] = x.shape[axis]
  }
  if let inferred = shape.firstIndex(of: -1) {
    var known = shape
    known[inferred] = 1
    guard let count = Shape(known).checkedCount else {
      throw Finding("shape is \(wanted)", expected: "extents of at least 0, or one -1")
    }
    // With an extent of 0 beside it, -1 stands for 0 elements of an empty tensor.
    guard count == 0 ? x.shape.elementCount == 0 : x.shape.elementCount % count == 0 else {
      throw Finding("shape \(wanted) does not divide the \(x.shape.elementCount) elements of \(x.shape)")
    }
    shape[inferred] = count == 0 ? 0 : x.shape.elementCount / count
  }
  return [try context.reshape(x, shape)]
}

func flatten(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let given = try context.int("axis", 1)
  let axis = given < 0 ? given + x.rank : given
  guard (0...x.rank).contains(axis) else {
    throw Finding("axis is \(given)", expected: "\(-x.rank) to \(x.rank) for \(x.shape)")
  }
  return [try context.reshape(x, flattened(x.shape, at: axis))]
}

/// The two extents before and from `axis` on.
func flattened(_ shape: Shape, at axis: Int) -> [Int] {
  [shape.extents[..<axis].reduce(1, *), shape.extents[axis...].reduce(1, *)]
}

func squeeze(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axes = try squeezedAxes(context)
  return [try context.reshape(x, x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })]
}

/// The axes that Squeeze removes.
func squeezedAxes(_ context: ONNXNodeContext) throws(Finding) -> [Int] {
  let x = try context.input(0)
  let given = context.opset < 13 ? try context.ints("axes") : try context.constantInts(1, "the axes")
  let axes =
    try given.map { (axes) throws(Finding) in try context.axes(axes, rank: x.rank) }
    ?? x.shape.indices.filter { x.shape[$0] == 1 }
  guard axes.allSatisfy({ x.shape[$0] == 1 }) else {
    throw Finding("removes axes \(axes) of \(x.shape)", expected: "axes of extent 1")
  }
  return axes
}

func unsqueeze(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axes = try unsqueezedAxes(context)
  var remaining = x.shape.makeIterator()
  return [
    try context.reshape(x, (0..<(x.rank + axes.count)).map { axes.contains($0) ? 1 : remaining.next() ?? 1 })
  ]
}

/// The axes of the result that Unsqueeze inserts.
func unsqueezedAxes(_ context: ONNXNodeContext) throws(Finding) -> [Int] {
  guard let given = context.opset < 13 ? try context.ints("axes") : try context.constantInts(1, "the axes")
  else {
    throw context.missing("axes")
  }
  return try context.axes(given, rank: try context.input(0).rank + given.count)
}
