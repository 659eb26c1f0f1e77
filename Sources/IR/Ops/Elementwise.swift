package import Tensors

/// One elementwise function of one operand: y[i] = f(x[i]).
///
/// Any shape. Floats are computed in fp32; integers and bool in int64, wrapping to the element type.
/// Predicates give bool; all others keep the operand's type.
package struct Unary: OpDefinition {
  package var function = UnaryFunction.identity
  package var p0 = 0.0
  package var p1 = 0.0

  package init(_ function: UnaryFunction) {
    self.function = function
    let parameters = function.parameters
    if parameters.count > 0 { p0 = parameters[0].value }
    if parameters.count > 1 { p1 = parameters[1].value }
  }

  package init(_ function: UnaryFunction, _ p0: Double, _ p1: Double = 0) {
    self.init(function)
    let count = function.parameters.count
    if count > 0 { self.p0 = p0 }
    if count > 1 { self.p1 = p1 }
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
    [compute([Elementwise.Step(.unary(function), [0], p0: p0, p1: p1)], operands, results[0])]
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
/// Both operands have one element type. Floats are computed in fp32; integers and bool in int64, wrapping to
/// the element type. Integer division truncates and gives 0 for a zero divisor. Predicates give bool.
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
    [compute([Elementwise.Step(.binary(function), [0, 1])], operands, results[0])]
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
    [compute([Elementwise.Step(.select, [0, 1, 2])], operands, results[0])]
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
}

/// A chain of elementwise functions computed tile by tile without intermediate tensors.
///
/// Operands broadcast to one shape. Register i is operand i; each step defines the next register from earlier
/// ones; the last step is the result. All registers are fp32 when any operand or the result is a float, else
/// int64. In text a step is a call of register numbers, then parameters: `[add(0, 1), clip(2, 0.0, 6.0)]`.
package struct Elementwise: OpDefinition {
  package enum Function: Hashable, Sendable {
    case unary(UnaryFunction)
    case binary(BinaryFunction)
    case select

    package var name: String {
      switch self {
      case .unary(let function): function.rawValue
      case .binary(let function): function.rawValue
      case .select: "select"
      }
    }
    package var arity: Int {
      switch self {
      case .unary: 1
      case .binary: 2
      case .select: 3
      }
    }
    package init?(name: String) {
      if let function = UnaryFunction(rawValue: name) {
        self = .unary(function)
      } else if let function = BinaryFunction(rawValue: name) {
        self = .binary(function)
      } else if name == "select" {
        self = .select
      } else {
        return nil
      }
    }
    package var acceptsIntegers: Bool {
      switch self {
      case .unary(let function): function.acceptsIntegers
      case .binary(let function): function.acceptsIntegers
      case .select: true
      }
    }
    package var acceptsFloats: Bool {
      switch self {
      case .unary(let function): function != .bitNot
      case .binary(let function): function.acceptsFloats
      case .select: true
      }
    }
    package var parameterCount: Int {
      if case .unary(let function) = self { return function.parameters.count }
      return 0
    }
  }

  package struct Step: Hashable, Sendable {
    package var function: Function
    /// Registers read, as many as the function's arity.
    package var registers: [Int]
    package var p0 = 0.0
    package var p1 = 0.0
    package init(_ function: Function, _ registers: [Int], p0: Double = 0, p1: Double = 0) {
      self.function = function
      self.registers = registers
      self.p0 = p0
      self.p1 = p1
    }
  }

  /// The most operands and steps that one op may have.
  package static let operandLimit = 8
  package static let stepLimit = 24

  package var steps: [Step] = []
  /// Element type of the result.
  package var element = ElementType.f32

  package init(_ steps: [Step] = [], element: ElementType = .f32) {
    self.steps = steps
    self.element = element
  }

  package var name: String { "elementwise" }
  package var `default`: Elementwise { Elementwise() }
  package var attributes: [Attribute<Elementwise>] {
    [
      Attribute("steps", get: { .calls($0.steps.map(\.call)) }) { op, value in
        guard case .calls(let calls) = value else { return false }
        var steps: [Step] = []
        for call in calls {
          guard let step = Step(call) else { return false }
          steps.append(step)
        }
        op.steps = steps
        return true
      },
      .word("to", \.element),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...Self.operandLimit)
    guard (1...Self.stepLimit).contains(steps.count) else {
      throw OpError("has \(steps.count) steps, expected 1 to \(Self.stepLimit)")
    }
    for (index, step) in steps.enumerated() {
      guard step.registers.count == step.function.arity else {
        throw OpError(
          "step \(index) reads \(step.registers.count) registers, '\(step.function.name)' takes \(step.function.arity)"
        )
      }
      for register in step.registers where !(0..<(operands.count + index)).contains(register) {
        throw OpError(
          "step \(index) reads register \(register), defined are 0 to \(operands.count + index - 1)")
      }
      let floats = Self.computesInFloats(operands.map(\.element), element)
      guard floats ? step.function.acceptsFloats : step.function.acceptsIntegers else {
        throw OpError(
          "step \(index), '\(step.function.name)', is not defined on \(floats ? "floats" : "integers")")
      }
    }
    var shape = operands[0].shape
    for type in operands.dropFirst() {
      guard let joined = shape.broadcast(with: type.shape) else {
        throw OpError(
          "shapes \(operands.map { $0.shape.description }.joined(separator: ", ")) do not broadcast")
      }
      shape = joined
    }
    return [TensorType(element, shape)]
  }

  /// Whether registers are fp32; they are int64 otherwise.
  package static func computesInFloats(_ operands: [ElementType], _ result: ElementType) -> Bool {
    result.isFloat || operands.contains(where: \.isFloat)
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [compute(steps, operands, results[0])]
  }
}

extension Elementwise.Step {
  var call: Call {
    let parameters = [p0, p1].prefix(function.parameterCount)
    return Call(function.name, registers.map { Double($0) } + parameters)
  }

  init?(_ call: Call) {
    guard let function = Elementwise.Function(name: call.function),
      call.arguments.count == function.arity + function.parameterCount
    else { return nil }
    var registers: [Int] = []
    for argument in call.arguments.prefix(function.arity) {
      guard let register = Int(exactly: argument) else { return nil }
      registers.append(register)
    }
    let parameters = call.arguments.dropFirst(function.arity)
    self.init(function, registers, p0: parameters.first ?? 0, p1: parameters.dropFirst().first ?? 0)
  }
}
