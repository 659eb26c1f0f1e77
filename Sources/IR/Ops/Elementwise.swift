package import Tensors

/// One elementwise function of one operand: y[i] = f(x[i]).
///
/// Any shape. The operand's element type says the domain: floats are computed in fp32; integers and bool in
/// int64, wrapping to the element type.
/// Predicates give bool; all others keep the operand's type.
package struct Unary: OpDefinition {
  package var function = UnaryFunction.identity
  @Exact package var p0 = 0.0
  @Exact package var p1 = 0.0

  package init(_ function: UnaryFunction) {
    self.function = function
    let parameters = function.parameters
    if parameters.count > 0 { p0 = parameters[0].value }
    if parameters.count > 1 { p1 = parameters[1].value }
  }

  /// With its first parameter, and its second or that one's default.
  package init(_ function: UnaryFunction, _ p0: Double, _ p1: Double? = nil) {
    self.init(function)
    let count = function.parameters.count
    if count > 0 { self.p0 = p0 }
    if count > 1, let p1 { self.p1 = p1 }
  }

  /// From its form as a call; nil if there is no such function or it has too many arguments.
  package init?(_ call: Call) {
    guard let function = UnaryFunction(rawValue: call.function) else { return nil }
    guard call.arguments.count <= function.parameters.count else { return nil }
    self.init(function)
    if call.arguments.count > 0 { p0 = call.arguments[0] }
    if call.arguments.count > 1 { p1 = call.arguments[1] }
  }

  /// The form in attributes: `clip(0.0, 6.0)`.
  package var call: Call {
    Call(function.rawValue, Array([p0, p1].prefix(function.parameters.count)))
  }

  package var name: String { function.rawValue }
  package var `default`: Unary { Unary(function) }
  package var attributes: [Attribute<Unary>] {
    let paths: [WritableKeyPath<Unary, Double>] = [\.p0, \.p1]
    return zip(function.parameters, paths).map { .float($0.name, $1) }
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let type = operands[0]
    if function == .bitNot {
      guard type.element.isInteger else { throw OpError("operand is \(type), expected an integer type") }
    } else if !function.acceptsIntegers && !type.element.isFloat {
      throw OpError("operand is \(type), expected f32, f16 or bf16", advice: "cast it first")
    }
    return [TensorType(function.isPredicate ? .bool : type.element, type.shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [compute([step(on: operands[0].element)], operands, results[0])]
  }

  /// What it is as a step that reads register 0.
  package func step(on element: ElementType) -> Elementwise.Step {
    Elementwise.Step(.unary(function), in: Elementwise.Domain(element), [0], p0: p0, p1: p1)
  }

  /// Checks that this can be fused behind an op as its activation.
  func checkActivation() throws(OpError) {
    guard function != .bitNot, !function.isPredicate else {
      throw OpError("activation '\(name)' is not a function from floats to floats")
    }
  }
}

extension Unary? {
  /// The activation, if there is one, of fp32 results.
  func applied(to values: [Float]) -> [Float] {
    guard let self else { return values }
    return Float.apply(self.function, self.p0, self.p1, to: Elements(values: values, shape: [values.count]))
      .values
  }
}

/// One elementwise function of two operands that broadcast against each other as in NumPy.
///
/// Both operands have one element type, which says the domain: floats are computed in fp32; integers and bool
/// in int64, wrapping to the element type. Integer division truncates and gives 0 for a zero divisor. Predicates give bool.
package struct Binary: OpDefinition {
  package var function = BinaryFunction.add
  package init(_ function: BinaryFunction) { self.function = function }

  package var name: String { function.rawValue }
  package var `default`: Binary { self }
  package var attributes: [Attribute<Binary>] { [] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(2...2)
    let (a, b) = (operands[0], operands[1])
    guard a.element == b.element else {
      throw OpError("operands are \(a) and \(b), expected one element type", advice: "cast one of them")
    }
    if a.element.isFloat ? !function.acceptsFloats : !function.acceptsIntegers {
      throw OpError("operands are \(a.element.rawValue), for which '\(name)' is not defined")
    }
    guard let shape = a.shape.broadcast(with: b.shape) else {
      throw OpError(
        "shapes \(a.shape) and \(b.shape) do not broadcast: each pair of extents must be equal or hold a 1")
    }
    return [TensorType(function.isPredicate ? .bool : a.element, shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [compute([step(on: operands[0].element)], operands, results[0])]
  }

  /// What it is as a step that reads registers 0 and 1.
  package func step(on element: ElementType) -> Elementwise.Step {
    Elementwise.Step(.binary(function), in: Elementwise.Domain(element), [0, 1])
  }
}

/// y[i] = condition[i] ? a[i] : b[i], all three broadcast.
///
/// condition is bool; a and b have one element type.
package struct Select: OpDefinition {
  package init() {}
  package var name: String { "select" }
  package var `default`: Select { self }
  package var attributes: [Attribute<Select>] { [] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(3...3)
    guard operands[0].element == .bool else { throw OpError("condition is \(operands[0]), expected bool") }
    guard operands[1].element == operands[2].element else {
      throw OpError("choices are \(operands[1]) and \(operands[2]), expected one element type")
    }
    guard let shape = operands[0].shape.broadcast(with: operands[1].shape)?.broadcast(with: operands[2].shape)
    else {
      throw OpError(
        "shapes \(operands[0].shape), \(operands[1].shape) and \(operands[2].shape) do not broadcast")
    }
    return [TensorType(operands[1].element, shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [compute([step(on: operands[1].element)], operands, results[0])]
  }

  /// What it is as a step that reads registers 0 to 2.
  package func step(on element: ElementType) -> Elementwise.Step {
    Elementwise.Step(.select, in: Elementwise.Domain(element), [0, 1, 2])
  }
}

/// Converts to another element type: float to integer truncates toward zero and saturates, NaN gives 0;
/// integers wrap; bool is `!= 0`.
package struct Cast: OpDefinition {
  package var element = ElementType.f32
  package init(_ element: ElementType = .f32) { self.element = element }
  package var name: String { "cast" }
  package var `default`: Cast { Cast() }
  package var attributes: [Attribute<Cast>] { [.word("to", \.element)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    return [operands[0].with(element)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [operands[0].converted(to: element)]
  }

  /// What it is as a step that reads register 0: loading converts to a float, storing from one.
  package func step(on source: ElementType) -> Elementwise.Step {
    Elementwise.Step(
      .unary(.identity), in: source.isFloat || element.isFloat ? .f32 : .i64, [0])
  }
}
