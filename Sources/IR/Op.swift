package import Tensors

/// The closed list of core ops. Adding one adds a struct in `Ops/`, a case here and its place in ``others``, and
/// then the compiler lists what else there is to say of it.
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
  case convTransposeInteger(ConvTransposeInteger)
  case quantize(Quantize)
  case dequantize(Dequantize)
  case rescale(Rescale)
  case lookup(Lookup)
  case addInteger(AddInteger)
  case mulInteger(MulInteger)
  case reduceInteger(ReduceInteger)
  case poolInteger(PoolInteger)
  case softmaxInteger(SoftmaxInteger)
  case normInteger(NormInteger)
  case recurrentInteger(RecurrentInteger)
  case unpack(Unpack)
  case palette(Palette)
  case bitcast(Bitcast)
  case call(FunctionCall)
  case loop(Loop)
  case loopStep(LoopStep)

  /// The op's definition as an existential, for the few generic clients (printer, parser, evaluator).
  package var definition: any OpDefinition { content.definition }

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
    return try prototype.content.setting(attributes)
  }

  /// Every op that text can name, by its name, with default attributes.
  package static let prototypes: [String: Op] = Dictionary(
    uniqueKeysWithValues: (functions + others).map { ($0.name, $0) })

  /// The op with the result types that its text states, which ops that run other functions can't infer.
  func stating(_ results: [TensorType]) -> Op {
    switch self {
    case .call(var op):
      op.results = results
      return .call(op)
    case .loop(var op):
      op.results = results
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
}

extension Op {
  /// The op's struct, and how to make an op of it.
  private var content: any OpContent {
    switch self {
    case .unary(let op): Content(op, Op.unary)
    case .binary(let op): Content(op, Op.binary)
    case .select(let op): Content(op, Op.select)
    case .cast(let op): Content(op, Op.cast)
    case .elementwise(let op): Content(op, Op.elementwise)
    case .matmul(let op): Content(op, Op.matmul)
    case .conv(let op): Content(op, Op.conv)
    case .convTranspose(let op): Content(op, Op.convTranspose)
    case .pool(let op): Content(op, Op.pool)
    case .argPool(let op): Content(op, Op.argPool)
    case .reduce(let op): Content(op, Op.reduce)
    case .argReduce(let op): Content(op, Op.argReduce)
    case .softmax(let op): Content(op, Op.softmax)
    case .layerNorm(let op): Content(op, Op.layerNorm)
    case .rmsNorm(let op): Content(op, Op.rmsNorm)
    case .groupNorm(let op): Content(op, Op.groupNorm)
    case .batchNorm(let op): Content(op, Op.batchNorm)
    case .lpNorm(let op): Content(op, Op.lpNorm)
    case .transpose(let op): Content(op, Op.transpose)
    case .reshape(let op): Content(op, Op.reshape)
    case .expand(let op): Content(op, Op.expand)
    case .concat(let op): Content(op, Op.concat)
    case .slice(let op): Content(op, Op.slice)
    case .pad(let op): Content(op, Op.pad)
    case .gather(let op): Content(op, Op.gather)
    case .resize(let op): Content(op, Op.resize)
    case .cumsum(let op): Content(op, Op.cumsum)
    case .scatter(let op): Content(op, Op.scatter)
    case .topK(let op): Content(op, Op.topK)
    case .nonZero(let op): Content(op, Op.nonZero)
    case .unique(let op): Content(op, Op.unique)
    case .nms(let op): Content(op, Op.nms)
    case .recurrent(let op): Content(op, Op.recurrent)
    case .gridSample(let op): Content(op, Op.gridSample)
    case .roiAlign(let op): Content(op, Op.roiAlign)
    case .matmulInteger(let op): Content(op, Op.matmulInteger)
    case .convInteger(let op): Content(op, Op.convInteger)
    case .convTransposeInteger(let op): Content(op, Op.convTransposeInteger)
    case .quantize(let op): Content(op, Op.quantize)
    case .dequantize(let op): Content(op, Op.dequantize)
    case .rescale(let op): Content(op, Op.rescale)
    case .lookup(let op): Content(op, Op.lookup)
    case .addInteger(let op): Content(op, Op.addInteger)
    case .mulInteger(let op): Content(op, Op.mulInteger)
    case .reduceInteger(let op): Content(op, Op.reduceInteger)
    case .poolInteger(let op): Content(op, Op.poolInteger)
    case .softmaxInteger(let op): Content(op, Op.softmaxInteger)
    case .normInteger(let op): Content(op, Op.normInteger)
    case .recurrentInteger(let op): Content(op, Op.recurrentInteger)
    case .unpack(let op): Content(op, Op.unpack)
    case .palette(let op): Content(op, Op.palette)
    case .bitcast(let op): Content(op, Op.bitcast)
    case .call(let op): Content(op, Op.call)
    case .loop(let op): Content(op, Op.loop)
    case .loopStep(let op): Content(op, Op.loopStep)
    }
  }

  /// The ops that text can name, with default attributes.
  private static let functions: [Op] =
    UnaryFunction.allCases.map { Op.unary(Unary($0)) } + BinaryFunction.allCases.map { Op.binary(Binary($0)) }
  private static let others: [Op] = [
    .select(Select()),
    .cast(Cast()),
    .elementwise(Elementwise()),
    .matmul(MatMul()),
    .conv(Conv()),
    .convTranspose(ConvTranspose()),
    .pool(Pool()),
    .argPool(ArgPool()),
    .reduce(Reduce()),
    .argReduce(ArgReduce()),
    .softmax(Softmax()),
    .layerNorm(LayerNorm()),
    .rmsNorm(RMSNorm()),
    .groupNorm(GroupNorm()),
    .batchNorm(BatchNorm()),
    .lpNorm(LpNorm()),
    .transpose(Transpose()),
    .reshape(Reshape()),
    .expand(Expand()),
    .concat(Concat()),
    .slice(Slice()),
    .pad(Pad()),
    .gather(Gather()),
    .resize(Resize()),
    .cumsum(CumSum()),
    .scatter(Scatter()),
    .topK(TopK()),
    .nonZero(NonZero()),
    .unique(Unique()),
    .nms(NonMaxSuppression()),
    .recurrent(Recurrent()),
    .gridSample(GridSample()),
    .roiAlign(RoiAlign()),
    .matmulInteger(MatMulInteger()),
    .convInteger(ConvInteger()),
    .convTransposeInteger(ConvTransposeInteger()),
    .quantize(Quantize()),
    .dequantize(Dequantize()),
    .rescale(Rescale()),
    .lookup(Lookup()),
    .addInteger(AddInteger()),
    .mulInteger(MulInteger()),
    .reduceInteger(ReduceInteger()),
    .poolInteger(PoolInteger()),
    .softmaxInteger(SoftmaxInteger()),
    .normInteger(NormInteger()),
    .recurrentInteger(RecurrentInteger()),
    .unpack(Unpack()),
    .palette(Palette()),
    .bitcast(Bitcast()),
    .call(FunctionCall()),
    .loop(Loop()),
  ]
}

/// What a case of ``Op`` holds, whatever its struct.
private protocol OpContent {
  associatedtype Definition: OpDefinition
  var definition: Definition { get }
  /// The op of another struct of this kind.
  var wrap: (Definition) -> Op { get }
}

private struct Content<Definition: OpDefinition>: OpContent {
  let definition: Definition
  let wrap: (Definition) -> Op

  init(_ definition: Definition, _ wrap: @escaping (Definition) -> Op) {
    self.definition = definition
    self.wrap = wrap
  }
}

extension OpContent {
  /// The op with attributes set, or what is wrong with them.
  func setting(_ attributes: [(name: String, value: AttributeValue)]) throws(OpError) -> Op {
    var definition = definition
    let schema = definition.attributes
    for (name, value) in attributes {
      guard let attribute = schema.first(where: { $0.name == name }) else {
        let known = schema.map(\.name).joined(separator: ", ")
        throw OpError(
          "'\(definition.name)' has no attribute '\(name)'",
          advice: known.isEmpty ? "it has none" : "it has \(known)")
      }
      guard attribute.set(&definition, value) else {
        throw OpError("attribute '\(name)' can't be \(value.text)")
      }
    }
    return wrap(definition)
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
