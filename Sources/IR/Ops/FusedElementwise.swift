package import Tensors

/// A chain of elementwise functions computed tile by tile without intermediate tensors.
///
/// Operands broadcast to one shape. Register i is operand i; each step defines the next register from earlier
/// ones; the last step is the result. A register holds fp32 or int64, its domain: that of an operand is the
/// one of the steps that read it, which all compute in one domain; that of a step is its function's. A step
/// names the domain it computes in and reads only registers that hold it, so that a change between the two is
/// a step of its own, `to_i32` for instance. In text a step is a call of register numbers, then parameters:
/// `[add.f32(0, 1), clip.f32(2, 0.0, 6.0), to_i64.f32(3), bit_and.i64(4, 4)]`.
///
/// Loading an operand, storing the result and the steps `to_…` convert as ``Cast`` does: float to integer
/// truncates toward zero and saturates, NaN gives 0; int64 to float rounds; integers wrap; bool is `!= 0`.
package struct Elementwise: OpDefinition {
  /// What a register holds, and what a step computes in.
  package enum Domain: String, CaseIterable, Hashable, Sendable {
    case f32, i64

    /// The domain in which an op on elements of this type computes.
    package init(_ element: ElementType) { self = element.isFloat ? .f32 : .i64 }
  }

  package struct Step: Hashable, Sendable {
    package var function: Function
    /// The domain of every register that it reads.
    package var domain: Domain
    /// Registers read, as many as the function's arity.
    package var registers: [Int]
    @Exact package var p0 = 0.0
    @Exact package var p1 = 0.0
    package init(_ function: Function, in domain: Domain, _ registers: [Int], p0: Double = 0, p1: Double = 0)
    {
      self.function = function
      self.domain = domain
      self.registers = registers
      self.p0 = p0
      self.p1 = p1
    }

    /// The domain of the register that it defines.
    package var result: Domain { function.result(of: domain) }
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
      guard step.function.isDefined(in: step.domain) else {
        throw OpError("step \(index), '\(step.function.name)', is not defined in \(step.domain.rawValue)")
      }
    }
    try checkDomains(operandCount: operands.count)
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

  /// Every step reads registers of its own domain only.
  private func checkDomains(operandCount: Int) throws(OpError) {
    let domains = Self.domains(of: steps, operandCount: operandCount)
    for (index, step) in steps.enumerated() {
      for register in step.registers {
        guard let domain = domains[register], domain != step.domain else { continue }
        throw OpError(
          "step \(index) computes in \(step.domain.rawValue) and reads register \(register), which holds \(domain.rawValue)",
          advice: "convert it in a step of its own, 'to_\(step.domain.rawValue).\(domain.rawValue)'")
      }
    }
  }

  /// The domain of each register: of an operand that of the first step that reads it, nil where none does.
  package static func domains(of steps: [Step], operandCount: Int) -> [Domain?] {
    var domains = [Domain?](repeating: nil, count: operandCount)
    for step in steps {
      for register in step.registers where domains[register] == nil { domains[register] = step.domain }
      domains.append(step.result)
    }
    return domains
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [compute(steps, operands, results[0])]
  }
}

extension Elementwise.Step {
  /// The form in attributes: `clip.f32(2, 0.0, 6.0)`.
  var call: Call {
    let parameters = [p0, p1].prefix(function.parameterCount)
    return Call("\(function.name).\(domain.rawValue)", registers.map { Double($0) } + parameters)
  }

  /// From its form as a call; nil if it names no function or domain, or has other than their arguments.
  init?(_ call: Call) {
    guard let dot = call.function.lastIndex(of: "."),
      let function = Elementwise.Function(name: String(call.function[..<dot])),
      let domain = Elementwise.Domain(rawValue: String(call.function[call.function.index(after: dot)...])),
      call.arguments.count == function.arity + function.parameterCount
    else { return nil }
    var registers: [Int] = []
    for argument in call.arguments.prefix(function.arity) {
      guard let register = Int(exactly: argument) else { return nil }
      registers.append(register)
    }
    let parameters = call.arguments.dropFirst(function.arity)
    self.init(
      function, in: domain, registers, p0: parameters.first ?? 0, p1: parameters.dropFirst().first ?? 0)
  }
}
