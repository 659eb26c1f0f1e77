import IR
import Tensors

/// Moves integers instead of the numbers that they stand for.
///
///     %a = dequantize %q, @s, @z                   ->      %0 = transpose %q {permutation = [0, 2, 1]}
///     %b = transpose %a {permutation = [0, 2, 1]}          %b = dequantize %0, @s, @z
///
///     %b = transpose %x {permutation = [0, 2, 1]}          %0 = quantize %x, @s, @z
///     %y = quantize %b, @s, @z                     ->      %y = transpose %0 {permutation = [0, 2, 1]}
///
/// What is dequantized is moved first, what is quantized is moved afterwards, and where the two meet with the same steps
/// neither is left. Exact. Only what is moved of a large table is dequantized, be its steps one for the tensor, for each
/// row or column, or for each block.
package let moveQuantization = Pass(
  "move-quantization", "Moves integers instead of the numbers that they stand for."
) {
  (context: inout PassContext) throws(Diagnostic) in
  // What moves may move on.
  for _ in 0..<16 {
    var changed = false
    for node in context.graph.order {
      for rule in movementRules where context.graph.contains(node) {
        guard try rule(node, &context) else { continue }
        changed = true
        break
      }
    }
    if !changed { return }
  }
}

private let movementRules: [IntegerRule] = [takeIntegers, quantizeBefore, gatherRows, dequantizeBehind]

/// Replaces what is quantized as it was by the integers that it was dequantized from.
@Sendable private func takeIntegers(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let steps = graph.steps(of: graph[node]), steps.comesBack,
    let source = graph.dequantized(graph[node].operands[0]), source.steps == steps
  else { return false }
  try context.replace(
    node, with: source.integers, "took the integers of \(graph.describe(node)) as they are")
  return true
}

/// Quantizes what a node moves, where nothing else reads its result.
@Sendable private func quantizeBefore(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool
{
  let graph = context.graph
  let entry = graph[node]
  guard case .quantize = entry.op, graph.type(of: entry.operands[1]).rank == 0,
    graph.hasOneUse(entry.operands[0]),
    let mover = graph.producer(of: entry.operands[0]), let movement = Movement(mover, in: graph),
    // What is dequantized moves the other way, and what is left out need not be quantized.
    movement.moved.allSatisfy({ !movement.leavesOut || graph.hasOneUse(graph[mover].operands[$0]) }),
    let op = movement.op(quantizing: entry, in: graph)
  else { return false }
  let description = "quantized \(graph.describe(mover)) before it moves"
  var operands = graph[mover].operands
  for index in movement.moved {
    operands[index] = try context.insert(
      entry.op, [operands[index]] + entry.operands.dropFirst(), before: node)
  }
  try context.rewrite(node, as: op, operands, named: mover, description)
  return true
}

/// Gathers by one axis of indices what has a scale for each of the slices gathered, so that each still has one.
///
///     %y = gather %a, %ids                         ->      %0 = reshape %ids; %1 = gather %a, %0; %y = reshape %1
@Sendable private func gatherRows(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  let entry = graph[node]
  guard case .gather(let gather) = entry.op, graph.shape(of: entry.operands[1]).rank != 1,
    let producer = graph.node(entry.operands[0]), case .dequantize(let op) = producer.op,
    graph.shape(of: producer.operands[1]).rank == 1,
    !op.granularity.isBlocked(graph.shape(of: producer.operands[1])),
    let axis = graph.shape(of: entry.operands[0]).normalized(axis: gather.axis),
    axis == graph.shape(of: entry.operands[0]).normalized(axis: op.granularity.axis)
  else { return false }
  let count = graph.shape(of: entry.operands[1]).elementCount
  let indices = try context.insert(.reshape(Reshape([count])), [entry.operands[1]], before: node)
  let rows = try context.insert(entry.op, [entry.operands[0], indices], before: node)
  try context.rewrite(
    node, as: .reshape(Reshape(graph.shape(of: entry.results[0]).extents)), [rows],
    "gathered \(graph.describe(node)) by one axis of indices")
  return true
}

/// Moves integers and dequantizes them after that.
@Sendable private func dequantizeBehind(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic)
  -> Bool
{
  let graph = context.graph
  guard let movement = Movement(node, in: graph), let source = movement.source(in: graph),
    let (op, steps) = try movement.dequantized(source, &context)
  else { return false }
  let description = "moved \(graph.describe(node)) before it is dequantized"
  var operands = graph[node].operands
  for index in movement.moved {
    operands[index] = graph.node(operands[index])?.operands[0] ?? operands[index]
  }
  let integers = try context.insert(op, operands, before: node)
  let granularity = Dequantize(steps.granularity, to: source.element)
  try context.rewrite(
    node, as: .dequantize(granularity), [integers, steps.scale, steps.zero], description)
  return true
}
