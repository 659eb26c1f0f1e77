import IR
import Tensors

/// Makes a product or sum with constants after a normalization its scale or bias.
///
///     %a = layer_norm %x                           ->      %y = layer_norm %x, @scale, @bias
///     %b = mul %a, @scale
///     %y = add %b, @bias
///
/// They combine with a scale and a bias that are there already, unless a number leaves the range of its type.
/// Weights without contents join as they are where nothing is to combine. Kernels may multiply by the scale in
/// another order, so that nobody may read the result's last digit, see ``Readers``.
package let absorbNormScale = Pass(
  "absorb-norm-scale", "Makes products and sums after a normalization its scale and bias."
) {
  (context: inout PassContext) throws(Diagnostic) in
  var readers = Readers()
  for node in context.graph.order where context.graph.contains(node) {
    let graph = context.graph
    guard case .binary(let op) = graph[node].op, op.function == .mul || op.function == .add else { continue }
    let result = graph.result(node)
    for (normed, factor) in graph.eitherOrder(result, op.function) {
      guard graph.hasOneUse(normed), graph.type(of: normed) == graph.type(of: result),
        let producer = graph.producer(of: normed), readers.overlook(.lastDigit, of: result, in: graph),
        let parameters = NormParameters(of: graph[producer], in: graph),
        let operands = parameters.operands(after: op.function, factor, in: &context)
      else { continue }
      try context.rewrite(
        node, as: graph[producer].op, operands, named: producer,
        "made \(graph.describe(node)) a parameter of \(graph.describe(producer))")
      break
    }
  }
}

/// Which scale and bias a normalization takes and has.
private struct NormParameters {
  let existing: [ValueID]
  let input: Shape
  let shape: Shape
  /// The axes of x along which they lie.
  let axes: Range<Int>
  let takesBias: Bool

  init?(of node: Node, in graph: Graph) {
    existing = node.operands
    input = graph.shape(of: node.operands[0])
    switch node.op {
    case .layerNorm(let op):
      guard let axis = input.normalized(axis: op.axis) else { return nil }
      (axes, takesBias) = (axis..<input.rank, true)
    case .rmsNorm(let op):
      guard let axis = input.normalized(axis: op.axis) else { return nil }
      (axes, takesBias) = (axis..<input.rank, false)
    case .groupNorm: (axes, takesBias) = (1..<2, true)
    default: return nil
    }
    shape = Shape(Array(input.extents[axes]))
  }

  /// The node's operands with the product or sum taken in; nil if they can't be.
  func operands(after function: BinaryFunction, _ factor: ValueID, in context: inout PassContext)
    -> [ValueID]?
  {
    let graph = context.graph
    if function == .add && !takesBias { return nil }
    let wanted = function == .mul ? 1 : 2
    let isFirst = existing.count <= wanted && (function == .add || existing.count == 1)
    let fits = graph.shape(of: factor) == shape && axes.upperBound == input.rank
    guard graph.weight(factor) != nil else { return nil }
    if isFirst, fits { return padded(with: factor, wanted, in: &context) }

    guard let numbers = spread(factor, in: graph) else { return nil }
    let element = graph.type(of: factor).element
    if isFirst {
      let weight = context.addWeight(foldedFrom: factor, Tensor(numbers, shape: shape, element: element))
      return padded(with: weight, wanted, in: &context)
    }
    var result = existing
    for index in existing.indices.dropFirst() where function == .mul || index == 2 {
      guard let tensor = graph.constant(existing[index]) else { return nil }
      let combined = zip(tensor.floats, numbers).map { function == .mul ? $0 * $1 : $0 + $1 }
      let normal = tensor.element.normalRange
      let isSound = zip(combined, zip(tensor.floats, numbers)).allSatisfy { result, terms in
        let hasAllDigits = function == .add || min(abs(terms.0), abs(terms.1)) < normal.lowerBound
        return abs(result) <= normal.upperBound && (hasAllDigits || abs(result) >= normal.lowerBound)
      }
      guard isSound else { return nil }
      let weight = Tensor(combined, shape: shape, element: tensor.element)
      result[index] = context.addWeight(foldedFrom: existing[index], weight)
    }
    return result
  }

  /// The operands with the parameter appended, behind a scale of ones if it is a bias without a scale.
  private func padded(with parameter: ValueID, _ position: Int, in context: inout PassContext) -> [ValueID] {
    var result = existing
    if result.count < position {
      let ones = [Float](repeating: 1, count: shape.elementCount)
      let element = context.graph.type(of: parameter).element
      result.append(context.addWeight("ones", Tensor(ones, shape: shape, element: element)))
    }
    result.append(parameter)
    return result
  }

  /// A constant that broadcasts against x, as numbers over the parameters' shape; nil if it varies along
  /// other axes.
  private func spread(_ value: ValueID, in graph: Graph) -> [Float]? {
    guard let tensor = graph.constant(value), tensor.shape.rank <= input.rank else { return nil }
    let missing = input.rank - tensor.shape.rank
    for (index, extent) in tensor.shape.extents.enumerated() where extent != 1 {
      guard axes.contains(index + missing) else { return nil }
    }
    let numbers = tensor.floats
    // Read with the strides of the constant broadcast to x, along the parameters' axes only.
    let strides = tensor.shape.broadcastStrides(to: input)
    return (0..<shape.elementCount).map { flat in
      var (rest, offset) = (flat, 0)
      for axis in axes.reversed() {
        offset += rest % input[axis] * strides[axis]
        rest /= input[axis]
      }
      return numbers[offset]
    }
  }
}
