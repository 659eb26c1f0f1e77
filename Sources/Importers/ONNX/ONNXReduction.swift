import IR
import Tensors

/// ReduceSum and its relatives. Axes are an attribute, or an input from opset `inputOpset` on.
func reduce(_ kind: Reduce.Kind, axesInputFrom inputOpset: Int = 18) -> ONNXTranslation {
  { context throws(Finding) in
    let x = try context.input(0)
    let given =
      context.opset < inputOpset ? try context.ints("axes") : try context.constantInts(1, "the axes")
    let keep = try context.flag("keepdims", true)
    var axes = try context.axes(given ?? [], rank: x.rank)
    if axes.isEmpty {
      if try context.flag("noop_with_empty_axes") { return [try withoutAxes(context, kind, x)] }
      axes = Array(0..<x.rank)
    }
    return [try reduction(context, kind, x, axes, keep)]
  }
}

/// The reduction, with element types that the core op lacks computed in a wider one.
private func reduction(
  _ context: ONNXNodeContext, _ kind: Reduce.Kind, _ x: ONNXOperand, _ axes: [Int], _ keep: Bool
) throws(Finding) -> ONNXOperand {
  let working: ElementType =
    switch (x.element, kind) {
    case (.f32, _), (.f16, _), (.bf16, _): x.element
    case (_, .sum), (_, .mean), (_, .max), (_, .min), (_, .prod): x.element == .i64 ? .i64 : .i32
    case (_, .sumSquare), (_, .l1): .i64
    case (_, .l2), (_, .logSum), (_, .logSumExp): .f32
    }
  let wide = try context.cast(x, working)
  let result: ONNXOperand
  switch kind {
  case .sumSquare where working == .i64:
    result = try context.reduce(.sum, try context.binary(.mul, wide, wide), axes: axes, keep: keep)
  case .l1 where working == .i64:
    result = try context.reduce(.sum, try context.unary(.abs, wide), axes: axes, keep: keep)
  case .max where x.element == .bool, .min where x.element == .bool:
    // The identity of an empty reduction is a bool too.
    result = try context.unary(.clip, try context.reduce(kind, wide, axes: axes, keep: keep), 0, 1)
  default:
    result = try context.reduce(kind, wide, axes: axes, keep: keep)
  }
  return try context.cast(result, like: x)
}

/// What a reduction over no axes leaves of each element: only the function that the reduction applies to it.
private func withoutAxes(
  _ context: ONNXNodeContext, _ kind: Reduce.Kind, _ x: ONNXOperand
) throws(Finding) -> ONNXOperand {
  switch kind {
  case .sum, .mean, .max, .min, .prod, .logSumExp: x
  case .l1, .l2: try context.unary(.abs, x)
  case .sumSquare: try context.binary(.mul, x, x)
  case .logSum: try context.unary(.log, x)
  }
}

func argReduce(_ kind: ArgReduce.Kind) -> ONNXTranslation {
  { context throws(Finding) in
    let x = try context.input(0)
    let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
    let keep = try context.flag("keepdims", true)
    let last = try context.flag("select_last_index")
    return [try context.emit(.argReduce(ArgReduce(kind, axis: axis, keep: keep, last: last)), [x])]
  }
}

/// 1 at the first largest element along an axis, 0 elsewhere.
func hardmax(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  try alongSoftmaxAxis(context) { (x, axis) throws(Finding) in
    let winner = try context.emit(.argReduce(ArgReduce(.max, axis: axis)), [x])
    let candidates = try context.reshape(
      try context.iota(x.shape[axis]), [x.shape[axis]] + [Int](repeating: 1, count: x.rank - 1 - axis))
    return try context.cast(try context.binary(.equal, winner, candidates), x.element)
  }
}

func softmax(log: Bool) -> ONNXTranslation {
  { context throws(Finding) in
    try alongSoftmaxAxis(context) { (x, axis) throws(Finding) in
      try context.emit(.softmax(Softmax(axis: axis, log: log)), [x])
    }
  }
}

/// Before opset 13 softmax and its relatives worked on a matrix: everything from the axis on was one axis.
private func alongSoftmaxAxis(
  _ context: ONNXNodeContext, _ body: (ONNXOperand, Int) throws(Finding) -> ONNXOperand
) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  guard x.rank > 0 || context.opset >= 13 else {
    throw Finding("the input is a scalar", expected: "rank 1 or more")
  }
  let axis = try context.axis(try context.int("axis", context.opset < 13 ? 1 : -1), rank: max(x.rank, 1))
  if x.rank == 0 { return [try context.reshape(try body(try context.reshape(x, [1]), 0), [])] }
  let isPlain = x.shape.extents[(axis + 1)...].allSatisfy { $0 == 1 }
  if context.opset >= 13 || isPlain { return [try body(x, axis)] }
  let matrix = try context.reshape(x, flattened(x.shape, at: axis))
  return [try context.reshape(try body(matrix, 1), x.shape.extents)]
}

/// The order of the result is free when `sorted` is 0, so that the sorted one will do.
func topK(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axis = try context.axis(try context.int("axis", -1), rank: x.rank)
  guard
    let k = context.opset < 10 ? try context.optionalInt("k") : try context.constantInt(1, "k")
  else { throw context.missing("k") }
  return try context.emitAll(.topK(TopK(k, axis: axis, largest: try context.flag("largest", true))), [x])
}

func cumulativeSum(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axis = try context.axis(try context.constantInt(1, "the axis") ?? 0, rank: x.rank)
  let (exclusive, reverse) = (try context.flag("exclusive"), try context.flag("reverse"))
  return [try context.emit(.cumsum(CumSum(axis: axis, exclusive: exclusive, reverse: reverse)), [x])]
}

/// Mean and largest element over all spatial dimensions.
func globalPool(_ kind: Reduce.Kind) -> ONNXTranslation {
  { context throws(Finding) in
    let x = try context.input(0)
    guard x.rank >= 3 else { throw Finding("the input has shape \(x.shape)", expected: "[N, C, spatial..]") }
    return [try context.reduce(kind, x, axes: Array(2..<x.rank))]
  }
}

/// (Σ |x|^p)^(1/p) over all spatial dimensions.
func globalLpPool(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  guard x.rank >= 3 else { throw Finding("the input has shape \(x.shape)", expected: "[N, C, spatial..]") }
  let axes = Array(2..<x.rank)
  let order = try context.int("p", 2)
  switch order {
  case 1: return [try context.reduce(.l1, x, axes: axes)]
  case 2: return [try context.reduce(.l2, x, axes: axes)]
  default:
    let power = try context.binary(.pow, try context.unary(.abs, x), context.scalar(Double(order), like: x))
    let sum = try context.reduce(.sum, power, axes: axes)
    return [try context.binary(.pow, sum, context.scalar(1 / Double(order), like: x))]
  }
}
