import IR
import Tensors

/// What a layer alone does to the outputs, by how it is computed.
struct LayerNoise {
  let graph: Graph
  let functions: [Graph]
  /// All layers on integers of 8 bits.
  let plan: QuantizationPlan
  let weights: StoredWeights

  /// The results of a layer that reads what the source computes.
  func results(
    of node: NodeID, _ option: LayerOption, _ outputs: OutputNoise
  ) throws(Diagnostic) -> [Tensor] {
    let operands = try graph[node].operands.map { (value) throws(Diagnostic) in try outputs.exact(value) }
    if option.format.isFloating {
      return try floating(node, option.format, operands)
    }
    if let product = Product(node, in: graph) {
      return [try integer(product, option, operands, outputs)]
    }
    if let layer = RecurrentLayer(node, in: graph), let integers = plan.recurrents[node] {
      let states = Array(operands[3..<(3 + layer.states.count)])
      return try integers.evaluate(
        gates: integers.gates.nearest(operands[0]), states: states,
        lengths: layer.lengths == nil ? nil : operands.last)
    }
    let rounded = operands.enumerated().map { index, tensor in
      guard graph.isProductOperand(node, index), let form = plan.narrow[graph[node].operands[index]] else {
        return tensor
      }
      return form.nearest(tensor)
    }
    return try graph.evaluate(node, rounded, functions: functions)
  }

  private func floating(
    _ node: NodeID, _ format: LayerFormat, _ operands: [Tensor]
  ) throws(Diagnostic) -> [Tensor] {
    var operands = operands
    if let weight = weights[node, format] { operands[weight.operand] = weight.numbers }
    return try graph.evaluate(node, operands, functions: functions)
  }

  private func integer(
    _ product: Product, _ option: LayerOption, _ operands: [Tensor], _ outputs: OutputNoise
  ) throws(Diagnostic) -> Tensor {
    if let split = plan.recurrentInputs[product.node] { return try split.evaluate(operands[0]) }
    let bias = product.bias.flatMap { graph.constant($0) }
    guard let form = plan.narrow[product.input], let quantized = plan.products[product.node] else {
      return try product.evaluate(operands[0], operands[1], bias: bias)
    }
    let isInTwoBytes = option.input == .twoBytes || option.format == .twoBytes
    let input = isInTwoBytes ? form.nearestInTwoBytes(operands[0]) : form.nearest(operands[0])
    let result = try product.evaluate(input, quantized.weights.numbers, bias: bias)
    guard plan.decisions.variant.correctsBias else { return result }
    return product.centered(result, on: try outputs.exact(graph[product.node].results[0]))
  }
}

extension Product {
  /// A result without the mean error of each channel, of which the bias takes care. Of few places the mean would be the error itself.
  func centered(_ result: Tensor, on exact: Tensor) -> Tensor {
    guard exact.elementCount >= 16 * exact.shape[resultAxis] else { return result }
    var correction = BiasCorrection(channels: exact.shape[resultAxis], axis: resultAxis)
    correction.add(exact: exact, quantized: result, weights: nil)
    return result.shifted(by: correction.correction, axis: resultAxis)
  }
}
