import IR
import Tensors

/// Merges convolutions or matrix products of one input whose results are added, as classifiers with two
/// heads and reparametrised blocks have them: A·x + B·x = (A + B)·x, where nobody reads the last digit of the
/// result and no weight overflows.
///
///     %a = matmul %x, @a, @c                       ->      %y = matmul %x, @a.folded, @c.folded
///     %b = matmul %x, @b, @d
///     %y = add %a, %b
package let mergeParallelLinear = Pass(
  "merge-parallel-linear", "Merges linear ops of one input whose results are added."
) {
  (context: inout PassContext) throws(Diagnostic) in
  var readers = Readers()
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard let (a, b) = graph.binary(graph.result(node), .add), a != b, graph.hasOneUse(a), graph.hasOneUse(b),
      let first = graph.producer(of: a), let second = graph.producer(of: b),
      graph[first].op == graph[second].op,
      graph.type(of: a) == graph.type(of: b), let left = LinearOp(first, in: graph),
      let right = LinearOp(second, in: graph),
      left.input == right.input, left.activation == nil,
      graph[first].operands[left.input] == graph[second].operands[right.input],
      left.weightTensor.shape == right.weightTensor.shape,
      left.weightTensor.element == right.weightTensor.element,
      readers.overlook(.lastDigit, of: graph.result(node), in: graph)
    else { continue }
    let sums = zip(left.weightTensor.floats, right.weightTensor.floats).map { $0 + $1 }
    let greatest = left.weightTensor.element.normalRange.upperBound
    guard sums.allSatisfy({ abs($0) <= greatest }) else { continue }
    let weight = Tensor(sums, shape: left.weightTensor.shape, element: left.weightTensor.element)
    var operands = Array(graph[first].operands.prefix(2))
    operands[1 - left.input] = context.addWeight(foldedFrom: left.weight, weight)
    if let source = left.bias ?? right.bias {
      let numbers = zip(left.biasNumbers, right.biasNumbers).map { Float($0 + $1) }
      operands.append(
        context.addWeight(
          foldedFrom: source, Tensor(numbers, shape: left.biasShape, element: left.biasElement)))
    }
    try context.rewrite(
      node, as: graph[first].op, operands, named: first,
      "merged \(graph.describe(first)) and \(graph.describe(second)), whose results were added")
  }
}
