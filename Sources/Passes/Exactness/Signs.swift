import IR
import Tensors

extension Graph {
  /// Whether no element of a value is below zero, nor −0 unless `allowsMinusZero`, as far as a short look at its
  /// definition tells; NaN may be.
  func isNonNegative(_ value: ValueID, allowsMinusZero: Bool = false, depth: Int = 12) -> Bool {
    guard depth > 0, type(of: value).element.isFloat else { return false }
    func holds(_ operand: ValueID, _ allows: Bool) -> Bool {
      isNonNegative(operand, allowsMinusZero: allows, depth: depth - 1)
    }
    if let tensor = constant(value) {
      return tensor.elementCount <= 65536
        && tensor.floats.allSatisfy { $0 > 0 || $0 == 0 && (allowsMinusZero || $0.sign == .plus) }
    }
    guard let node = node(value) else { return false }
    let x = node.operands[0]
    switch node.op {
    case .unary(let op):
      switch op.function {
      case .abs, .exp, .sigmoid, .hardSigmoid, .softplus, .cosh: return true
      case .relu: return allowsMinusZero
      case .clip: return op.p0 > 0 || op.p0 == 0 && allowsMinusZero
      case .sqrt: return holds(x, allowsMinusZero)
      case .affine:
        guard op.p0.sign == .plus, op.p1 >= 0 else { return false }
        return holds(x, allowsMinusZero || op.p1.sign == .plus)
      default: return false
      }
    case .binary(let op):
      let y = node.operands[1]
      switch op.function {
      case .mul: return x == y || holds(x, allowsMinusZero) && holds(y, allowsMinusZero)
      case .add, .min: return holds(x, allowsMinusZero) && holds(y, allowsMinusZero)
      case .pow: return scalar(y).map { $0.remainder(dividingBy: 2) == 0 } ?? false
      default: return false
      }
    case .reduce(let op):
      switch op.kind {
      case .sum, .mean, .max, .min: return holds(x, allowsMinusZero)
      case .l1, .l2, .sumSquare: return true
      case .prod, .logSum, .logSumExp: return false
      }
    case .softmax(let op): return !op.log
    case .reshape, .transpose, .expand, .slice: return holds(x, allowsMinusZero)
    case .cast: return holds(x, allowsMinusZero)
    default: return false
    }
  }

  /// Whether all elements of a constant, which are zeros, have this sign.
  func holdsOnlyZeros(_ value: ValueID, _ sign: FloatingPointSign) -> Bool {
    constant(value)?.floats.allSatisfy { $0.sign == sign } == true
  }
}
