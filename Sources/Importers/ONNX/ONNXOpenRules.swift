import IR
import Tensors

/// The operators that may read values with open axes.
let onnxOpenRules: [String: ONNXOpenRule] = {
  var rules: [String: ONNXOpenRule] = [
    "Cast": .unchanged, "CastLike": .unchanged, "Identity": .unchanged, "Dropout": .unchanged,
    "Concat": ONNXOpenRule(sizes: concatSizes, keepsZeros: always),
    "Flatten": ONNXOpenRule(sizes: flattenSizes, keepsZeros: always),
    "Gather": ONNXOpenRule(prepare: prepareGather, sizes: gatherSizes, keepsZeros: hasKnownIndices),
    "GatherElements": ONNXOpenRule(prepare: prepareGatherElements, sizes: gatherElementsSizes),
    "GatherND": ONNXOpenRule(prepare: prepareGatherND, sizes: gatherNDSizes),
    "Reshape": ONNXOpenRule(sizes: reshapeSizes, keepsZeros: always),
    "Shape": ONNXOpenRule(sizes: shapeSizes),
    "Slice": ONNXOpenRule(sizes: sliceSizes, keepsZeros: always),
    "Split": ONNXOpenRule(sizes: splitSizes, keepsZeros: always),
    "Squeeze": ONNXOpenRule(sizes: squeezeSizes, keepsZeros: always),
    "Transpose": ONNXOpenRule(sizes: transposeSizes, keepsZeros: always),
    "Unsqueeze": ONNXOpenRule(sizes: unsqueezeSizes, keepsZeros: always),
  ]
  for name in elementwise { rules[name] = ONNXOpenRule(sizes: broadcastSizes) }
  return rules
}()

@Sendable private func always(_ context: ONNXNodeContext) -> Bool { true }

/// Operators that compute element by element, of inputs that broadcast.
private let elementwise = [
  "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BitShift", "BitwiseAnd",
  "BitwiseNot", "BitwiseOr", "BitwiseXor", "Ceil", "Celu", "Clip", "Cos", "Cosh", "Div", "Elu", "Equal",
  "Erf", "Exp", "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "IsInf",
  "IsNaN", "LeakyRelu", "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg",
  "Not", "Or", "PRelu", "Pow", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin",
  "Sinh", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tan", "Tanh", "ThresholdedRelu",
  "Where", "Xor",
]

extension ONNXOpenRule {
  /// The results are like the first input.
  fileprivate static let unchanged = ONNXOpenRule(
    sizes: { context, results throws(Finding) in
      let sizes = try context.input(0).sizes
      return results.map { $0.shape == context.inputs[0]?.shape ? sizes : [:] }
    }, keepsZeros: always)
}

/// An open axis meets open axes of the same size, or extents of 1.
private func broadcastSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let rank = results[0].rank
  var sizes: [Int: ValueID] = [:]
  for operand in context.inputs.compactMap({ $0 }) {
    for (axis, size) in operand.sizes { sizes[axis + rank - operand.rank] = size }
  }
  for (index, operand) in context.inputs.enumerated() {
    guard let operand else { continue }
    for axis in operand.shape.indices {
      guard let size = sizes[axis + rank - operand.rank] else { continue }
      if let own = operand.sizes[axis] {
        guard own == size else {
          throw context.openInputRefused(index, axis: axis, expected: "the size that the other inputs have")
        }
      } else if operand.shape[axis] != 1 {
        throw context.openInputRefused(expected: "extent 1, or the same, along that axis of input \(index)")
      }
    }
  }
  return [sizes]
}

private func transposeSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let x = try context.input(0)
  let permutation = try context.axes(try context.ints("perm") ?? (0..<x.rank).reversed(), rank: x.rank)
  return [moved(x.sizes) { axis in permutation.firstIndex(of: axis) }]
}

/// Sizes under the axes that `place` gives for theirs.
private func moved(_ sizes: [Int: ValueID], _ place: (Int) -> Int?) -> [Int: ValueID] {
  var result: [Int: ValueID] = [:]
  for (axis, size) in sizes {
    if let place = place(axis) { result[place] = size }
  }
  return result
}

private func concatSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let operands = try context.variadic()
  let along = try context.axis(try context.requiredInt("axis"), rank: operands[0].rank)
  if let index = operands.firstIndex(where: { $0.sizes[along] != nil }) {
    throw context.openInputRefused(
      index, axis: along, expected: "a size that is known when the model is compiled along the joined axis")
  }
  let sizes = operands.first(where: \.isOpen)?.sizes ?? [:]
  if let index = operands.firstIndex(where: { $0.sizes != sizes }) {
    throw context.openInputRefused(
      expected: "the same size in every input, which input \(index) does not have")
  }
  return [sizes]
}

/// Axes may be cut that are not open; of an open one the first elements may be taken.
private func sliceSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let x = try context.input(0)
  let cuts = try sliceCuts(context)
  var sizes = x.sizes
  for (axis, size) in x.sizes {
    guard let cut = cuts[axis] else { continue }
    let range = sliceRange(start: cut.start, end: cut.end, step: cut.step, extent: x.shape[axis])
    guard cut.step == 1, range.start == 0, range.count == x.shape[axis] || cut.end >= 0 else {
      throw context.openInputRefused(
        0, axis: axis, expected: "all elements along that axis, or the first ones up to a number")
    }
    if range.count < x.shape[axis] {
      sizes[axis] = try context.builder.least(size, cut.end, node: context.name)
    }
  }
  return [sizes]
}

private func splitSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let x = try context.input(0)
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  guard x.sizes[axis] == nil else { throw context.openInputRefused(0, axis: axis) }
  return results.map { _ in x.sizes }
}

private func squeezeSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let x = try context.input(0)
  let removed = try squeezedAxes(context)
  if let axis = removed.first(where: { x.sizes[$0] != nil }) {
    throw context.openInputRefused(0, axis: axis, expected: "other axes to be removed")
  }
  return [moved(x.sizes) { axis in axis - removed.count { $0 < axis } }]
}

private func unsqueezeSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let inserted = try unsqueezedAxes(context)
  let kept = results[0].shape.indices.filter { !inserted.contains($0) }
  return [moved(try context.input(0).sizes) { kept[$0] }]
}

private func flattenSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  try survivingSizes(context, results[0].shape) { _, _ in true }
}

/// An open axis comes through as −1, or as an extent that is copied from it.
private func reshapeSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let wanted = try context.constantInts(1, "the shape") ?? []
  let copiesZeros = try !context.flag("allowzero")
  return try survivingSizes(context, results[0].shape) { axis, place in
    wanted[place] == -1 || (wanted[place] == 0 && copiesZeros && axis == place)
  }
}

/// An open axis survives where elements before and after it are the same in number. `allows` says which axis of
/// the result it may be.
private func survivingSizes(
  _ context: ONNXNodeContext, _ shape: Shape, _ allows: (_ axis: Int, _ place: Int) -> Bool
) throws(Finding) -> [[Int: ValueID]] {
  let x = try context.input(0)
  func surroundings(_ shape: Shape, _ axis: Int) -> [Int] {
    [shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *)]
  }
  var sizes: [Int: ValueID] = [:]
  for (axis, size) in x.sizes {
    let place = shape.indices.first {
      surroundings(shape, $0) == surroundings(x.shape, axis) && allows(axis, $0)
    }
    guard let place else {
      throw context.openInputRefused(
        0, axis: axis, expected: "a shape in which -1 stands for that axis alone")
    }
    sizes[place] = size
  }
  return [sizes]
}

private func shapeSizes(
  _ context: ONNXNodeContext, _ results: [ONNXOperand]
) throws(Finding) -> [[Int: ValueID]] {
  let axes = try shapeAxes(context, rank: try context.input(0).rank)
  if let axis = try context.input(0).sizes.keys.filter({ axes.contains($0) }).min() {
    throw context.openInputRefused(0, axis: axis)
  }
  return [[:]]
}
