import IR
import Tensors

extension ONNXTranslator {
  /// Attention whose scores and probabilities pass through graphs of the model's own. Arithmetic is in fp32.
  mutating func flexAttention(
    _ context: ONNXNodeContext, _ outer: ONNXEnvironment, _ frame: ONNXFrame
  ) throws -> [ONNXBinding] {
    let (query, key, value) = (try context.input(0), try context.input(1), try context.input(2))
    let (q, k, v) = (query.shape, key.shape, value.shape)
    guard q.rank == 4, k.rank == 4, v.rank == 4, q[0] == k[0], k[0] == v[0], k[1] == v[1], k[2] == v[2],
      q[3] == k[3], k[1] > 0, q[1] % k[1] == 0
    else {
      throw Finding(
        "queries are \(q), keys \(k) and values \(v)",
        expected: "[batch, heads, positions, width] with query heads in whole groups for each key head")
    }
    let standard = 1 / Double(max(1, q[3])).squareRoot()
    let scaled = try context.affine(
      try context.cast(query, .f32), scale: try context.float("scale", standard))
    // Query heads that share a key head are further rows of one product.
    let rows = [q[0], k[1], q[1] / k[1] * q[2]]
    let product = try context.emit(
      .matmul(MatMul(transposeB: true)),
      [try context.reshape(scaled, rows + [q[3]]), try context.cast(key, .f32)])
    let shape = [q[0], q[1], q[2], k[2]]
    let precision = try softmaxPrecision(context)
    let scores = try modified(
      try context.cast(try context.reshape(product, shape), precision), by: "score_mod", context, outer, frame
    )
    guard let scores else { return [] }
    let softmax = try context.emit(.softmax(Softmax(axis: 3)), [scores])
    guard let weights = try modified(softmax, by: "prob_mod", context, outer, frame) else { return [] }
    let wide = try context.reshape(try context.cast(weights, .f32), rows + [k[2]])
    let sums = try context.emit(.matmul(MatMul()), [wide, try context.cast(value, .f32)])
    let result = try context.reshape(sums, [q[0], q[1], q[2], v[3]])
    return [.operand(try context.cast(result, value.element))]
  }

  private func softmaxPrecision(_ context: ONNXNodeContext) throws(Finding) -> ElementType {
    guard let number = try context.optionalInt("softmax_precision") else { return .f32 }
    guard let element = ONNXElementType.element(Int64(number)), element.isFloat else {
      throw Finding(
        "softmax_precision is \(ONNXElementType.name(Int64(number)))", expected: "a floating-point type")
    }
    return element
  }

  /// What a nested graph of one input and one output makes of the operand; the operand if there is no graph,
  /// nil if it could not be translated.
  private mutating func modified(
    _ operand: ONNXOperand, by name: String, _ context: ONNXNodeContext, _ outer: ONNXEnvironment,
    _ frame: ONNXFrame
  ) throws -> ONNXOperand? {
    guard context.has(name) else { return operand }
    let graph = try context.graph(name)
    guard graph.inputs.count == 1, graph.outputs.count == 1 else {
      throw Finding("\(name) has \(graph.inputs.count) inputs", expected: "one, and one output")
    }
    var environment = outer
    environment[graph.inputs[0].name] = .operand(operand)
    var inner = try nested(frame, in: context.node, name)
    inner.prefix += "\(name)/"
    guard case .operand(let result)? = try results(of: graph, environment, inner).first else { return nil }
    guard result.type == operand.type else {
      throw Finding("\(name) gives \(result.type)", expected: "\(operand.type), as it takes")
    }
    return result
  }
}
