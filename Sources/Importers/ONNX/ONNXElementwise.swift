import IR
import Tensors

// MARK: One operand

/// An operator that is one of the core functions.
func unary(_ function: UnaryFunction) -> ONNXTranslation {
  { context throws(Finding) in [try context.unary(function, try context.input(0))] }
}

/// One with a parameter that is the attribute `name`.
func unary(_ function: UnaryFunction, _ name: String, _ standard: Double) -> ONNXTranslation {
  { context throws(Finding) in
    [try context.unary(function, try context.input(0), try context.float(name, standard))]
  }
}

func identity(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] { [try context.input(0)] }

func gelu(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  enum Approximation: String, CaseIterable { case none, tanh }
  let approximation = try context.word("approximate", Approximation.none)
  return [try context.unary(approximation == .tanh ? .geluTanh : .gelu, try context.input(0))]
}

func hardSigmoid(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (alpha, beta) = (try context.float("alpha", 0.2), try context.float("beta", 0.5))
  return [try context.unary(.hardSigmoid, try context.input(0), alpha, beta)]
}

func selu(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let standard = Unary(.selu)
  let alpha = try context.float("alpha", standard.p0)
  let gamma = try context.float("gamma", standard.p1)
  return [try context.unary(.selu, try context.input(0), alpha, gamma)]
}

func shrink(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (lambda, bias) = (try context.float("lambd", 0.5), try context.float("bias", 0))
  return [try context.unary(.shrink, try context.input(0), lambda, bias)]
}

func isInf(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let negative = try context.flag("detect_negative", true)
  let positive = try context.flag("detect_positive", true)
  return [try context.unary(.isInf, try context.input(0), negative ? 1 : 0, positive ? 1 : 0)]
}

/// Dropout does nothing at inference; its mask is all true.
func dropout(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  try context.refuseTraining()
  let x = try context.input(0)
  if context.optional(2) != nil {
    let ratio = try context.constantNumber(1, "the ratio") ?? 0.5
    let training = try context.constant(2, "training_mode")
    guard training.integers.allSatisfy({ $0 == 0 }) || ratio == 0 else {
      throw Finding("is in training mode", expected: "a model exported for inference")
    }
  }
  guard context.isUsed(output: 1) else { return [x] }
  let mask = context.opset >= 10 ? ElementType.bool : x.element
  return [x, try context.expand(context.scalar(1, mask), x.shape.extents)]
}

func clip(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  if context.opset < 11 {
    let minimum = try context.float("min", -.infinity)
    let maximum = try context.float("max", .infinity)
    return [try context.unary(.clip, x, minimum, maximum)]
  }
  let (low, high) = (try bound(context, 1, -.infinity), try bound(context, 2, .infinity))
  if let low, let high, low <= high {
    return [low == -.infinity && high == .infinity ? x : try context.unary(.clip, x, low, high)]
  }
  var result = x
  if let low = context.optional(1) { result = try context.binary(.max, result, low) }
  if let high = context.optional(2) { result = try context.binary(.min, result, high) }
  return [result]
}

/// A bound of Clip as a parameter; nil if it is not constant or would lose digits.
private func bound(_ context: ONNXNodeContext, _ index: Int, _ absent: Double) throws(Finding) -> Double? {
  guard let operand = context.optional(index) else { return absent }
  guard operand.shape.elementCount == 1 else {
    throw Finding("bound \(index) has shape \(operand.shape)", expected: "a scalar")
  }
  guard let tensor = operand.constant else { return nil }
  if tensor.element.isFloat {
    let value = tensor.floats[0]
    return value.isNaN ? nil : decimal(value)
  }
  return Double(exactly: tensor.integers[0])
}

// MARK: Two operands

/// An operator that is one of the core functions of two operands.
func binary(_ function: BinaryFunction) -> ONNXTranslation {
  { context throws(Finding) in
    let (a, b) = try context.pair()
    return [try context.binary(function, a, b)]
  }
}

/// Sum, Max and Min of any number of operands.
func variadic(_ function: BinaryFunction) -> ONNXTranslation {
  { context throws(Finding) in
    let operands = try context.variadic()
    var result = operands[0]
    for operand in operands.dropFirst() { result = try context.binary(function, result, operand) }
    return [result]
  }
}

func mean(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let sum = try variadic(.add)(context)[0]
  return [try context.affine(sum, scale: 1 / Double(context.inputs.count))]
}

/// The result has the base's type, whatever the exponent's.
func power(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (base, exponent) = try context.pair()
  if !base.element.isFloat, exponent.element.isFloat {
    let result = try context.binary(.pow, try context.cast(base, .f32), try context.cast(exponent, .f32))
    return [try context.cast(result, like: base)]
  }
  return [try context.binary(.pow, base, try context.cast(exponent, base.element))]
}

func modulo(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let function: BinaryFunction = try context.flag("fmod") ? .fmod : .mod
  return [try context.binary(function, try context.input(0), try context.input(1))]
}

func bitShift(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  enum Direction: String, CaseIterable {
    case left = "LEFT"
    case right = "RIGHT"
  }
  guard context.has("direction") else { throw context.missing("direction") }
  let (x, count) = (try context.input(0), try context.input(1))
  if try context.word("direction", Direction.left) == .left {
    return [try context.binary(.shiftLeft, x, count)]
  }
  // A shift by all bits and more leaves only copies of the sign.
  guard let width = signedWidth(x.element) else { return [try context.binary(.shiftRight, x, count)] }
  let isInside = try context.binary(
    .and, try context.binary(.greaterEqual, count, context.scalar(0, like: count)),
    try context.binary(.less, count, context.scalar(Double(width), like: count)))
  let limited = try context.select(isInside, count, context.scalar(Double(width - 1), like: count))
  return [try context.binary(.shiftRight, x, limited)]
}

/// Bits of a signed type that may be shifted with copies of its sign.
private func signedWidth(_ element: ElementType) -> Int? {
  switch element {
  case .i8: 8
  case .i16: 16
  case .i32: 32
  default: nil
  }
}

/// The slope broadcasts to x only. The core function is defined on floats; integers are computed by parts.
func prelu(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let slope = try context.slope(try context.input(1), of: x)
  guard x.shape.broadcast(with: slope.shape) == x.shape else {
    throw Finding("the slope has shape \(slope.shape)", expected: "one that broadcasts to \(x.shape)")
  }
  if x.element.isFloat { return [try context.binary(.prelu, x, slope)] }
  let isNegative = try context.binary(.less, x, context.scalar(0, like: x))
  return [try context.select(isNegative, try context.binary(.mul, x, slope), x)]
}

func select(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  [try context.select(try context.input(0), try context.input(1), try context.input(2))]
}

// MARK: Types

func cast(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  [try context.cast(try context.input(0), toType: Int64(try context.requiredInt("to")))]
}

func castLike(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, model) = (try context.input(0), try context.input(1))
  guard model.unsignedBits != nil else { return [try context.cast(x, model.element).unsigned(nil)] }
  return [try context.cast(x, like: model)]
}
