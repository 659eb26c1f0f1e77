import IR
import Tensors

/// Writes arithmetic with a constant number as one function of one operand, so that later passes meet one
/// form only.
///
///     %a = div %x, @two                            ->      %b = affine %x {scale = 0.5, offset = 1.0}
///     %b = add %a, @one
///
/// Also `max`/`min` with a number become `clip`; nested clips, powers 2, 0.5, -1 and -0.5, 1 ÷ x and 1 ÷ √x
/// get their own forms. What does not give the same bits happens only where no reader can tell, see ``Readers``:
///
/// - x · (1 ÷ b) rounds twice where x ÷ b rounds once, unless b is a power of two. Neither b nor 1 ÷ b may be
///   subnormal, so that the product overflows and underflows where the quotient does.
/// - √x and 1 ÷ √x differ from x^0.5 and x^−0.5 in −∞ and −0, and only stand for them where x is seen to be
///   neither. They, and 1 ÷ x for x^−1, may differ in the last digit.
/// - max(x, 0) is 0 at −0, where `clip` is −0. So should max(0, x) be, and its operands change places.
/// - Functions `affine` in a row merge by the rules of ``Affine/then(_:on:)``.
package let simplifyArithmetic = Pass(
  "simplify-arithmetic", "Writes arithmetic with numbers as affine and clip."
) {
  (context: inout PassContext) throws(Diagnostic) in
  var readers = Readers()
  for node in context.graph.order where context.graph.contains(node) {
    guard let simpler = fitting(node, in: context.graph, &readers) else { continue }
    let description = "wrote \(context.graph.describe(node)) as \(simpler.op.name)"
    try context.rewrite(node, as: simpler.op, simpler.operands, description)
  }
}

/// A simpler form of the same type, whose difference no reader can tell.
private func fitting(_ node: NodeID, in graph: Graph, _ readers: inout Readers) -> Simpler? {
  let result = graph.result(node)
  guard graph.type(of: result).element.isFloat, let simpler = Simpler(node, in: graph),
    let types = try? simpler.op.infer(simpler.operands.map { graph.type(of: $0) }),
    types == [graph.type(of: result)], readers.overlook(simpler.changes, of: result, in: graph)
  else { return nil }
  return simpler
}

/// Another form of a node, and what a reader could tell from its result.
private struct Simpler {
  var op: Op
  var operands: [ValueID]
  var changes: Sensitivity

  init(_ op: Unary, _ x: ValueID, changes: Sensitivity = []) {
    (self.op, operands, self.changes) = (.unary(op), [x], changes)
  }

  init(_ function: BinaryFunction, _ a: ValueID, _ b: ValueID) {
    (op, operands, changes) = (.binary(Binary(function)), [a, b], [])
  }

  init?(_ node: NodeID, in graph: Graph) {
    let entry = graph[node]
    let found: Simpler?
    switch entry.op {
    case .binary(let op): found = Self.binary(op.function, entry.operands[0], entry.operands[1], in: graph)
    case .unary(let op): found = Self.unary(op, entry.operands[0], in: graph)
    default: found = nil
    }
    guard let found else { return nil }
    self = found
  }

  private static func binary(_ function: BinaryFunction, _ x: ValueID, _ y: ValueID, in graph: Graph)
    -> Simpler?
  {
    switch (function, graph.scalar(x), graph.scalar(y)) {
    case (.add, nil, let b?): return Simpler(Unary(.affine, 1, b), x)
    case (.add, let a?, nil): return Simpler(Unary(.affine, 1, a), y)
    case (.add, nil, nil) where x == y: return Simpler(Unary(.affine, 2), x)
    case (.sub, nil, let b?): return Simpler(Unary(.affine, 1, -b), x)
    case (.sub, let a?, nil): return Simpler(Unary(.affine, -1, a), y)
    case (.mul, nil, let b?): return Simpler(Unary(.affine, b), x)
    case (.mul, let a?, nil): return Simpler(Unary(.affine, a), y)
    case (.div, nil, let b?): return quotient(x, b, in: graph)
    case (.div, 1.0, nil): return Simpler(Unary(.reciprocal), y)
    case (.max, nil, let b?): return clip(x, from: b)
    case (.max, 0.0, nil), (.min, 0.0, nil): return Simpler(function, y, x)
    case (.max, let a?, nil): return clip(y, from: a)
    case (.min, nil, let b?): return clip(x, to: b)
    case (.min, let a?, nil): return clip(y, to: a)
    case (.pow, nil, let b?): return power(x, b, in: graph)
    case (.prelu, nil, let b?): return Simpler(Unary(.leakyRelu, b), x)
    default: return nil
    }
  }

  private static func quotient(_ x: ValueID, _ divisor: Double, in graph: Graph) -> Simpler? {
    let factor = Float(1 / divisor)
    let normal = graph.type(of: x).element.normalRange
    guard normal.contains(abs(Float(divisor))), normal.contains(abs(factor)) else { return nil }
    return Simpler(
      Unary(.affine, Double(factor)), x, changes: divisor.isPowerOfTwo ? [] : .digits)
  }

  private static func clip(_ x: ValueID, from low: Double = -.infinity, to high: Double = .infinity)
    -> Simpler
  {
    Simpler(Unary(.clip, low, high), x, changes: low == 0 || high == 0 ? .signOfZero : [])
  }

  private static func power(_ x: ValueID, _ exponent: Double, in graph: Graph) -> Simpler? {
    switch exponent {
    case 2: return Simpler(.mul, x, x)
    case 0.5 where graph.isNonNegative(x): return Simpler(Unary(.sqrt), x, changes: .digits)
    case -0.5 where graph.isNonNegative(x): return Simpler(Unary(.rsqrt), x, changes: .digits)
    case -1: return Simpler(Unary(.reciprocal), x, changes: .digits)
    default: return nil
    }
  }

  private static func unary(_ op: Unary, _ x: ValueID, in graph: Graph) -> Simpler? {
    if op == Unary(.clip, 0, .infinity) { return Simpler(Unary(.relu), x) }
    guard graph.hasOneUse(x), let node = graph.node(x), case .unary(let inner) = node.op else { return nil }
    let operand = node.operands[0]
    if let first = Affine(inner), let second = Affine(op) {
      return first.then(second, on: graph.type(of: x).element).map { merged, changes in
        Simpler(merged.op, operand, changes: changes)
      }
    }
    if let first = Bounds(inner), let second = Bounds(op) {
      let merged = first.then(second)
      return Simpler(Unary(.clip, merged.low, merged.high), operand)
    }
    if op.function == .reciprocal, inner.function == .sqrt { return Simpler(Unary(.rsqrt), operand) }
    return nil
  }
}

/// What `clip` and `relu` do to a number that is not NaN.
private struct Bounds {
  var low: Double
  var high: Double

  init?(_ op: Unary) {
    switch op.function {
    case .clip where op.p0 <= op.p1: (low, high) = (op.p0, op.p1)
    case .relu: (low, high) = (0, .infinity)
    default: return nil
    }
  }

  func clamp(_ x: Double) -> Double {
    let raised = x < low ? low : x
    return raised > high ? high : raised
  }

  /// One clip in place of this one and then `outer`, to the same bits: a bound of this one becomes what `outer`
  /// makes of it.
  func then(_ outer: Bounds) -> Bounds {
    var merged = self
    (merged.low, merged.high) = (outer.clamp(low), outer.clamp(high))
    return merged
  }
}
