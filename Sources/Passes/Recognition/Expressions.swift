import IR
import Tensors

/// What a value is as an expression of others, read through the arithmetic that exporters scatter over
/// several nodes.
extension Graph {
  /// scale × the product of `factors`, read through products and scalings that nobody else reads.
  func product(_ value: ValueID) -> (scale: Double, factors: [ValueID]) {
    var scale = 1.0
    var factors: [ValueID] = []
    var pending = [(value, isRoot: true)]
    while let (next, isRoot) = pending.popLast() {
      if isRoot || hasOneUse(next) {
        if let (a, b) = binary(next, .mul), a != b, factors.count + pending.count < 4 {
          pending.append((b, isRoot: false))
          pending.append((a, isRoot: false))
          continue
        }
        if let (operand, factor, offset) = affine(next), offset == 0 {
          scale *= factor
          pending.append((operand, isRoot: false))
          continue
        }
      }
      factors.append(next)
    }
    return (scale, factors)
  }

  /// Coefficients of 1, x, x² and x³, when the value is such a polynomial of x with constant coefficients.
  func polynomial(_ value: ValueID, in x: ValueID, depth: Int = 8) -> [Double]? {
    if value == x { return [0, 1, 0, 0] }
    guard depth > 0 else { return nil }
    if let (operand, scale, offset) = affine(value) {
      guard var terms = polynomial(operand, in: x, depth: depth - 1) else { return nil }
      for index in terms.indices { terms[index] *= scale }
      terms[0] += offset
      return terms
    }
    guard let node = node(value), case .binary(let op) = node.op else { return nil }
    let (a, b) = (node.operands[0], node.operands[1])
    switch op.function {
    case .pow:
      guard let power = scalar(b), [2, 3].contains(power), let base = polynomial(a, in: x, depth: depth - 1)
      else { return nil }
      guard let square = multiply(base, base) else { return nil }
      return power == 2 ? square : multiply(square, base)
    case .add, .sub, .mul:
      guard let left = polynomial(a, in: x, depth: depth - 1),
        let right = polynomial(b, in: x, depth: depth - 1)
      else {
        return nil
      }
      if op.function == .mul { return multiply(left, right) }
      return zip(left, right).map { op.function == .add ? $0 + $1 : $0 - $1 }
    default: return nil
    }
  }
}

/// The product of two polynomials; nil beyond degree 3.
private func multiply(_ a: [Double], _ b: [Double]) -> [Double]? {
  var product = [Double](repeating: 0, count: 4)
  for (i, left) in a.enumerated() where left != 0 {
    for (j, right) in b.enumerated() where right != 0 {
      guard i + j < product.count else { return nil }
      product[i + j] += left * right
    }
  }
  return product
}

/// Whether two polynomials have close coefficients, zeros being exact.
func isClose(_ a: [Double], _ b: [Double]) -> Bool {
  zip(a, b).allSatisfy { $1 == 0 ? $0 == 0 : isClose($0, $1) }
}
