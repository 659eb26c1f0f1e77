package import IR
import Tensors

/// Writes what is left of quantizing and dequantizing as arithmetic, which fuses with its neighbors.
///
///     %y = quantize %x, @s, @z                     ->      %a = div %x, @s
///                                                          %b = round %a
///                                                          %c = add %b, @z.folded
///                                                          %y = cast %c {to = i8}
///     %y = dequantize %x, @s, @z                   ->      %a = cast %x
///                                                          %b = sub %a, @z.folded
///                                                          %y = mul %b, @s
///
/// Steps and rounding are those of the ops' definitions; casting to an integer saturates. A zero point that is 0
/// everywhere is left out. Constants that are dequantized stay as they are, to be read as integers; the smallest become the
/// numbers that they stand for.
package let lowerQuantization = Pass(
  "lower-quantization", "Writes quantize and dequantize as elementwise ops."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    switch context.graph[node].op {
    case .quantize(let op): try lower(op, node, &context)
    case .dequantize(let op):
      if try !expand(node, limit: 1 << 12, &context), !context.graph[node].isStoredSmall(in: context.graph) {
        try lower(op, node, &context)
      }
    default: continue
    }
  }
}

/// Computes constants that are dequantized, up to 64 MB of them: as fast and as large as weights of floats.
///
///     %w = dequantize @w, @s, @z {axis = 0}        ->      weight @w.folded: f32[..] = ..
package let expandConstants = Pass(
  "expand-constants", "Makes numbers of constants that are dequantized."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    if case .dequantize = context.graph[node].op { _ = try expand(node, limit: 64 << 20, &context) }
  }
}

extension Node {
  /// Whether the node dequantizes a constant, packed or not, by constants, so many elements each that its readers can
  /// apply them.
  package func isStoredSmall(in graph: Graph) -> Bool {
    guard case .dequantize(let op) = op, graph.isStored(operands[0]),
      operands.dropFirst().allSatisfy({ graph.constant($0) != nil })
    else { return false }
    return op.granularity.isEven(graph.shape(of: operands[1]), of: graph.shape(of: operands[0]))
  }
}

extension Graph {
  /// Whether a value is a constant, or what one unpacks to.
  package func isStored(_ value: ValueID) -> Bool { constant(value) != nil || packed(value) != nil }

  /// The constant that a value unpacks, and how.
  package func packed(_ value: ValueID) -> (op: Unpack, constant: ValueID)? {
    guard let node = node(value), case .unpack(let op) = node.op, constant(node.operands[0]) != nil else {
      return nil
    }
    return (op, node.operands[0])
  }

  /// The constants that a value looks up in palettes, and how.
  package func lookedUp(_ value: ValueID) -> (op: Palette, numbers: ValueID, palettes: ValueID)? {
    guard let node = node(value), case .palette(let op) = node.op,
      node.operands.allSatisfy({ constant($0) != nil })
    else { return nil }
    return (op, node.operands[0], node.operands[1])
  }

  /// The integers of a constant, or what one unpacks to.
  func storedIntegers(_ value: ValueID) -> Tensor? {
    guard let (op, source) = packed(value) else { return constant(value) }
    return constant(source).flatMap { try? Op.unpack(op).evaluate([$0])[0] }
  }
}

/// Replaces a node whose operands are constants by its result, of at most so many bytes.
private func expand(_ node: NodeID, limit: Int, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  let entry = graph[node]
  guard graph.type(of: entry.results[0]).byteCount <= limit else { return false }
  let operands = entry.operands.compactMap { graph.storedIntegers($0) }
  guard operands.count == entry.operands.count, let result = try? entry.op.evaluate(operands)[0]
  else { return false }
  try context.replace(
    node, with: context.addWeight(foldedFrom: entry.operands[0], result), "computed \(graph.describe(node))")
  return true
}

private func lower(_ op: Quantize, _ node: NodeID, _ context: inout PassContext) throws(Diagnostic) {
  let description = "wrote \(context.graph.describe(node)) as elementwise ops"
  let element = context.graph.type(of: context.graph.result(node)).element
  let operands = context.graph[node].operands
  let x = try wide(operands[0], before: node, &context)
  let scale = try fitted(operands[1], op.granularity, before: node, &context)
  var steps = try context.insert(.binary(Binary(.div)), [x, scale], before: node)
  for function in op.roundingSteps { steps = try context.insert(.unary(function), [steps], before: node) }
  if !context.graph.isZero(operands[2]) {
    let zero = try fitted(operands[2], op.granularity, before: node, &context)
    steps = try context.insert(.binary(Binary(.add)), [steps, zero], before: node)
  }
  try context.rewrite(node, as: .cast(Cast(element)), [steps], description)
}

private func lower(_ op: Dequantize, _ node: NodeID, _ context: inout PassContext) throws(Diagnostic) {
  let description = "wrote \(context.graph.describe(node)) as elementwise ops"
  let operands = context.graph[node].operands
  var x = try wide(operands[0], before: node, &context)
  if !context.graph.isZero(operands[2]) {
    let zero = try fitted(operands[2], op.granularity, before: node, &context)
    x = try context.insert(.binary(Binary(.sub)), [x, zero], before: node)
  }
  let scale = try fitted(operands[1], op.granularity, before: node, &context)
  let product = Op.binary(Binary(.mul))
  guard op.element != .f32 else { return try context.rewrite(node, as: product, [x, scale], description) }
  let result = try context.insert(product, [x, scale], before: node)
  try context.rewrite(node, as: .cast(Cast(op.element)), [result], description)
}

/// Scale or zero point of a node in fp32, in a shape that broadcasts to the node's first operand.
private func fitted(
  _ parameters: ValueID, _ granularity: Granularity, before node: NodeID, _ context: inout PassContext
) throws(Diagnostic) -> ValueID {
  let x = context.graph.shape(of: context.graph[node].operands[0])
  let shape = context.graph.shape(of: parameters)
  if let tensor = context.graph.constant(parameters), let fitted = try? granularity.fit(tensor, to: x) {
    let numbers = fitted.converted(to: .f32)
    if numbers.shape == tensor.shape, tensor.element == .f32 { return parameters }
    return context.addWeight(foldedFrom: parameters, numbers)
  }
  var value = try wide(parameters, before: node, &context)
  let broadcast = granularity.broadcast(shape, to: x)
  if broadcast != shape {
    value = try context.insert(.reshape(Reshape(broadcast.extents)), [value], before: node)
  }
  guard granularity.isBlocked(shape), let axis = x.normalized(axis: granularity.axis) else { return value }
  var extents = broadcast.extents
  extents[axis + 1] = min(granularity.block, max(x[axis], 1))
  value = try context.insert(.expand(Expand(extents)), [value], before: node)
  var merged = shape.extents
  merged[axis] *= extents[axis + 1]
  value = try context.insert(.reshape(Reshape(merged)), [value], before: node)
  let starts = [Int](repeating: 0, count: x.rank)
  return try context.insert(.slice(Slice(starts: starts, counts: x.extents)), [value], before: node)
}

/// A value in fp32.
private func wide(_ value: ValueID, before node: NodeID, _ context: inout PassContext) throws(Diagnostic)
  -> ValueID
{
  context.graph.type(of: value).element == .f32
    ? value : try context.insert(.cast(Cast(.f32)), [value], before: node)
}

extension Graph {
  /// Whether a value is a constant, not a large one, of zeros.
  fileprivate func isZero(_ value: ValueID) -> Bool {
    guard let tensor = constant(value), tensor.elementCount <= 65536 else { return false }
    return tensor.integers.allSatisfy { $0 == 0 }
  }
}
