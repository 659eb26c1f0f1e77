import IR
import Tensors

/// Moves transposes towards the outputs, past ops that can work in the other order of axes, so that they
/// meet their inverses.
///
///     %a = transpose %x {permutation = [0, 2, 3, 1]}       ->      %a = add %x, @b.folded
///     %b = add %a, @b                                              %b = relu %a
///     %y = relu %b                                                 %y = transpose %b {permutation = [0, 2, 3, 1]}
///
/// An op moves when all its activations come from transposes with one permutation, of which at least one has
/// no other reader; constants are reordered. It passes elementwise ops, softmax, reductions, concat, slice
/// and pad, and never adds a transpose.
package let pushTransposes = Pass(
  "push-transposes", "Moves transposes towards the outputs, to meet their inverses."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    try push(node, in: &context)
  }
}

private func push(_ node: NodeID, in context: inout PassContext) throws(Diagnostic) {
  let graph = context.graph
  let entry = graph[node]
  let rank = graph.shape(of: entry.results[0]).rank
  guard isIndifferent(entry.op) else { return }

  // Which operands are transposed, and how.
  var permutation: [Int]?
  var sources: [ValueID?] = []
  var frees = false
  for operand in entry.operands {
    if let producer = graph.producer(of: operand), case .transpose(let op) = graph[producer].op {
      if let permutation, permutation != op.permutation { return }
      permutation = op.permutation
      sources.append(graph[producer].operands[0])
      let others = graph.users(of: operand).contains { $0 != node }
      frees = frees || !(others || graph.isOutput(operand))
    } else if graph.constant(operand) != nil,
      graph.shape(of: operand).rank <= graph.shape(of: entry.operands[0]).rank
        || entry.op.isElementwise
    {
      sources.append(nil)
    } else {
      return
    }
  }
  guard let permutation, frees else { return }
  var keepsRank = true
  if case .reduce(let op) = entry.op { keepsRank = op.keep || op.axes.isEmpty }
  guard rank == permutation.count || !keepsRank else { return }

  let (op, outer) = reordered(entry.op, permutation)
  var operands: [ValueID] = []
  for (operand, source) in zip(entry.operands, sources) {
    if let source {
      operands.append(source)
    } else if let tensor = graph.constant(operand), tensor.elementCount == 1, tensor.shape.rank <= 1 {
      operands.append(operand)
    } else if let tensor = graph.constant(operand), let moved = reorder(tensor, from: permutation) {
      operands.append(context.addWeight(foldedFrom: operand, moved))
    } else {
      return
    }
  }
  let description = "moved a transpose past \(graph.describe(node))"
  let value = try context.insert(op, operands, before: node)
  if outer == Array(outer.indices) {
    try context.replace(node, with: value, description)
  } else {
    try context.rewrite(node, as: .transpose(Transpose(outer)), [value], description)
  }
}

private func isIndifferent(_ op: Op) -> Bool {
  switch op {
  case .softmax, .lpNorm, .reduce, .concat, .slice, .pad, .cumsum: true
  default: op.isElementwise
  }
}

/// The op on the operands before transposition by `permutation`, and the transposition of its result.
private func reordered(_ op: Op, _ permutation: [Int]) -> (Op, [Int]) {
  let rank = permutation.count
  func axis(_ axis: Int) -> Int { permutation[axis < 0 ? axis + rank : axis] }
  /// Entries for the axes after transposition, as entries for the axes before.
  func entries(_ list: some Collection<Int>) -> [Int] {
    var result = Array(list)
    for (index, entry) in list.enumerated() { result[permutation[index]] = entry }
    return result
  }
  switch op {
  case .softmax(var op):
    op.axis = axis(op.axis)
    return (.softmax(op), permutation)
  case .lpNorm(var op):
    op.axis = axis(op.axis)
    return (.lpNorm(op), permutation)
  case .concat(var op):
    op.axis = axis(op.axis)
    return (.concat(op), permutation)
  case .cumsum(var op):
    op.axis = axis(op.axis)
    return (.cumsum(op), permutation)
  case .slice(var op):
    op.starts = entries(op.starts)
    op.counts = entries(op.counts)
    op.steps = entries(op.steps)
    return (.slice(op), permutation)
  case .pad(var op):
    op.pads = entries(op.pads.prefix(rank)) + entries(op.pads.suffix(rank))
    return (.pad(op), permutation)
  case .reduce(var op):
    let reduced = op.axes.map { permutation[$0] }
    op.axes = reduced.sorted()
    if op.keep { return (.reduce(op), permutation) }
    // What is left of the permutation, renumbered without the reduced axes.
    let left = permutation.filter { !reduced.contains($0) }
    let numbered = left.map { axis in left.filter { $0 < axis }.count }
    return (.reduce(op), numbered)
  default: return (op, permutation)
  }
}

/// A constant that broadcasts against the transposed operands, for those before transposition.
private func reorder(_ tensor: Tensor, from permutation: [Int]) -> Tensor? {
  let rank = permutation.count
  guard tensor.shape.rank <= rank else { return nil }
  let full = tensor.reshaped(
    Shape([Int](repeating: 1, count: rank - tensor.shape.rank) + tensor.shape.extents))
  var inverse = permutation
  for (index, axis) in permutation.enumerated() { inverse[axis] = index }
  let types = inverse.map { full.shape[$0] }
  // Moving only axes of extent 1 needs no data.
  if inverse.filter({ full.shape[$0] != 1 }) == inverse.filter({ full.shape[$0] != 1 }).sorted() {
    return full.reshaped(Shape(types))
  }
  return try? Op.transpose(Transpose(inverse)).evaluate([full]).first
}
