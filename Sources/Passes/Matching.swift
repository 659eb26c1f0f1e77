import IR
import Tensors

/// Questions that passes ask about the surroundings of a value.
extension Graph {
  /// The only result of a node; every core op has exactly one.
  func result(_ node: NodeID) -> ValueID { self[node].results[0] }

  func isUnread(_ value: ValueID) -> Bool { users(of: value).isEmpty && !isOutput(value) }

  /// Whether exactly one operand in the graph reads the value, and it is no output.
  func hasOneUse(_ value: ValueID) -> Bool { onlyUser(of: value) != nil }

  /// The op's name and the node's: `conv 'stem.conv'`.
  func describe(_ node: NodeID) -> String {
    let name = self[node].name
    return name.isEmpty ? "an unnamed \(self[node].op.name)" : "\(self[node].op.name) '\(name)'"
  }

  /// The node that computes a value, if it is one.
  func node(_ value: ValueID) -> Node? { producer(of: value).map { self[$0] } }

  /// The operand of a unary function, when it defines the value.
  func unary(_ value: ValueID, _ function: UnaryFunction) -> (operand: ValueID, op: Unary)? {
    guard let node = node(value), case .unary(let op) = node.op, op.function == function else { return nil }
    return (node.operands[0], op)
  }

  /// The operands of a binary function, when it defines the value.
  func binary(_ value: ValueID, _ function: BinaryFunction) -> (a: ValueID, b: ValueID)? {
    guard let node = node(value), case .binary(let op) = node.op, op.function == function else { return nil }
    return (node.operands[0], node.operands[1])
  }

  /// scale × operand + offset, when the value is one; `neg` and a quotient by a number count too. It is read as an expression, through
  /// others before it that nobody else reads: computed in one step it may round differently.
  func affine(_ value: ValueID) -> (operand: ValueID, scale: Double, offset: Double)? {
    guard var (operand, scale, offset) = affineStep(value) else { return nil }
    while hasOneUse(operand), let inner = affineStep(operand) {
      (operand, scale, offset) = (inner.operand, scale * inner.scale, scale * inner.offset + offset)
    }
    return (operand, scale, offset)
  }

  private func affineStep(_ value: ValueID) -> (operand: ValueID, scale: Double, offset: Double)? {
    guard let node = node(value) else { return nil }
    switch node.op {
    case .unary(let op) where op.function == .affine: return (node.operands[0], op.p0, op.p1)
    case .unary(let op) where op.function == .neg: return (node.operands[0], -1, -0.0)
    case .binary(let op) where op.function == .div:
      guard let divisor = scalar(node.operands[1]), divisor != 0,
        shape(of: node.operands[0]) == shape(of: value)
      else { return nil }
      return (node.operands[0], 1 / divisor, -0.0)
    default: return nil
    }
  }

  /// Both orders of a commutative function's operands.
  func eitherOrder(_ value: ValueID, _ function: BinaryFunction) -> [(a: ValueID, b: ValueID)] {
    guard let (a, b) = binary(value, function) else { return [] }
    return a == b ? [(a, b)] : [(a, b), (b, a)]
  }

  /// The number that a constant repeats throughout; nil when it differs, is not finite or the constant is
  /// large.
  func uniform(_ value: ValueID) -> Double? {
    guard let tensor = constant(value), tensor.element.isFloat, (1...65536).contains(tensor.elementCount)
    else { return nil }
    let numbers = tensor.floats
    guard let first = numbers.first, first.isFinite, numbers.allSatisfy({ $0 == first }) else { return nil }
    return Double(first)
  }

  /// The number in a constant of one element.
  func scalar(_ value: ValueID) -> Double? {
    guard let tensor = constant(value), tensor.elementCount == 1 else { return nil }
    return uniform(value)
  }

  /// A constant, broadcast against `shape`, as one number for each index of `axis`; nil when it varies along
  /// another axis or would extend the shape.
  func vector(_ value: ValueID, along axis: Int, of shape: Shape) -> [Double]? {
    guard let tensor = constant(value), tensor.element.isFloat, tensor.shape.rank <= shape.rank else {
      return nil
    }
    let missing = shape.rank - tensor.shape.rank
    for (index, extent) in tensor.shape.extents.enumerated() where extent != 1 {
      guard index + missing == axis, extent == shape[axis] else { return nil }
    }
    let numbers = tensor.floats.map { Double($0) }
    guard numbers.allSatisfy({ $0.isFinite }) else { return nil }
    return numbers.count == 1 ? [Double](repeating: numbers[0], count: shape[axis]) : numbers
  }
}

/// Whether two numbers agree to about the precision with which exporters write constants.
func isClose(_ a: Double, _ b: Double, relative: Double = 1e-4) -> Bool {
  abs(a - b) <= relative * Swift.max(abs(a), abs(b), 1e-12)
}
