import IR
import Tensors

/// Adds and subtracts integers whose sum is quantized, and rounds once.
///
///     %a = dequantize %p, @s, @z                   ->      %y = add_integer %p, @z, @ma, %q, @w, @mb, @shift, @yz
///     %b = dequantize %q, @t, @w
///     %c = add %a, %b
///     %y = quantize %c, @ys, @yz
///
/// One operand may be constant numbers, which become integers of 16 bits. Either may have a scale for each index of an axis.
@Sendable func addIntegers(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let result = QuantizedResult(node, in: graph), graph.isOnlyQuantized(result.value),
    let producer = graph.node(result.value), case .binary(let op) = producer.op,
    op.function == .add || op.function == .sub,
    let (a, b, own) = pair(producer, in: graph),
    let ofA = result.factors(a.scales, axis: own),
    let ofB = result.factors(op.function == .sub ? b.scales.map { -$0 } : b.scales, axis: own),
    let sum = SumFactors(ofA.factors, ofB.factors)
  else { return false }
  let axis = ofA.axis ?? ofB.axis ?? AddInteger().axis
  let name = graph[node].name
  let operands =
    a.operands(name + ".a", &context) + [context.addWeight(name + ".a.multiplier", sum.ofA)]
    + b.operands(name + ".b", &context) + [context.addWeight(name + ".b.multiplier", sum.ofB)]
    + [context.addWeight(name + ".shift", sum.shift), result.zero(&context)]
  try context.rewrite(
    node, as: .addInteger(AddInteger(result.rescaling, axis: axis)), operands,
    "added the integers of \(graph.describe(node))")
  return true
}

/// Multiplies integers whose product is quantized. A quotient by constants is a product.
///
///     %c = mul %a, %b                              ->      %y = mul_integer %p, @z, %q, @w, @multiplier, @shift, @yz
///     %y = quantize %c, @ys, @yz
@Sendable func multiplyIntegers(_ node: NodeID, _ context: inout PassContext) throws(Diagnostic) -> Bool {
  let graph = context.graph
  guard let result = QuantizedResult(node, in: graph), graph.isOnlyQuantized(result.value),
    let producer = graph.node(result.value), case .binary(let op) = producer.op,
    op.function == .mul || op.function == .div,
    let (a, b, own) = pair(producer, in: graph, dividing: op.function == .div),
    // Their product must stay within 32 bits.
    a.isSmall || b.isSmall || a.isCentered && b.isCentered
  else { return false }
  let products = (0..<max(a.scales.count, b.scales.count)).map {
    a.scales[a.scales.count == 1 ? 0 : $0] * b.scales[b.scales.count == 1 ? 0 : $0]
  }
  guard let quotients = result.factors(products, axis: own), let factors = Factors(quotients.factors) else {
    return false
  }
  let name = graph[node].name
  try context.rewrite(
    node, as: .mulInteger(MulInteger(result.rescaling, axis: quotients.axis ?? MulInteger().axis)),
    a.operands(name + ".a", &context) + b.operands(name + ".b", &context)
      + factors.weights(of: name, &context) + [result.zero(&context)],
    "multiplied the integers of \(graph.describe(node))")
  return true
}

/// The operands of a node, of which at least one is computed, and the axis of the result along which their scales differ, if any.
private func pair(_ node: Node, in graph: Graph, dividing: Bool = false) -> (
  IntegerOperand, IntegerOperand, axis: Int?
)? {
  let rank = graph.shape(of: node.results[0]).rank
  guard let a = IntegerOperand(node.operands[0], in: graph, rank: rank),
    let b = IntegerOperand(node.operands[1], in: graph, rank: rank, inverted: dividing),
    !(a.isConstant && b.isConstant)
  else { return nil }
  switch (a.axis, b.axis) {
  case (nil, nil): return (a, b, nil)
  case (let axis?, nil), (nil, let axis?): return (a, b, axis)
  case (let axis?, let other?): return axis == other ? (a, b, axis) : nil
  }
}

/// Integers of 8 or 16 bits: those that a value is dequantized from, or constant numbers as such.
private struct IntegerOperand {
  private enum Source {
    case values(ValueID, zero: ValueID)
    case constant(Tensor)
  }
  private let source: Source
  /// One, or one for each index of the axis.
  let scales: [Double]
  /// Of a result, along which scales differ; nil for one scale.
  let axis: Int?
  /// Whether they have 8 bits.
  let isSmall: Bool
  /// Whether their zero point is 0.
  let isCentered: Bool
  let isConstant: Bool

  /// Of a value that broadcasts to a result of a rank; of its inverse on demand, if it is constant.
  init?(_ value: ValueID, in graph: Graph, rank: Int, inverted: Bool = false) {
    if !inverted, let known = graph.dequantized(value), [.i8, .u8, .i16].contains(known.steps.element),
      let zero = known.steps.zero
    {
      guard known.steps.isWhole || graph.type(of: known.zero).rank == 0 || zero == 0 else { return nil }
      let own = graph.shape(of: value)
      axis = known.steps.isWhole ? nil : known.steps.axis + rank - own.rank
      scales = known.steps.scales.map { Double($0) }
      isSmall = known.steps.element != .i16
      isCentered = zero == 0
      isConstant = graph.constant(known.integers) != nil
      source = .values(known.integers, zero: known.zero)
      return
    }
    guard let tensor = graph.numbers(value), tensor.elementCount > 0 else { return nil }
    let numbers = tensor.floats.map { inverted ? 1 / Double($0) : Double($0) }
    let largest = numbers.reduce(0) { max($0, abs($1)) }
    guard numbers.allSatisfy({ $0.isFinite }) else { return nil }
    let scale = largest > 0 ? largest / 32767 : 1
    let integers = numbers.map { Int64(($0 / scale).rounded(.toNearestOrEven)) }
    axis = nil
    scales = [scale]
    isSmall = false
    isCentered = true
    isConstant = true
    source = .constant(Tensor(integers, shape: tensor.shape, element: .i16))
  }

  /// The integers and their zero point.
  func operands(_ name: String, _ context: inout PassContext) -> [ValueID] {
    switch source {
    case .values(let integers, let zero):
      guard context.graph.type(of: zero).rank > 0 else { return [integers, zero] }
      let none = Tensor(zeros: context.graph.type(of: zero).element, [])
      return [integers, context.addWeight(name + ".zero", none)]
    case .constant(let tensor):
      return [context.addWeight(name, tensor), context.addWeight(name + ".zero", Tensor(zeros: .i16, []))]
    }
  }
}

/// Multipliers of two addends with one shift.
private struct SumFactors {
  let ofA: Tensor
  let ofB: Tensor
  let shift: Tensor

  /// Nil if 31 bits don't hold the largest.
  init?(_ a: [Double], _ b: [Double]) {
    let largest = (a + b).reduce(0) { max($0, abs($1)) }
    guard let (_, shift) = Rescaling.fixed(largest) else { return nil }
    // The multiplier itself may round up to 2^31.
    let bits = max(Int(shift) - 1, 0)
    func multipliers(_ factors: [Double]) -> Tensor {
      let integers = factors.map { Int64(($0 * Double(1 << bits)).rounded()) }
      return Tensor(integers, shape: factors.count == 1 ? [] : [factors.count], element: .i32)
    }
    ofA = multipliers(a)
    ofB = multipliers(b)
    self.shift = Tensor([Int64(bits)], shape: [], element: .i8)
  }
}
