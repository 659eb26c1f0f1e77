import IR
import Tensors

/// y = scale·x + offset with one constant scale and offset for each index of one axis of x.
struct ChannelAffine {
  let x: ValueID
  let scale: [Double]
  let offset: [Double]

  /// Reads a node as such a function along `axis` of its result, if it is one: `batch_norm`, `affine`, or
  /// arithmetic with a constant that varies along this axis only.
  init?(_ node: NodeID, along axis: Int, in graph: Graph) {
    let entry = graph[node]
    let shape = graph.shape(of: graph.result(node))
    guard axis < shape.rank, graph.type(of: graph.result(node)).element.isFloat else { return nil }
    let count = shape[axis]
    func same(_ value: Double) -> [Double] { [Double](repeating: value, count: count) }
    switch entry.op {
    case .unary(let op) where op.function == .affine:
      (x, scale, offset) = (entry.operands[0], same(op.p0), same(op.p1))
    case .unary(let op) where op.function == .neg:
      (x, scale, offset) = (entry.operands[0], same(-1), same(0))
    case .batchNorm(let op) where axis == 1:
      let statistics = entry.operands.dropFirst().compactMap { graph.vector($0, along: 0, of: [count]) }
      guard statistics.count == 4 else { return nil }
      x = entry.operands[0]
      let (gamma, beta, mean, variance) = (statistics[0], statistics[1], statistics[2], statistics[3])
      let factors = (0..<count).map { gamma[$0] / (variance[$0] + op.epsilon).squareRoot() }
      guard factors.allSatisfy({ $0.isFinite }) else { return nil }
      scale = factors
      offset = (0..<count).map { beta[$0] - mean[$0] * factors[$0] }
    case .binary(let op):
      let (a, b) = (entry.operands[0], entry.operands[1])
      let left = graph.constant(a) != nil
      x = left ? b : a
      // The constant must not extend x.
      guard graph.shape(of: x) == shape, let numbers = graph.vector(left ? a : b, along: axis, of: shape)
      else { return nil }
      switch (op.function, left) {
      case (.add, _): (scale, offset) = (same(1), numbers)
      case (.sub, false): (scale, offset) = (same(1), numbers.map { -$0 })
      case (.sub, true): (scale, offset) = (same(-1), numbers)
      case (.mul, _): (scale, offset) = (numbers, same(0))
      case (.div, false):
        guard !numbers.contains(0) else { return nil }
        (scale, offset) = (numbers.map { 1 / $0 }, same(0))
      default: return nil
      }
    default: return nil
    }
    guard graph.constant(x) == nil else { return nil }
  }

  /// Whether no scale leads far from 1: a product with it neither leaves fp32's range nor comes back into it, but for
  /// numbers within 2⁴⁰ of the range's ends.
  var staysInRange: Bool { scale.allSatisfy { $0 == 0 || (0x1p-40...0x1p40).contains(abs($0)) } }

  /// Whether what is added may be added later, behind a sum: to the channels that get something the scale or `x` itself
  /// has brought a rounding error as large as the sum's.
  func canAddLater(in graph: Graph) -> Bool {
    zip(scale, offset).allSatisfy { $1 == 0 || !$0.isPowerOfTwo } || graph.isRounded(x)
  }
}

/// Folds one node that scales and shifts channels into the linear op before it, or the one after it. Returns
/// whether it did.
///
/// The terms of the linear op's sums then round differently, which is sound where nobody reads the last digit of
/// its result: an integer convolution (q − z)·w·s before a rounding stays, as its sums are exact. An offset moves behind
/// the sums only where it is added to what is rounded already: x − m of data near m is exact, while w·x − w·m is not. Nor
/// may the weights leave the range of their type, nor may something else than linear ops read them.
func foldIntoNeighbor(
  _ node: NodeID, in context: inout PassContext, _ readers: inout Readers
) throws(Diagnostic) -> Bool {
  if try foldIntoProducer(node, in: &context, &readers) { return true }
  return try foldIntoReader(node, in: &context, &readers)
}

private func foldIntoProducer(
  _ node: NodeID, in context: inout PassContext, _ readers: inout Readers
) throws(Diagnostic) -> Bool {
  let graph = context.graph
  for operand in graph[node].operands where graph.hasOneUse(operand) {
    guard let producer = graph.producer(of: operand), let linear = LinearOp(producer, in: graph),
      linear.activation == nil, let affine = ChannelAffine(node, along: linear.outputAxis, in: graph),
      affine.x == operand, affine.staysInRange, readers.overlook(.lastDigit, of: operand, in: graph),
      let operands = linear.foldingOutput(
        scale: affine.scale, offset: affine.offset, addend: graph.addend(of: node), in: &context)
    else { continue }
    let description = "folded \(graph.describe(node)) into \(graph.describe(producer))"
    try context.rewrite(node, as: graph[producer].op, operands, named: producer, description)
    return true
  }
  return false
}

private func foldIntoReader(
  _ node: NodeID, in context: inout PassContext, _ readers: inout Readers
) throws(Diagnostic) -> Bool {
  let graph = context.graph
  let result = graph.result(node)
  guard let reader = graph.onlyUser(of: result), let linear = LinearOp(reader, in: graph),
    graph[reader].operands[linear.input] == result,
    let affine = ChannelAffine(node, along: linear.inputAxis, in: graph),
    linear.canAbsorbInputOffset || affine.offset.allSatisfy({ $0 == 0 }),
    affine.staysInRange, affine.canAddLater(in: graph),
    !linear.readsLastDigit, readers.overlook(.lastDigit, of: graph.result(reader), in: graph),
    let operands = linear.foldingInput(affine.x, scale: affine.scale, offset: affine.offset, in: &context)
  else { return false }
  let description = "folded \(graph.describe(node)) into \(graph.describe(reader)), which reads it"
  try context.rewrite(reader, as: graph[reader].op, operands, description)
  return true
}

extension Graph {
  /// The constant that a node adds, if it is a sum.
  fileprivate func addend(of node: NodeID) -> ValueID? {
    guard let (a, b) = binary(result(node), .add) else { return nil }
    return constant(a) != nil ? a : b
  }
}
