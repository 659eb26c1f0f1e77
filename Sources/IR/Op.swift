package import Tensors

/// The closed list of core ops. Adding one adds a struct in `Ops/`, a case here with its row in ``kinds``, and then
/// the compiler lists what other layers have to say of it.
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
  case bitcast(Bitcast)
  case call(FunctionCall)
  case loop(Loop)
  case loopStep(LoopStep)

  /// The op's definition as an existential, for the few generic clients (printer, parser, evaluator).
  package var definition: any OpDefinition {
    for kind in Self.kinds { if let definition = kind.definition(of: self) { return definition } }
    preconditionFailure("a case of Op has no row in Op.kinds")
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
    for kind in kinds { if let op = try kind.setting(attributes, on: prototype) { return op } }
    return prototype
  }

  /// Every op by its name, with default attributes.
  package static let prototypes: [String: Op] = Dictionary(
    uniqueKeysWithValues: kinds.flatMap(\.prototypes).map { ($0.name, $0) })

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
  /// Every case once more: what text can write of it, and how it wraps its struct. Common ones come first, as they
  /// are looked for in order.
  private static let kinds: [any OpKind] = [
    Kind(UnaryFunction.allCases.map { Unary($0) }, Op.unary) {
      if case .unary(let op) = $0 { op } else { nil }
    },
    Kind(BinaryFunction.allCases.map { Binary($0) }, Op.binary) {
      if case .binary(let op) = $0 { op } else { nil }
    },
    Kind([Select()], Op.select) { if case .select(let op) = $0 { op } else { nil } },
    Kind([Cast()], Op.cast) { if case .cast(let op) = $0 { op } else { nil } },
    Kind([Elementwise()], Op.elementwise) { if case .elementwise(let op) = $0 { op } else { nil } },
    Kind([MatMul()], Op.matmul) { if case .matmul(let op) = $0 { op } else { nil } },
    Kind([Conv()], Op.conv) { if case .conv(let op) = $0 { op } else { nil } },
    Kind([ConvTranspose()], Op.convTranspose) { if case .convTranspose(let op) = $0 { op } else { nil } },
    Kind([Pool()], Op.pool) { if case .pool(let op) = $0 { op } else { nil } },
    Kind([ArgPool()], Op.argPool) { if case .argPool(let op) = $0 { op } else { nil } },
    Kind([Reduce()], Op.reduce) { if case .reduce(let op) = $0 { op } else { nil } },
    Kind([ArgReduce()], Op.argReduce) { if case .argReduce(let op) = $0 { op } else { nil } },
    Kind([Softmax()], Op.softmax) { if case .softmax(let op) = $0 { op } else { nil } },
    Kind([LayerNorm()], Op.layerNorm) { if case .layerNorm(let op) = $0 { op } else { nil } },
    Kind([RMSNorm()], Op.rmsNorm) { if case .rmsNorm(let op) = $0 { op } else { nil } },
    Kind([GroupNorm()], Op.groupNorm) { if case .groupNorm(let op) = $0 { op } else { nil } },
    Kind([BatchNorm()], Op.batchNorm) { if case .batchNorm(let op) = $0 { op } else { nil } },
    Kind([LpNorm()], Op.lpNorm) { if case .lpNorm(let op) = $0 { op } else { nil } },
    Kind([Transpose()], Op.transpose) { if case .transpose(let op) = $0 { op } else { nil } },
    Kind([Reshape()], Op.reshape) { if case .reshape(let op) = $0 { op } else { nil } },
    Kind([Expand()], Op.expand) { if case .expand(let op) = $0 { op } else { nil } },
    Kind([Concat()], Op.concat) { if case .concat(let op) = $0 { op } else { nil } },
    Kind([Slice()], Op.slice) { if case .slice(let op) = $0 { op } else { nil } },
    Kind([Pad()], Op.pad) { if case .pad(let op) = $0 { op } else { nil } },
    Kind([Gather()], Op.gather) { if case .gather(let op) = $0 { op } else { nil } },
    Kind([Resize()], Op.resize) { if case .resize(let op) = $0 { op } else { nil } },
    Kind([CumSum()], Op.cumsum) { if case .cumsum(let op) = $0 { op } else { nil } },
    Kind([Scatter()], Op.scatter) { if case .scatter(let op) = $0 { op } else { nil } },
    Kind([TopK()], Op.topK) { if case .topK(let op) = $0 { op } else { nil } },
    Kind([NonZero()], Op.nonZero) { if case .nonZero(let op) = $0 { op } else { nil } },
    Kind([Unique()], Op.unique) { if case .unique(let op) = $0 { op } else { nil } },
    Kind([NonMaxSuppression()], Op.nms) { if case .nms(let op) = $0 { op } else { nil } },
    Kind([Recurrent()], Op.recurrent) { if case .recurrent(let op) = $0 { op } else { nil } },
    Kind([GridSample()], Op.gridSample) { if case .gridSample(let op) = $0 { op } else { nil } },
    Kind([RoiAlign()], Op.roiAlign) { if case .roiAlign(let op) = $0 { op } else { nil } },
    Kind([MatMulInteger()], Op.matmulInteger) { if case .matmulInteger(let op) = $0 { op } else { nil } },
    Kind([ConvInteger()], Op.convInteger) { if case .convInteger(let op) = $0 { op } else { nil } },
    Kind([ConvTransposeInteger()], Op.convTransposeInteger) {
      if case .convTransposeInteger(let op) = $0 { op } else { nil }
    },
    Kind([Quantize()], Op.quantize) { if case .quantize(let op) = $0 { op } else { nil } },
    Kind([Dequantize()], Op.dequantize) { if case .dequantize(let op) = $0 { op } else { nil } },
    Kind([Rescale()], Op.rescale) { if case .rescale(let op) = $0 { op } else { nil } },
    Kind([Bitcast()], Op.bitcast) { if case .bitcast(let op) = $0 { op } else { nil } },
    Kind([FunctionCall()], Op.call) { if case .call(let op) = $0 { op } else { nil } },
    Kind([Loop()], Op.loop) { if case .loop(let op) = $0 { op } else { nil } },
    Kind([], Op.loopStep) { if case .loopStep(let op) = $0 { op } else { nil } },
  ]
}

/// One case of ``Op``, whatever its struct.
private protocol OpKind: Sendable {
  /// The ops of this case that text can name, with default attributes.
  var prototypes: [Op] { get }
  /// The op's struct; nil for an op of another case.
  func definition(of op: Op) -> (any OpDefinition)?
  /// The op with attributes set, or what is wrong with them; nil for an op of another case.
  func setting(_ attributes: [(name: String, value: AttributeValue)], on op: Op) throws(OpError) -> Op?
}

private struct Kind<Definition: OpDefinition>: OpKind {
  let prototypes: [Op]
  private let wrap: @Sendable (Definition) -> Op
  private let unwrap: @Sendable (Op) -> Definition?

  init(
    _ prototypes: [Definition], _ wrap: @escaping @Sendable (Definition) -> Op,
    unwrap: @escaping @Sendable (Op) -> Definition?
  ) {
    self.prototypes = prototypes.map(wrap)
    self.wrap = wrap
    self.unwrap = unwrap
  }

  func definition(of op: Op) -> (any OpDefinition)? { unwrap(op) }

  func setting(_ attributes: [(name: String, value: AttributeValue)], on op: Op) throws(OpError) -> Op? {
    guard var definition = unwrap(op) else { return nil }
    let schema = definition.attributes
    for (name, value) in attributes {
      guard let attribute = schema.first(where: { $0.name == name }) else {
        let known = schema.map(\.name).joined(separator: ", ")
        throw OpError(
          "'\(op.name)' has no attribute '\(name)'", advice: known.isEmpty ? "it has none" : "it has \(known)"
        )
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
