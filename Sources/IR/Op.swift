package import Tensors

/// The closed list of core ops. Adding one adds a struct in `Ops/`, a case here, and then the compiler lists
/// what is missing.
package enum Op: Hashable, Sendable {
  case unary(Unary)
  case binary(Binary)
  case select(Select)
  case cast(Cast)
  case elementwise(Elementwise)
  case matmul(MatMul)
  case conv(Conv)
  case convTranspose(ConvTranspose)
  case pool(Pool)
  case argPool(ArgPool)
  case reduce(Reduce)
  case argReduce(ArgReduce)
  case softmax(Softmax)
  case layerNorm(LayerNorm)
  case rmsNorm(RMSNorm)
  case groupNorm(GroupNorm)
  case batchNorm(BatchNorm)
  case lpNorm(LpNorm)
  case transpose(Transpose)
  case reshape(Reshape)
  case expand(Expand)
  case concat(Concat)
  case slice(Slice)
  case pad(Pad)
  case gather(Gather)
  case resize(Resize)
  case cumsum(CumSum)
  case scatter(Scatter)
  case topK(TopK)
  case nonZero(NonZero)
  case unique(Unique)
  case nms(NonMaxSuppression)
  case recurrent(Recurrent)
  case gridSample(GridSample)
  case roiAlign(RoiAlign)
  case matmulInteger(MatMulInteger)
  case convInteger(ConvInteger)
  case bitcast(Bitcast)
  case call(FunctionCall)
  case loop(Loop)
  case loopStep(LoopStep)

  /// The op's definition as an existential, for the few generic clients (printer, parser, evaluator).
  package var definition: any OpDefinition {
    switch self {
    case .unary(let op): op
    case .binary(let op): op
    case .select(let op): op
    case .cast(let op): op
    case .elementwise(let op): op
    case .matmul(let op): op
    case .conv(let op): op
    case .convTranspose(let op): op
    case .pool(let op): op
    case .argPool(let op): op
    case .reduce(let op): op
    case .argReduce(let op): op
    case .softmax(let op): op
    case .layerNorm(let op): op
    case .rmsNorm(let op): op
    case .groupNorm(let op): op
    case .batchNorm(let op): op
    case .lpNorm(let op): op
    case .transpose(let op): op
    case .reshape(let op): op
    case .expand(let op): op
    case .concat(let op): op
    case .slice(let op): op
    case .pad(let op): op
    case .gather(let op): op
    case .resize(let op): op
    case .cumsum(let op): op
    case .scatter(let op): op
    case .topK(let op): op
    case .nonZero(let op): op
    case .unique(let op): op
    case .nms(let op): op
    case .recurrent(let op): op
    case .gridSample(let op): op
    case .roiAlign(let op): op
    case .matmulInteger(let op): op
    case .convInteger(let op): op
    case .bitcast(let op): op
    case .call(let op): op
    case .loop(let op): op
    case .loopStep(let op): op
    }
  }

  /// The op's name in text.
  package var name: String { definition.name }

  /// Types of the results, or what is wrong.
  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    let types = try definition.infer(operands)
    for type in types {
      guard let count = type.shape.checkedCount, count <= Self.elementLimit else {
        throw OpError("result would be \(type), expected at most \(Self.elementLimit) elements")
      }
    }
    return types
  }

  /// The most elements that a result may have, so that sizes in bytes and sums of them never overflow.
  private static let elementLimit = 1 << 48

  /// Computes the results from operands that ``infer(_:)`` accepts.
  package func evaluate(_ operands: [Tensor]) throws(OpError) -> [Tensor] {
    let types = try infer(operands.map { TensorType($0.element, $0.shape) })
    return try definition.evaluate(operands, types)
  }

  /// Attributes that differ from their defaults, in schema order.
  package var writtenAttributes: [(name: String, value: AttributeValue)] { writtenAttributesOf(definition) }

  /// An op by its name with attributes set, or what is wrong with them.
  package static func make(_ name: String, _ attributes: [(name: String, value: AttributeValue)])
    throws(OpError) -> Op
  {
    guard let prototype = prototypes[name] else {
      let known = prototypes.keys.sorted()
      let advice =
        closest(to: name, in: known).map { "did you mean '\($0)'?" }
        ?? "the ops are \(known.joined(separator: ", "))"
      throw OpError("unknown op '\(name)'", advice: advice)
    }
    return try prototype.setting(attributes)
  }

  /// Every op by its name, with default attributes.
  package static let prototypes: [String: Op] = {
    var table: [String: Op] = [:]
    for function in UnaryFunction.allCases { table[function.rawValue] = .unary(Unary(function)) }
    for function in BinaryFunction.allCases { table[function.rawValue] = .binary(Binary(function)) }
    let others: [Op] = [
      .select(Select()), .cast(Cast()), .elementwise(Elementwise()), .matmul(MatMul()), .conv(Conv()),
      .convTranspose(ConvTranspose()), .pool(Pool()), .argPool(ArgPool()), .reduce(Reduce()),
      .argReduce(ArgReduce()),
      .softmax(Softmax()),
      .layerNorm(LayerNorm()), .rmsNorm(RMSNorm()), .groupNorm(GroupNorm()), .batchNorm(BatchNorm()),
      .lpNorm(LpNorm()), .transpose(Transpose()), .reshape(Reshape()), .expand(Expand()), .concat(Concat()),
      .slice(Slice()), .pad(Pad()), .gather(Gather()), .resize(Resize()), .cumsum(CumSum()),
      .scatter(Scatter()), .topK(TopK()), .nonZero(NonZero()), .unique(Unique()), .nms(NonMaxSuppression()),
      .recurrent(Recurrent()), .gridSample(GridSample()),
      .roiAlign(RoiAlign()),
      .matmulInteger(MatMulInteger()), .convInteger(ConvInteger()), .bitcast(Bitcast()),
      .call(FunctionCall()), .loop(Loop()),
    ]
    for op in others { table[op.name] = op }
    return table
  }()

  /// The op with the result types that its text states, which ops that run other functions can't infer.
  func stating(_ results: [TensorType]) -> Op {
    switch self {
    case .call(var op):
      op.results = results.map { $0.with($0.element) }
      return .call(op)
    case .loop(var op):
      op.results = results.map { $0.with($0.element) }
      return .loop(op)
    default: return self
    }
  }

  /// The function that the op runs; nil for all others.
  package var callee: String? {
    switch self {
    case .call(let op): op.function
    case .loop(let op): op.function
    default: nil
    }
  }

  private func setting(_ attributes: [(name: String, value: AttributeValue)]) throws(OpError) -> Op {
    switch self {
    case .unary(let op): .unary(try set(attributes, on: op))
    case .binary(let op): .binary(try set(attributes, on: op))
    case .select(let op): .select(try set(attributes, on: op))
    case .cast(let op): .cast(try set(attributes, on: op))
    case .elementwise(let op): .elementwise(try set(attributes, on: op))
    case .matmul(let op): .matmul(try set(attributes, on: op))
    case .conv(let op): .conv(try set(attributes, on: op))
    case .convTranspose(let op): .convTranspose(try set(attributes, on: op))
    case .pool(let op): .pool(try set(attributes, on: op))
    case .argPool(let op): .argPool(try set(attributes, on: op))
    case .reduce(let op): .reduce(try set(attributes, on: op))
    case .argReduce(let op): .argReduce(try set(attributes, on: op))
    case .softmax(let op): .softmax(try set(attributes, on: op))
    case .layerNorm(let op): .layerNorm(try set(attributes, on: op))
    case .rmsNorm(let op): .rmsNorm(try set(attributes, on: op))
    case .groupNorm(let op): .groupNorm(try set(attributes, on: op))
    case .batchNorm(let op): .batchNorm(try set(attributes, on: op))
    case .lpNorm(let op): .lpNorm(try set(attributes, on: op))
    case .transpose(let op): .transpose(try set(attributes, on: op))
    case .reshape(let op): .reshape(try set(attributes, on: op))
    case .expand(let op): .expand(try set(attributes, on: op))
    case .concat(let op): .concat(try set(attributes, on: op))
    case .slice(let op): .slice(try set(attributes, on: op))
    case .pad(let op): .pad(try set(attributes, on: op))
    case .gather(let op): .gather(try set(attributes, on: op))
    case .resize(let op): .resize(try set(attributes, on: op))
    case .cumsum(let op): .cumsum(try set(attributes, on: op))
    case .scatter(let op): .scatter(try set(attributes, on: op))
    case .topK(let op): .topK(try set(attributes, on: op))
    case .nonZero(let op): .nonZero(try set(attributes, on: op))
    case .unique(let op): .unique(try set(attributes, on: op))
    case .nms(let op): .nms(try set(attributes, on: op))
    case .recurrent(let op): .recurrent(try set(attributes, on: op))
    case .gridSample(let op): .gridSample(try set(attributes, on: op))
    case .roiAlign(let op): .roiAlign(try set(attributes, on: op))
    case .matmulInteger(let op): .matmulInteger(try set(attributes, on: op))
    case .convInteger(let op): .convInteger(try set(attributes, on: op))
    case .bitcast(let op): .bitcast(try set(attributes, on: op))
    case .call(let op): .call(try set(attributes, on: op))
    case .loop(let op): .loop(try set(attributes, on: op))
    case .loopStep: throw OpError("'loop_step' can't be written; write 'loop'")
    }
  }
}

private func writtenAttributesOf<Definition: OpDefinition>(
  _ op: Definition
) -> [(name: String, value: AttributeValue)] {
  let standard = op.default
  return op.attributes.compactMap { attribute in
    // Compared as text, in which −0 is not 0.
    guard let value = attribute.get(op), value.text != attribute.get(standard)?.text else { return nil }
    return (attribute.name, value)
  }
}

private func set<Definition: OpDefinition>(
  _ attributes: [(name: String, value: AttributeValue)], on op: Definition
) throws(OpError) -> Definition {
  var result = op
  let schema = op.attributes
  for (name, value) in attributes {
    guard let attribute = schema.first(where: { $0.name == name }) else {
      let known = schema.map(\.name).joined(separator: ", ")
      throw OpError(
        "'\(op.name)' has no attribute '\(name)'", advice: known.isEmpty ? "it has none" : "it has \(known)")
    }
    guard attribute.set(&result, value) else { throw OpError("attribute '\(name)' can't be \(value.text)") }
  }
  return result
}
