import IR
import Tensors

/// A convolution or matrix product of dequantized operands as sums of integer products, which are dequantized:
///
///     %c = conv %a, %b        ->      %0 = conv_integer %q, @w, @z, @wz; %c = dequantize %0, @scale, @zero {axis = 1}
///
/// The first operand has one scale, the second one scale or one for each output channel. A bias becomes integers in steps
/// of the sums, or is added to the numbers where it can't. Matrices that the product transposes are transposed before.
@Sendable func useIntegerProduct(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  guard let product = Product(node, in: context.graph) else { return false }
  try product.write(to: &context)
  return true
}

private struct Product {
  private let node: NodeID
  private let op: Op
  private let x: DequantizedValue
  private let w: DequantizedValue
  /// Which of the operands' matrices are transposed.
  private let transposes: (x: Bool, w: Bool)
  private let bias: ValueID?

  init?(_ id: NodeID, in graph: Graph) {
    let node = graph[id]
    let channelAxis: Int
    switch node.op {
    case .conv(let conv) where conv.activation == nil:
      op = .convInteger(ConvInteger(conv.window, group: conv.group))
      channelAxis = 0
      transposes = (false, false)
    case .convTranspose(let conv) where conv.activation == nil:
      op = .convTransposeInteger(
        ConvTransposeInteger(conv.window, group: conv.group, outputPadding: conv.outputPadding))
      // [inputs, outputs of a group, kernel..]: only with one group, or one output each, is an axis that of the channels.
      let w = graph.shape(of: node.operands[1])
      channelAxis = conv.group == 1 ? 1 : w[1] == 1 ? 0 : w.rank
      transposes = (false, false)
    case .matmul(let matmul) where matmul.activation == nil:
      op = .matmulInteger(MatMulInteger())
      channelAxis = graph.shape(of: node.operands[1]).rank - (matmul.transposeB ? 2 : 1)
      transposes = (matmul.transposeA, matmul.transposeB)
    default: return nil
    }
    guard let x = graph.dequantized(node.operands[0]), let w = graph.dequantized(node.operands[1]),
      x.steps.isWhole, w.steps.isWhole || w.steps.axis == channelAxis
    else { return nil }
    // Not all pairs of integer types have a product.
    let (shapes, zeros) = (
      [x, w].map { graph.type(of: $0.integers) }, [x, w].map { graph.type(of: $0.zero) }
    )
    let operands = zip(shapes, [transposes.x, transposes.w]).map { $1 ? $0.with($0.shape.swappingLast) : $0 }
    guard (try? op.infer(operands + zeros)) != nil else { return nil }
    self.node = id
    self.x = x
    self.w = w
    bias = node.operands.count == 3 ? node.operands[2] : nil
  }

  func write(to context: inout PassContext) throws(Diagnostic) {
    let description = "computed \(context.graph.describe(node)) on integers"
    let name = context.graph[node].name
    let scales = w.steps.scales.map { Double($0) * Double(x.steps.scales[0]) }
    var operands = [
      transposes.x ? try swapped(x.integers, &context) : x.integers,
      transposes.w ? try swapped(w.integers, &context) : w.integers, x.zero, w.zero,
    ]
    var addend = bias
    if let bias,
      let integers = IntegerBias(bias, steps: scales, channels: channels(context.graph), in: context.graph)
    {
      operands.append(integers.value(name, &context))
      addend = nil
    }
    let sums = try context.insert(op, operands, before: node)
    let shape: Shape = scales.count == 1 ? [] : [scales.count]
    let steps = [
      context.addWeight(name + ".scale", Tensor(scales.map { Float($0) }, shape: shape)),
      context.addWeight(name + ".zero", Tensor(zeros: .i32, shape)),
    ]
    let numbers = Op.dequantize(Dequantize(Granularity(axis: op.sumAxis)))
    guard let addend else { return try context.rewrite(node, as: numbers, [sums] + steps, description) }
    let product = try context.insert(numbers, [sums] + steps, before: node)
    let fitted = try fit(addend, to: product, &context)
    try context.rewrite(node, as: .binary(Binary(.add)), [product, fitted], description)
  }

  private func channels(_ graph: Graph) -> Int {
    let shape = graph.shape(of: graph.result(node))
    return shape[op.sumAxis < 0 ? shape.rank - 1 : op.sumAxis]
  }

  /// A bias in a shape that broadcasts to the product.
  private func fit(_ bias: ValueID, to product: ValueID, _ context: inout PassContext) throws(Diagnostic)
    -> ValueID
  {
    if case .matmulInteger = op { return bias }
    let extents = context.graph.shape(of: bias).extents
    let ones = [Int](repeating: 1, count: context.graph.shape(of: product).rank - 2)
    return try context.insert(.reshape(Reshape(extents + ones)), [bias], before: node)
  }

  private func swapped(_ matrices: ValueID, _ context: inout PassContext) throws(Diagnostic) -> ValueID {
    var axes = Array(context.graph.shape(of: matrices).indices)
    axes.swapAt(axes.count - 1, axes.count - 2)
    let transpose = Op.transpose(Transpose(axes))
    if let tensor = context.graph.constant(matrices), let result = try? transpose.evaluate([tensor])[0] {
      return context.addWeight(foldedFrom: matrices, result)
    }
    return try context.insert(transpose, [matrices], before: node)
  }
}

extension Op {
  /// The axis of an integer product's channels, each of which may have steps of its own.
  var sumAxis: Int {
    if case .matmulInteger = self { return -1 }
    return 1
  }

  /// The op with another rescaling of its sums; nil of what is no integer product.
  func rescaling(_ rescaling: Rescaling) -> Op? {
    switch self {
    case .convInteger(var op):
      op.rescaling = rescaling
      return .convInteger(op)
    case .convTransposeInteger(var op):
      op.rescaling = rescaling
      return .convTransposeInteger(op)
    case .matmulInteger: return .matmulInteger(MatMulInteger(rescaling))
    default: return nil
    }
  }
}

/// A bias of integer sums.
struct IntegerBias {
  private enum Source {
    case value(ValueID)
    case computed(Tensor)
  }
  private let source: Source

  /// Integers in `steps` of the sums, one or one for each channel: those that are dequantized by the same steps, or the
  /// nearest to constant numbers. Nil if the bias is neither or differs within a channel.
  init?(_ bias: ValueID, steps: [Double], channels: Int, in graph: Graph) {
    guard graph.shape(of: bias) == [channels] else { return nil }
    if let known = graph.dequantized(bias), known.steps.element == .i32, known.steps.zero == 0,
      known.steps.isWhole || known.steps.scales.count == channels,
      (0..<max(steps.count, known.steps.scales.count)).allSatisfy({ index in
        let own = Double(known.steps.scales[known.steps.isWhole ? 0 : index])
        let step = steps[steps.count == 1 ? 0 : index]
        return abs(own - step) <= 1e-6 * step
      })
    {
      source = .value(known.integers)
      return
    }
    guard let numbers = graph.numbers(bias)?.floats,
      let integers = Self.integers(numbers.map { Double($0) }, steps: steps)
    else { return nil }
    source = .computed(integers)
  }

  /// Those of numbers for each channel added to a bias of integers, if any.
  init?(_ numbers: [Double], steps: [Double], onto bias: Tensor?) {
    guard var integers = Self.integers(numbers, steps: steps) else { return nil }
    if let bias {
      let sums = zip(integers.integers, bias.integers).map { $0 + $1 }
      guard sums.allSatisfy({ abs($0) <= 1 << 30 }) else { return nil }
      integers = Tensor(sums, shape: integers.shape, element: .i32)
    }
    source = .computed(integers)
  }

  /// Nil where 31 bits don't hold them.
  private static func integers(_ numbers: [Double], steps: [Double]) -> Tensor? {
    let integers = numbers.enumerated().map { index, number in
      (number / steps[steps.count == 1 ? 0 : index]).rounded(.toNearestOrEven)
    }
    guard integers.allSatisfy({ abs($0) <= 0x1p30 }) else { return nil }
    return Tensor(integers.map { Int64($0) }, shape: [numbers.count], element: .i32)
  }

  /// The operand, as a weight named after a node where it is computed.
  func value(_ name: String, _ context: inout PassContext) -> ValueID {
    switch source {
    case .value(let value): return value
    case .computed(let tensor): return context.addWeight(name + ".bias", tensor)
    }
  }
}

/// Adds constants to the sums of an integer product rather than to what they stand for.
///
///     %c = dequantize %0, @scale, @zero {axis = 1}         ->      %0 = conv_integer %q, @w, @z, @wz, @bias
///     %y = add %c, @b                                              %y = dequantize %0, @scale, @zero {axis = 1}
@Sendable func foldIntegerBias(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  let entry = graph[node]
  let isDifference: Bool
  switch entry.op {
  case .binary(let op) where op.function == .add: isDifference = false
  case .binary(let op) where op.function == .sub: isDifference = true
  default: return false
  }
  for (sum, addend) in isDifference ? [(0, 1)] : [(0, 1), (1, 0)] {
    let value = entry.operands[sum]
    guard let sums = IntegerSums(value, in: graph), sums.isOnlyReader, graph.hasOneUse(value),
      graph.shape(of: value) == graph.shape(of: entry.results[0]),
      sums.operands.count < 5 || graph.constant(sums.operands[4]) != nil,
      let numbers = graph.channels(
        entry.operands[addend], along: sums.channelAxis, of: graph.shape(of: value)),
      let bias = IntegerBias(
        isDifference ? numbers.map { -$0 } : numbers, steps: sums.scales.map { Double($0) },
        onto: sums.operands.count == 5 ? graph.constant(sums.operands[4]) : nil),
      let dequantize = graph.node(value)
    else { continue }
    let operands = sums.operands.prefix(4) + [bias.value(graph[sums.product].name, &context)]
    let result = try context.insert(
      graph[sums.product].op, Array(operands), before: node, named: sums.product)
    try context.rewrite(
      node, as: dequantize.op, [result] + dequantize.operands.dropFirst(),
      "folded \(graph.describe(node)) into the bias of \(graph.describe(sums.product))")
    return true
  }
  return false
}

extension Graph {
  /// A constant as one number for each index of an axis.
  fileprivate func channels(_ value: ValueID, along axis: Int, of shape: Shape) -> [Double]? {
    if constant(value) != nil { return vector(value, along: axis, of: shape) }
    guard let tensor = numbers(value) else { return nil }
    var constants = Graph(name: "")
    return constants.vector(constants.addWeight("", tensor), along: axis, of: shape)
  }
}

/// i32 sums of an integer product, and the steps by which they are dequantized.
struct IntegerSums {
  let product: NodeID
  let operands: [ValueID]
  /// One, or one for each channel.
  let scales: [Float]
  /// Counted from 0.
  let channelAxis: Int
  /// Whether nothing else reads the sums than what dequantizes them.
  let isOnlyReader: Bool

  /// Of a value that is dequantized.
  init?(_ value: ValueID, in graph: Graph) {
    guard let known = graph.dequantized(value), known.steps.element == .i32, known.steps.zero == 0,
      let product = graph.producer(of: known.integers), graph[product].op.rescaling(Rescaling()) != nil,
      graph[product].operands.count <= 5,
      let axis = graph.shape(of: known.integers).normalized(axis: graph[product].op.sumAxis),
      known.steps.isWhole || known.steps.axis == axis
    else { return nil }
    self.product = product
    operands = graph[product].operands
    scales = known.steps.scales
    channelAxis = axis
    isOnlyReader = graph.hasOneUse(known.integers)
  }
}
