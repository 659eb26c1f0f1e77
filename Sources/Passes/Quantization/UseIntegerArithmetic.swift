import IR
import Tensors

/// Computes convolutions and matrix products of dequantized operands whose results are quantized again on the integers,
/// and rescales sums by multiplier and shift.
///
///     %a = dequantize %q, @s, @z                   ->      %y = conv_integer %q, @w, @z, @wz, @multiplier, @shift, @yz
///     %b = dequantize @w, @ws, @wz {axis = 0}                   {min = 3}
///     %c = conv %a, %b
///     %d = relu %c
///     %y = quantize %d, @ys, @yz
///
/// Sums that an importer dequantizes by a factor, as of QLinearConv, become a rescaling likewise. A clipping activation
/// becomes bounds of the rescaling, a bias integers in steps of the sums.
///
/// Not what ONNX says to the last integer, so that no compile does it unasked. There a sum is multiplied in fp32 by the
/// quotient of the scales and rounded half to even; here the factor has 31 bits, and ties go up. The two differ by one
/// step where a scaled sum lies within about 2^-23 of its size of a tie. An exact fold would have to exclude that for every
/// sum that can occur, and among 2^16 sums a few lie as close.
package let useIntegerArithmetic = Pass(
  "use-integer-arithmetic",
  "Computes products between quantized tensors on integers, rescaled by multiplier and shift."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order where context.graph.contains(node) {
    guard let product = IntegerProduct(node, in: context.graph) else { continue }
    try product.write(to: &context)
  }
}

/// A product whose result a node quantizes.
private struct IntegerProduct {
  let node: NodeID
  let op: Op
  /// The product's own four operands.
  let operands: [ValueID]
  /// i32, in steps of the sums; nil without one.
  let bias: Bias?
  /// For all results or for each channel.
  let factors: [(multiplier: Int32, shift: Int8)]
  let zero: ValueID
  let description: String

  enum Bias {
    case value(ValueID)
    case computed(Tensor)
  }

  init?(_ node: NodeID, in graph: Graph) {
    guard case .quantize = graph[node].op, let result = graph.steps(graph[node]), result.scales.count == 1,
      result.zeros.count == 1
    else { return nil }
    var value = graph[node].operands[0]
    guard graph.type(of: value).element == .f32, graph.hasOneUse(value) else { return nil }
    guard let bounds = graph.bounds(of: &value, result), graph.hasOneUse(value),
      let producer = graph.producer(of: value)
    else { return nil }
    let rescaling = Rescaling(.halfUp, min: bounds.lowerBound, max: bounds.upperBound)
    guard let sums = Sums(producer, rescaling, in: graph) else { return nil }
    var factors: [(Int32, Int8)] = []
    for scale in sums.scales {
      guard let factor = Rescaling.fixed(scale / Double(result.scales[0])) else { return nil }
      factors.append(factor)
    }
    self.node = node
    self.factors = factors
    (op, operands, bias) = (sums.op, sums.operands, sums.bias)
    zero = graph[node].operands[2]
    description = "computed \(graph.describe(producer)) on integers"
  }

  func write(to context: inout PassContext) throws(Diagnostic) {
    var inputs = operands
    switch bias {
    case .value(let value): inputs.append(value)
    case .computed(let tensor): inputs.append(context.addWeight(context.graph[node].name + ".bias", tensor))
    case nil: break
    }
    let shape: Shape = factors.count == 1 ? [] : [factors.count]
    let multipliers = Tensor(factors.map { Int64($0.multiplier) }, shape: shape, element: .i32)
    let shifts = Tensor(factors.map { Int64($0.shift) }, shape: shape, element: .i8)
    inputs.append(context.addWeight(context.graph[node].name + ".multiplier", multipliers))
    inputs.append(context.addWeight(context.graph[node].name + ".shift", shifts))
    try context.rewrite(node, as: op, inputs + [zero], description)
  }
}

/// Sums of integers whose numbers a node gives.
private struct Sums {
  let op: Op
  let operands: [ValueID]
  let bias: IntegerProduct.Bias?
  /// One, or one for each channel.
  let scales: [Double]

  init?(_ producer: NodeID, _ rescaling: Rescaling, in graph: Graph) {
    let node = graph[producer]
    switch node.op {
    case .dequantize: self.init(dequantized: node, rescaling, in: graph)
    case .conv(let conv) where conv.activation == nil:
      let op = Op.convInteger(ConvInteger(conv.window, group: conv.group, rescaling))
      self.init(node, op, channelAxis: 0, in: graph)
    case .matmul(let matmul) where matmul.activation == nil && !matmul.transposeA && !matmul.transposeB:
      self.init(node, .matmulInteger(MatMulInteger(rescaling)), channelAxis: -1, in: graph)
    default: return nil
    }
  }

  /// i32 sums of an integer product, times a factor.
  private init?(dequantized node: Node, _ rescaling: Rescaling, in graph: Graph) {
    guard let steps = graph.steps(node), steps.zeros.allSatisfy({ $0 == 0 }),
      graph.hasOneUse(node.operands[0]),
      let product = graph.node(node.operands[0])
    else { return nil }
    let axis: Int
    switch product.op {
    case .convInteger(var conv):
      conv.rescaling = rescaling
      (op, axis) = (.convInteger(conv), 1)
    case .matmulInteger:
      (op, axis) = (.matmulInteger(MatMulInteger(rescaling)), -1)
    default: return nil
    }
    guard product.operands.count <= 5, graph.isShared(steps, along: axis, of: node.operands[0]) else {
      return nil
    }
    operands = Array(product.operands.prefix(4))
    bias = product.operands.count == 5 ? .value(product.operands[4]) : nil
    scales = steps.scales.map { Double($0) }
  }

  /// A product of two dequantized operands, the second of which has a scale for each index of an axis or one.
  private init?(_ node: Node, _ op: Op, channelAxis: Int, in graph: Graph) {
    guard let x = graph.dequantized(node.operands[0]), let w = graph.dequantized(node.operands[1]),
      x.steps.scales.count == 1, graph.isShared(w.steps, along: channelAxis, of: w.integers),
      [x, w].allSatisfy({ [.i8, .u8].contains(graph.type(of: $0.integers).element) })
    else { return nil }
    self.op = op
    operands = [x.integers, w.integers, x.zero, w.zero]
    scales = w.steps.scales.map { Double($0) * Double(x.steps.scales[0]) }
    guard node.operands.count == 3 else {
      bias = nil
      return
    }
    let channels = graph.shape(of: w.integers)[channelAxis == 0 ? 0 : graph.shape(of: w.integers).rank - 1]
    guard graph.shape(of: node.operands[2]) == [channels],
      let found = Self.bias(node.operands[2], scales, in: graph)
    else { return nil }
    bias = found
  }

  /// Integers in steps of the sums: those that are dequantized by the same steps, or the nearest to constant numbers.
  private static func bias(_ value: ValueID, _ scales: [Double], in graph: Graph) -> IntegerProduct.Bias? {
    func scale(_ index: Int) -> Double { scales[scales.count == 1 ? 0 : index] }
    if let known = graph.dequantized(value), graph.type(of: known.integers).element == .i32,
      known.steps.zeros.allSatisfy({ $0 == 0 }),
      known.steps.scales.count == scales.count || known.steps.scales.count == 1,
      scales.indices.allSatisfy({ index in
        let own = Double(known.steps.scales[known.steps.scales.count == 1 ? 0 : index])
        return abs(own - scales[index]) <= 1e-6 * scales[index]
      })
    {
      return .value(known.integers)
    }
    guard let tensor = graph.constant(value) ?? graph.computedConstant(value) else { return nil }
    let steps = tensor.floats.enumerated().map { (Double($1) / scale($0)).rounded(.toNearestOrEven) }
    guard steps.allSatisfy({ abs($0) <= 0x1p30 }) else { return nil }
    return .computed(Tensor(steps.map { Int64($0) }, shape: tensor.shape, element: .i32))
  }
}

/// Constant scales and zero points of a node, in fp32 and i64.
private struct Steps {
  var scales: [Float]
  var zeros: [Int64]
  var granularity: Granularity
  var element: ElementType
}

extension Graph {
  fileprivate func steps(_ node: Node) -> Steps? {
    let granularity: Granularity
    switch node.op {
    case .quantize(let op): granularity = op.granularity
    case .dequantize(let op) where op.element == .f32: granularity = op.granularity
    default: return nil
    }
    guard let scales = constant(node.operands[1]), let zeros = constant(node.operands[2]),
      scales.shape.rank <= 1,
      !granularity.isBlocked(scales.shape), scales.floats.allSatisfy({ $0 > 0 && $0.isFinite })
    else { return nil }
    return Steps(
      scales: scales.floats, zeros: zeros.integers, granularity: granularity, element: zeros.element)
  }

  /// What a value is dequantized from.
  fileprivate func dequantized(_ value: ValueID) -> (integers: ValueID, zero: ValueID, steps: Steps)? {
    guard let node = node(value), case .dequantize = node.op, let steps = steps(node) else { return nil }
    return (node.operands[0], node.operands[2], steps)
  }

  /// Whether steps are one for a tensor, or one for each index of an axis.
  fileprivate func isShared(_ steps: Steps, along axis: Int, of value: ValueID) -> Bool {
    guard steps.scales.count > 1 else { return true }
    let shape = shape(of: value)
    return shape.normalized(axis: steps.granularity.axis) == shape.normalized(axis: axis)
  }

  /// The result of a node of constants.
  fileprivate func computedConstant(_ value: ValueID) -> Tensor? {
    guard let node = node(value) else { return nil }
    let operands = node.operands.compactMap { constant($0) }
    guard operands.count == node.operands.count else { return nil }
    return try? node.op.evaluate(operands)[0]
  }

  /// The integers that a clipping activation leaves, and its operand in `value`; all of them where there is none.
  fileprivate func bounds(of value: inout ValueID, _ steps: Steps) -> ClosedRange<Int>? {
    var bounds = Int(Int32.min)...Int(Int32.max)
    guard let node = node(value), case .unary(let op) = node.op else { return bounds }
    func integer(_ number: Double) -> Int {
      let limited = min(max((number / Double(steps.scales[0])).rounded(.toNearestOrEven), -0x1p30), 0x1p30)
      return Int(limited) + Int(steps.zeros[0])
    }
    guard let range = steps.element.integerRange else { return nil }
    switch op.function {
    case .relu: bounds = integer(0)...bounds.upperBound
    case .clip where op.p0 <= op.p1:
      let lower = op.p0 == -.infinity ? bounds.lowerBound : integer(op.p0)
      let upper = op.p1 == .infinity ? bounds.upperBound : integer(op.p1)
      bounds = lower...upper
    default: return nil
    }
    guard bounds.lowerBound <= Int(range.upperBound), bounds.upperBound >= Int(range.lowerBound) else {
      return nil
    }
    value = node.operands[0]
    return bounds
  }
}
