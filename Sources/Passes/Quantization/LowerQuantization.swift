import IR
import Tensors

/// Writes what is left of quantizing and dequantizing as arithmetic, which fuses with its neighbours.
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
/// everywhere is left out. Constants that are dequantized become the numbers that they stand for, up to 16 MB of them;
/// larger ones stay integers and are converted in every run.
package let lowerQuantization = Pass(
  "lower-quantization",
  "Writes quantize and dequantize as elementwise ops, and dequantized constants as numbers."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    switch context.graph[node].op {
    case .quantize(let op): try lower(op, node, &context)
    case .dequantize(let op):
      if try !compute(node, &context) { try lower(op, node, &context) }
    default: continue
    }
  }
}

/// The most bytes of a dequantized constant, unless they are not twice those of the integers.
private let constantLimit = 16 << 20

/// Replaces a node whose operands are constants by its result.
private func compute(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  let entry = graph[node]
  var operands: [Tensor] = []
  for operand in entry.operands {
    guard let constant = graph.constant(operand) else { return false }
    operands.append(constant)
  }
  let written = graph.type(of: entry.results[0]).byteCount
  guard written <= constantLimit || written / 2 <= operands[0].byteCount,
    let result = try? entry.op.evaluate(operands)[0]
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
  let quotient = try context.insert(.binary(Binary(.div)), [x, scale], before: node)
  var steps = try context.insert(.unary(Unary(.round)), [quotient], before: node)
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
