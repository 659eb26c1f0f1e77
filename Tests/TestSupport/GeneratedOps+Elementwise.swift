import IR
import Tensors

func generatedUnary(_ draw: inout Draw) -> GeneratedOp {
  let function = draw.turn(of: UnaryFunction.allCases)
  var elements: [ElementType] = function == .bitNot ? [] : [.f32, .f32, .f16, .bf16]
  if function.acceptsIntegers { elements += [.i8, .u8, .i16, .i32, .i64] }
  if function.acceptsIntegers, function != .bitNot { elements.append(.bool) }
  let element = draw.one(of: elements)
  let (p0, p1) = parameters(of: function, integer: !element.isFloat, &draw)
  return GeneratedOp(
    .unary(Unary(function, p0, p1)), [TensorType(element, draw.shape())],
    values: [element.isFloat ? domain(of: function, &draw) : draw.anything(element)])
}

/// Parameters other than the defaults, which the corpus has.
private func parameters(
  of function: UnaryFunction, integer: Bool, _ draw: inout Draw
) -> (Double, Double) {
  switch function {
  case .clip: return integer ? (-3, 5) : (-1.5, 0.75)
  case .silu: return (1.5, 0)
  case .hardSigmoid: return (0.3, 0.4)
  case .leakyRelu, .elu: return (0.3, 0)
  case .selu: return (1.5, 1.25)
  case .celu: return (0.7, 0)
  case .thresholdedRelu: return (0.5, 0)
  case .shrink: return integer ? (2, 1) : (0.75, 0.25)
  case .isInf: return draw.one(of: [(1, 1), (0, 1), (1, 0), (0, 0)])
  case .affine: return integer ? (-3, 7) : (-1.25, 0.5)
  default: return (0, 0)
  }
}

/// Floats for which a function is defined, with what it does at the edges now and then.
private func domain(of function: UnaryFunction, _ draw: inout Draw) -> RandomValues {
  switch function {
  case .log, .sqrt, .rsqrt:
    return draw.chance(0.2) ? .cycle([0, .infinity, .nan, 4, 1e-3]) : .uniform(0.01, 30)
  case .reciprocal: return draw.chance(0.5) ? .uniform(0.1, 5) : .uniform(-5, -0.1)
  case .asin, .acos, .atanh: return .uniform(-0.95, 0.95)
  case .acosh: return .uniform(1.05, 20)
  case .tan: return .uniform(-1.4, 1.4)
  case .exp, .sinh, .cosh: return draw.chance(0.2) ? .cycle([.nan, -200, 0, 5, -.infinity]) : .uniform(-5, 5)
  case .sin, .cos, .asinh, .atan: return .uniform(-9, 9)
  case .neg, .abs, .sign, .not, .floor, .ceil, .round, .trunc, .isNaN, .isInf, .identity, .relu, .clip,
    .leakyRelu, .thresholdedRelu, .shrink, .affine:
    let special: [Double] = [.nan, 1.5, -.infinity, 0.5, .infinity, -0.5, 0, 2.5, -1.5, 1e9]
    return draw.chance(0.3) ? .cycle(special) : .grid(step: 0.25, -4, 4)
  default: return draw.chance(0.2) ? .cycle([.nan, -50, 0, 50, -1e-3, 2]) : .uniform(-6, 6)
  }
}

func generatedBinary(_ draw: inout Draw) -> GeneratedOp {
  let function = draw.turn(of: BinaryFunction.allCases)
  var elements: [ElementType] = function.acceptsFloats ? [.f32, .f32, .f16, .bf16] : []
  if function.acceptsIntegers { elements += [.i8, .u8, .i16, .i32, .i64, .bool] }
  let element = draw.one(of: elements)
  let shape = draw.shape()
  let other = draw.broadcastable(with: shape)
  let isFlipped = draw.chance(0.5)
  let operands = [
    TensorType(element, isFlipped ? other : shape), TensorType(element, isFlipped ? shape : other),
  ]
  var values: [RandomValues?] = [draw.anything(element), draw.anything(element)]
  switch function {
  case .pow:
    values =
      element.isFloat ? [.uniform(0.5, 3), .uniform(-3, 3)] : [draw.anything(element), .uniform(-3, 7)]
  case .shiftLeft, .shiftRight: values[1] = .uniform(-2, 70)
  case .add, .sub, .mul, .div, .mod, .fmod, .atan2, .prelu:
    if element.isFloat { values = [.uniform(-3, 3), .uniform(-3, 3)] }
  default:
    if draw.chance(0.5) { values = [.grid(step: 1, 0, 4), .grid(step: 1, 0, 4)] }
  }
  // An unsigned or bool operand takes no negative numbers.
  if !element.isFloat, element == .u8 || element == .bool { values[1] = draw.anything(element) }
  return GeneratedOp(.binary(Binary(function)), operands, values: values)
}

func generatedSelect(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape()
  let element = draw.any()
  return GeneratedOp(
    .select(Select()),
    [
      TensorType(.bool, draw.broadcastable(with: shape)), TensorType(element, shape),
      TensorType(element, draw.broadcastable(with: shape)),
    ], values: [nil, draw.anything(element), draw.anything(element)], .numbers)
}

func generatedCast(_ draw: inout Draw) -> GeneratedOp {
  let all = ElementType.allCases
  let (from, to) = (draw.turn(of: all), all[Int(draw.seed) / all.count % all.count])
  return GeneratedOp(
    .cast(Cast(to)), [TensorType(from, draw.shape())], values: [draw.anything(from)], .numbers)
}
