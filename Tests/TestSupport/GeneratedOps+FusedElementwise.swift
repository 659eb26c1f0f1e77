import IR
import Tensors

/// A program of steps. Where a rounding could decide between two results, every step is exact in fp32.
func generatedElementwise(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape()
  let kind = draw.one(of: [ProgramKind.smooth, .exact, .integer, .mixed])
  let count = draw.number(1...(draw.chance(0.1) ? 8 : 4))
  let operands = (0..<count).map { index in
    TensorType(draw.one(of: kind.operands), index == 0 ? shape : draw.broadcastable(with: shape))
  }
  var op = Elementwise([], element: draw.one(of: kind.results))
  for _ in 0..<draw.number(1...(draw.chance(0.1) ? 24 : 6)) {
    op.steps.append(generatedStep(kind, after: op.steps, operandCount: count, &draw))
  }
  let values = operands.map { kind.values($0.element) }
  return GeneratedOp(
    .elementwise(op), operands, values: values, kind == .smooth ? .rounding : .numbers)
}

/// A step that reads registers of one domain, mostly the last one, so that steps make a chain.
private func generatedStep(
  _ kind: ProgramKind, after steps: [Elementwise.Step], operandCount: Int, _ draw: inout Draw
) -> Elementwise.Step {
  let domains = Elementwise.domains(of: steps, operandCount: operandCount)
  let last = domains.count - 1
  // An operand that no step has read takes any domain.
  let domain = draw.chance(0.7) ? domains[last] ?? draw.one(of: kind.domains) : draw.one(of: kind.domains)
  let readable = domains.indices.filter { domains[$0] == nil || domains[$0] == domain }
  guard !readable.isEmpty else {
    let other = domains[last] ?? domain
    return Elementwise.Step(.convert(other == .f32 ? .i64 : .f32), in: other, [last])
  }
  let function = draw.one(of: kind.functions(domain))
  let registers = (0..<function.arity).map { position in
    position == 0 && readable.contains(last) && draw.chance(0.7) ? last : draw.one(of: readable)
  }
  return Elementwise.Step(function, in: domain, registers, p0: domain == .i64 ? -2 : -0.5, p1: 1)
}

private enum ProgramKind {
  /// Functions of floats that never magnify a rounding by much, with a float result.
  case smooth
  /// Functions that fp32 computes without a choice, with any result.
  case exact
  /// Integers alone.
  case integer
  /// What `exact` and `integer` have, and conversions.
  case mixed

  var domains: [Elementwise.Domain] {
    switch self {
    case .smooth, .exact: [.f32]
    case .integer: [.i64]
    case .mixed: [.f32, .i64]
    }
  }
  var operands: [ElementType] {
    switch self {
    case .smooth: [.f32, .f32, .f16, .bf16, .i8, .i32, .bool]
    case .exact: [.f32, .f16, .bf16, .u8, .i64, .bool]
    case .integer: [.i8, .u8, .i16, .i32, .i64, .i64, .bool]
    case .mixed: ElementType.allCases
    }
  }
  var results: [ElementType] {
    switch self {
    case .smooth: [.f32, .f32, .f16, .bf16]
    case .exact, .mixed: ElementType.allCases
    case .integer: [.i8, .u8, .i16, .i32, .i64, .i64, .bool]
    }
  }

  func functions(_ domain: Elementwise.Domain) -> [Elementwise.Function] {
    let choices: [UnaryFunction] = [.neg, .abs, .relu, .clip, .sign]
    let exact =
      choices.map { Elementwise.Function.unary($0) } + [.select]
      + ([.add, .sub, .mul, .max, .min, .equal, .less, .greaterEqual, .and, .or] as [BinaryFunction])
      .map { .binary($0) }
    switch (self, domain) {
    case (.smooth, _):
      return ([.sigmoid, .tanh, .sin, .relu, .clip, .gelu, .erf, .affine, .abs] as [UnaryFunction])
        .map { .unary($0) } + ([.add, .sub, .max, .min] as [BinaryFunction]).map { .binary($0) }
    case (.exact, _): return exact + [.unary(.floor), .unary(.round), .unary(.isNaN), .binary(.prelu)]
    case (.integer, _):
      return exact + [.unary(.bitNot), .unary(.affine)]
        + ([.bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight, .div, .mod, .fmod, .notEqual, .xor]
        as [BinaryFunction]).map { .binary($0) }
    case (.mixed, _):
      let kind: ProgramKind = domain == .f32 ? .exact : .integer
      return kind.functions(domain)
        + ElementType.allCases.map { .convert($0) }.filter { $0.isDefined(in: domain) }
    }
  }
  func values(_ element: ElementType) -> RandomValues? {
    switch (self, element) {
    case (_, .bool): nil
    case (.exact, .f32), (.exact, .f16), (.exact, .bf16): .grid(step: 0.5, -3, 3)
    case (.mixed, .f32): .cycle([0.5, -300.5, .nan, 3, -1, 5e9, -.infinity, 0, 100.25])
    case (.mixed, .f16), (.mixed, .bf16): .grid(step: 0.5, -3, 3)
    case (.integer, .i64): .uniform(-0x1p62, 0x1p62)
    default: nil
    }
  }
}
