package import Tensors

// What several passes, the compiler and statistics ask of ops, each said once.

extension Op {
  /// The steps that compute the result of an elementwise op, with operand i in register i; nil for other ops.
  package func elementwiseSteps(on operands: [TensorType]) -> [Elementwise.Step]? {
    switch self {
    case .unary(let op): [op.step(on: operands[0].element)]
    case .binary(let op): [op.step(on: operands[0].element)]
    case .select(let op): [op.step(on: operands[1].element)]
    case .cast(let op): [op.step(on: operands[0].element)]
    case .elementwise(let op): op.steps
    default: nil
    }
  }

  /// Whether every element of the result depends only on the elements of the operands, which broadcast, at its
  /// place.
  package var isElementwise: Bool {
    switch self {
    case .unary, .binary, .select, .cast, .elementwise: true
    default: false
    }
  }

  /// Whether the result holds elements of all operands as they are, moved, repeated or left out, whatever they
  /// are; padding may add others.
  package var movesElements: Bool {
    switch self {
    case .transpose, .reshape, .expand, .concat, .slice, .pad: true
    default: false
    }
  }

  /// Where the elements of the result begin among those of the first operand, counted in row-major order, if they
  /// lie there in one piece and in their order, so that the result needs no memory of its own; nil otherwise.
  package func viewStart(in operand: Shape) -> Int? {
    switch self {
    case .reshape: return 0
    case .slice(let slice):
      guard slice.steps.allSatisfy({ $0 == 1 }) else { return nil }
      let cut = operand.indices.last { slice.counts[$0] != operand[$0] } ?? 0
      guard slice.counts.prefix(cut).allSatisfy({ $0 == 1 }) else { return nil }
      // An empty slice may start anywhere, even outside its operand.
      guard !slice.counts.contains(0) else { return 0 }
      return zip(slice.starts, operand.strides).reduce(0) { $0 + $1.0 * $1.1 }
    default: return nil
    }
  }

  /// The functions that an op applies within itself besides what it is named for, such as the activation of a
  /// convolution; none of most ops. Those of `elementwise` are ``elementwiseSteps(on:)``.
  package var fusedFunctions: [Unary] {
    switch self {
    case .conv(let op): [op.activation].compactMap { $0 }
    case .convTranspose(let op): [op.activation].compactMap { $0 }
    case .matmul(let op): [op.activation].compactMap { $0 }
    case .recurrent(let op): [op.f, op.g, op.h].compactMap { $0 }
    default: []
    }
  }

  /// Multiply-adds of a convolution, matrix product or recurrent layer, at most `Int.max`; 0 for every other op.
  /// The bundle and the interpreter count the same.
  package func multiplyAdds(_ operands: [TensorType], _ results: [TensorType]) -> Int {
    definition.multiplyAdds(operands.map(\.shape), results.map(\.shape))
  }
}

extension OpDefinition {
  /// Most ops make none.
  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int { 0 }
}

/// The product of numbers that are not negative, at most `Int.max`.
func saturatingProduct(_ factors: some Sequence<Int>) -> Int {
  var product = 1
  var overflows = false
  for factor in factors {
    // A zero anywhere makes the product 0, however large the others are.
    if factor == 0 { return 0 }
    let (next, overflow) = product.multipliedReportingOverflow(by: factor)
    overflows = overflows || overflow
    product = overflow ? Int.max : next
  }
  return overflows ? Int.max : product
}

/// The sum of numbers that are not negative, at most `Int.max`.
func saturatingSum(_ a: Int, _ b: Int) -> Int {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? Int.max : sum
}
