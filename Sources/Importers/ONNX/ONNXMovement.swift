import IR
import Tensors

// Operators that move, repeat or cut elements.

func concat(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let operands = try context.variadic()
  let given = try context.opset < 4 ? context.int("axis", 1) : context.requiredInt("axis")
  let axis = try context.axis(given, rank: operands[0].rank)
  return [try context.concat(operands, axis: axis)]
}

func transpose(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let permutation = try context.ints("perm") ?? Array((0..<x.rank).reversed())
  return [try context.transpose(x, try context.axes(permutation, rank: x.rank))]
}

func expand(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let wanted = try context.constantInts(1, "the shape") ?? []
  try checkSize(Shape(wanted), of: "the result")
  guard let shape = x.shape.broadcast(with: Shape(wanted)) else {
    throw Finding("\(x.shape) does not broadcast with \(wanted)")
  }
  return [try context.expand(x, shape.extents)]
}

func tile(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  var x = try context.input(0)
  let repeats = try context.constantInts(1, "the repeats") ?? []
  guard repeats.count == x.rank, repeats.allSatisfy({ (0...Limits.extent).contains($0) }) else {
    throw Finding("repeats are \(repeats)", expected: "\(x.rank) counts for \(x.shape)")
  }
  for (axis, count) in repeats.enumerated() where count != 1 {
    var shape = x.shape.extents
    if shape[axis] == 1 {
      shape[axis] = count
      x = try context.expand(x, shape)
      continue
    }
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[axis...].reduce(1, *)
    let (extent, overflow) = shape[axis].multipliedReportingOverflow(by: count)
    guard !overflow else { throw Finding("repeats \(repeats) of \(x.shape) are too many") }
    shape[axis] = extent
    try checkSize(Shape(shape), of: "the result")
    let repeated = try context.expand(try context.reshape(x, [outer, 1, inner]), [outer, count, inner])
    x = try context.reshape(repeated, shape)
  }
  return [x]
}

func split(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  let extent = x.shape[axis]
  let sizes: [Int]
  if let given = context.opset < 13
    ? try context.ints("split") : try context.constantInts(1, "the split sizes")
  {
    sizes = given
  } else {
    let count = try context.int("num_outputs", context.node.outputs.count)
    guard count >= 1, count == context.node.outputs.count else {
      throw Finding(
        "splits into \(count) parts", expected: "\(context.node.outputs.count), the number of outputs")
    }
    let size = (extent + count - 1) / count
    sizes = (0..<count).map { max(0, min(size, extent - $0 * size)) }
  }
  guard sizes.allSatisfy({ (0...extent).contains($0) }), sizes.reduce(0, &+) == extent else {
    throw Finding(
      "splits axis \(axis) of \(x.shape) into \(sizes)", expected: "sizes that add up to \(extent)")
  }
  guard sizes.count == context.node.outputs.count else {
    throw Finding("has \(sizes.count) sizes for \(context.node.outputs.count) outputs")
  }
  var start = 0
  var parts: [ONNXOperand] = []
  for size in sizes {
    parts.append(try context.slice(x, axis: axis, start: start, count: size))
    start += size
  }
  return parts
}

func slice(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let cuts = try sliceCuts(context)
  var first = [Int](repeating: 0, count: x.rank)
  var counts = x.shape.extents
  var strides = [Int](repeating: 1, count: x.rank)
  for (axis, cut) in cuts {
    let range = sliceRange(start: cut.start, end: cut.end, step: cut.step, extent: x.shape[axis])
    first[axis] = range.start
    counts[axis] = range.count
    strides[axis] = range.count > 1 ? cut.step : 1
  }
  let allOne = strides.allSatisfy { $0 == 1 }
  return [try context.slice(x, starts: first, counts: counts, steps: allOne ? [] : strides)]
}

/// What Slice takes along an axis, as Python's `[start:end:step]`.
struct ONNXCut {
  var start: Int
  var end: Int
  /// Not 0.
  var step: Int
}

/// What Slice takes, by axis.
func sliceCuts(_ context: ONNXNodeContext) throws(Finding) -> [Int: ONNXCut] {
  let x = try context.input(0)
  let inAttributes = context.opset < 10
  guard let starts = inAttributes ? try context.ints("starts") : try context.constantInts(1, "the start"),
    let ends = inAttributes ? try context.ints("ends") : try context.constantInts(2, "the end")
  else {
    throw Finding(
      "has no starts or ends", expected: inAttributes ? "attributes of these names" : "inputs 1 and 2",
      advice: "check that the node is one of opset \(context.opset)")
  }
  let givenAxes = inAttributes ? try context.ints("axes") : try context.constantInts(3, "the axes")
  let steps = try inAttributes ? nil : context.constantInts(4, "the steps")
  let axes = try context.axes(givenAxes ?? Array(0..<starts.count), rank: x.rank)
  guard starts.count == axes.count, ends.count == axes.count, steps.map({ $0.count == axes.count }) ?? true
  else {
    throw Finding("starts, ends, axes and steps have different lengths")
  }
  var cuts: [Int: ONNXCut] = [:]
  for (index, axis) in axes.enumerated() {
    let step = steps?[index] ?? 1
    guard step != 0, step != Int.min else {
      throw Finding("a step is \(step)", expected: "a number other than 0")
    }
    cuts[axis] = ONNXCut(start: starts[index], end: ends[index], step: step)
  }
  return cuts
}

/// First index and number of elements of Python's `[start:end:step]`.
func sliceRange(start: Int, end: Int, step: Int, extent: Int) -> (start: Int, count: Int) {
  // Positions lie in 0...extent going up and in -1...extent-1 going down.
  let bounds = step > 0 ? 0...extent : -1...max(extent - 1, -1)
  func position(_ index: Int) -> Int {
    let counted = index < 0 ? index.addingReportingOverflow(extent).partialValue : index
    return min(max(counted, bounds.lowerBound), bounds.upperBound)
  }
  let (from, to) = (position(start), position(end))
  let distance = step > 0 ? to - from : from - to
  let count = distance > 0 ? (distance - 1) / abs(step) + 1 : 0
  return (count > 0 ? from : 0, count)
}

func pad(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  enum Mode: String, CaseIterable { case constant, reflect, edge, wrap }
  let x = try context.input(0)
  let inAttributes = context.opset < 11
  let name = context.opset < 2 ? "paddings" : "pads"
  guard let amounts = inAttributes ? try context.ints(name) : try context.constantInts(1, "the amounts")
  else {
    throw context.missing(name)
  }
  let value = inAttributes ? try context.float("value", 0) : try context.constantNumber(2, "the value") ?? 0
  let given = try inAttributes ? nil : context.constantInts(3, "the axes")
  let axes = try context.axes(given ?? Array(0..<x.rank), rank: x.rank)
  guard amounts.count == 2 * axes.count else {
    throw Finding(
      "has \(amounts.count) amounts", expected: "\(2 * axes.count), a begin and an end for each axis")
  }
  var pads = [Int](repeating: 0, count: 2 * x.rank)
  for (index, axis) in axes.enumerated() {
    pads[axis] = amounts[index]
    pads[axis + x.rank] = amounts[index + axes.count]
  }
  guard pads.contains(where: { $0 != 0 }) else { return [x] }
  let mode =
    switch try context.word("mode", Mode.constant) {
    case .constant: Pad.Mode.constant
    case .reflect: Pad.Mode.reflect
    case .edge: Pad.Mode.edge
    case .wrap: Pad.Mode.wrap
    }
  return [try context.emit(.pad(Pad(pads, mode: mode, value: mode == .constant ? value : 0)), [x])]
}

/// Moves blocks of channels into space.
func depthToSpace(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let block = try context.requiredInt("blocksize")
  guard x.rank == 4, (1...(1 << 20)).contains(block), x.shape[1] % (block * block) == 0 else {
    throw Finding(
      "has input \(x.shape) and block size \(block)", expected: "[N, C, H, W] with C a multiple of its square"
    )
  }
  let (n, c, h, w) = (x.shape[0], x.shape[1] / (block * block), x.shape[2], x.shape[3])
  let moved: ONNXOperand
  switch try context.word("mode", BlockOrder.DCR) {
  case .DCR:
    moved = try context.transpose(try context.reshape(x, [n, block, block, c, h, w]), [0, 3, 4, 1, 5, 2])
  case .CRD:
    moved = try context.transpose(try context.reshape(x, [n, c, block, block, h, w]), [0, 1, 4, 2, 5, 3])
  }
  return [try context.reshape(moved, [n, c, h * block, w * block])]
}

/// Moves blocks of space into channels.
func spaceToDepth(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let block = try context.requiredInt("blocksize")
  guard x.rank == 4, (1...(1 << 20)).contains(block), x.shape[2] % block == 0, x.shape[3] % block == 0 else {
    throw Finding(
      "has input \(x.shape) and block size \(block)", expected: "[N, C, H, W] with H and W multiples of it")
  }
  let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2] / block, x.shape[3] / block)
  let permutation =
    switch try context.word("mode", BlockOrder.DCR) {
    case .DCR: [0, 3, 5, 1, 2, 4]
    case .CRD: [0, 1, 3, 5, 2, 4]
    }
  let moved = try context.transpose(try context.reshape(x, [n, c, h, block, w, block]), permutation)
  return [try context.reshape(moved, [n, c * block * block, h, w])]
}

/// Whether a pixel's place in its block or its channel comes first in the order of channels.
private enum BlockOrder: String, CaseIterable { case DCR, CRD }

/// Cuts or pads axes around their middle to given extents.
func centerCropPad(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let wanted = try context.constantInts(1, "the shape") ?? []
  let axes = try context.axes(try context.ints("axes") ?? Array(0..<x.rank), rank: x.rank)
  guard wanted.count == axes.count, wanted.allSatisfy((0...Limits.extent).contains) else {
    throw Finding("the shape is \(wanted)", expected: "\(axes.count) extents")
  }
  var starts = [Int](repeating: 0, count: x.rank)
  var counts = x.shape.extents
  var pads = [Int](repeating: 0, count: 2 * x.rank)
  for (axis, extent) in zip(axes, wanted) {
    let missing = extent - x.shape[axis]
    if missing < 0 {
      starts[axis] = -missing / 2
      counts[axis] = extent
    } else {
      pads[axis] = missing / 2
      pads[axis + x.rank] = missing - missing / 2
    }
  }
  let cropped = try context.slice(x, starts: starts, counts: counts)
  return [pads.contains { $0 != 0 } ? try context.emit(.pad(Pad(pads)), [cropped]) : cropped]
}
