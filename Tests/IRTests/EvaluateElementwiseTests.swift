import IR
import Tensors
import TestSupport
import Testing

@Suite struct EvaluateElementwiseTests {
  private func unary(_ op: Unary, _ values: [Float]) throws -> [Float] {
    try Op.unary(op).evaluate([Tensor(values, shape: [values.count])])[0].floats
  }

  private func binary(_ function: BinaryFunction, _ a: [Float], _ b: [Float]) throws -> [Float] {
    try Op.binary(Binary(function)).evaluate([
      Tensor(a, shape: [a.count]), Tensor(b, shape: [b.count]),
    ])[0].floats
  }

  private func integers(
    _ function: BinaryFunction, _ element: ElementType, _ a: [Int64], _ b: [Int64]
  ) throws -> [Int64] {
    try Op.binary(Binary(function)).evaluate([
      Tensor(a, shape: [a.count], element: element), Tensor(b, shape: [b.count], element: element),
    ])[0].integers
  }

  /// Values from tables of the functions, not from this code.
  @Test(
    arguments: [
      (Unary(.neg), -2, 2), (Unary(.abs), -2.5, 2.5), (Unary(.exp), 1, 2.7182818),
      (Unary(.log), 2, 0.69314718),
      (Unary(.rsqrt), 4, 0.5), (Unary(.reciprocal), -4, -0.25), (Unary(.tan), 1, 1.5574077),
      (Unary(.asinh), 1, 0.88137359), (Unary(.acosh), 2, 1.3169579), (Unary(.atanh), 0.5, 0.54930614),
      (Unary(.erf), 0.5, 0.52049988), (Unary(.sigmoid), 1, 0.73105858), (Unary(.silu), 1, 0.73105858),
      (Unary(.silu, 1.702), 1, 0.84579577), (Unary(.gelu), 1, 0.84134475), (Unary(.gelu), -1, -0.15865525),
      (Unary(.geluTanh), 1, 0.84119199), (Unary(.hardSigmoid), 1, 0.7), (Unary(.hardSigmoid), -3, 0),
      (Unary(.hardSwish), 1, 0.66666667), (Unary(.hardSwish), -4, 0), (Unary(.leakyRelu, 0.25), -2, -0.5),
      (Unary(.elu), -1, -0.63212056), (Unary(.selu), -1, -1.1113307), (Unary(.selu), 1, 1.050701),
      (Unary(.celu, 2), -1, -0.78693868), (Unary(.softplus), 0, 0.69314718), (Unary(.softsign), -3, -0.75),
      (Unary(.mish), 1, 0.86509839), (Unary(.thresholdedRelu, 1.5), 1.25, 0),
      (Unary(.thresholdedRelu, 1.5), 2, 2),
      (Unary(.shrink, 0.5, 0.25), -1, -0.75), (Unary(.shrink, 0.5, 0.25), 0.5, 0),
      (Unary(.affine, 3, -1), 2, 5),
      (Unary(.clip, -1, 1), 7, 1),
    ] as [(Unary, Float, Float)])
  func functionsHaveTheirTextbookValues(_ op: Unary, _ x: Float, _ expected: Float) throws {
    let y = try unary(op, [x])[0]
    #expect(abs(y - expected) <= 2e-7 * max(1, abs(expected)), "\(op.call) of \(x) is \(y)")
  }

  @Test func largeArgumentsDoNotOverflow() throws {
    #expect(try unary(Unary(.sigmoid), [-200, 200]) == [0, 1])
    #expect(try unary(Unary(.softplus), [-200, 200, 1e30]) == [0, 200, 1e30])
    #expect(try unary(Unary(.silu), [-200, 200]) == [0, 200])
    #expect(try unary(Unary(.mish), [-200, 200]) == [0, 200])
    #expect(try unary(Unary(.gelu), [-20, 20]) == [0, 20])
  }

  @Test func roundingGoesToEven() throws {
    #expect(try unary(Unary(.round), [0.5, 1.5, 2.5, -0.5, -1.5, 2.4]) == [0, 2, 2, 0, -2, 2])
    #expect(try unary(Unary(.trunc), [1.9, -1.9]) == [1, -1])
    #expect(try unary(Unary(.floor), [1.9, -1.1]) == [1, -2])
    #expect(try unary(Unary(.ceil), [1.1, -1.9]) == [2, -1])
  }

  @Test(arguments: [
    Unary(.relu), Unary(.clip, 0, 6), Unary(.sign), Unary(.leakyRelu), Unary(.thresholdedRelu),
    Unary(.shrink),
    Unary(.hardSigmoid), Unary(.hardSwish), Unary(.softplus), Unary(.elu), Unary(.celu), Unary(.round),
  ])
  func notANumberStays(_ op: Unary) throws {
    #expect(try unary(op, [.nan])[0].isNaN)
  }

  @Test func comparisonsWithNotANumber() throws {
    for function in [.max, .min] as [BinaryFunction] {
      #expect(try binary(function, [.nan, 1, 2], [1, .nan, 3]).prefix(2).allSatisfy(\.isNaN))
    }
    #expect(try binary(.equal, [.nan, 1], [.nan, 1]) == [0, 1])
    #expect(try binary(.notEqual, [.nan, 1], [.nan, 1]) == [1, 0])
    #expect(try binary(.less, [.nan, 1], [1, 2]) == [0, 1])
    #expect(try unary(Unary(.not), [.nan, 0, -0.0, 2]) == [0, 1, 1, 0])
    #expect(try binary(.and, [.nan, 1], [1, 0]) == [1, 0])
    #expect(try unary(Unary(.isInf), [.infinity, -.infinity, .nan, 1]) == [1, 1, 0, 0])
    #expect(try unary(Unary(.isInf, 0, 1), [.infinity, -.infinity]) == [1, 0])
  }

  @Test func remaindersTakeTheirSigns() throws {
    let (a, b) = ([7, -7, 7, -7, 6] as [Float], [3, 3, -3, -3, 3] as [Float])
    #expect(try binary(.mod, a, b) == [1, 2, -2, -1, 0])
    #expect(try binary(.fmod, a, b) == [1, -1, 1, -1, 0])
    #expect(try integers(.mod, .i32, [7, -7, 7, -7, 6, 5], [3, 3, -3, -3, 3, 0]) == [1, 2, -2, -1, 0, 0])
    #expect(try integers(.fmod, .i32, [7, -7, 7, -7, 6, 5], [3, 3, -3, -3, 3, 0]) == [1, -1, 1, -1, 0, 0])
  }

  @Test func integersWrap() throws {
    #expect(try integers(.add, .u8, [250, 255], [10, 1]) == [4, 0])
    #expect(try integers(.sub, .u8, [3], [5]) == [254])
    #expect(try integers(.mul, .i8, [100, -128], [2, -1]) == [-56, -128])
    #expect(try integers(.add, .i64, [.max], [1]) == [.min])
    #expect(try integers(.div, .i64, [.min, 7, -7, 5], [-1, 2, 2, 0]) == [.min, 3, -3, 0])
    #expect(try integers(.mod, .i64, [.min], [-1]) == [0])
    let least = Tensor([Int64.min, -3] as [Int64], shape: [2])
    #expect(try Op.unary(Unary(.abs)).evaluate([least])[0].integers == [.min, 3])
    #expect(
      try Op.unary(Unary(.neg)).evaluate([Tensor([-128] as [Int64], shape: [1], element: .i8)])[0].integers
        == [-128])
    #expect(try Op.unary(Unary(.clip)).evaluate([least])[0].integers == [.min, -3])
  }

  @Test func integerPowersAndShifts() throws {
    #expect(
      try integers(.pow, .i64, [2, -3, 0, 2, 1, -1, -1, 0, 7], [10, 3, 0, -1, -5, -5, -4, -1, 1]) == [
        1024, -27, 1, 0, 1, -1, 1, 0, 7,
      ])
    #expect(try integers(.shiftLeft, .i64, [1, 1, 1, 1], [3, 63, 64, -1]) == [8, .min, 0, 0])
    #expect(try integers(.shiftRight, .u8, [255, 128], [4, 9]) == [15, 0])
    #expect(try integers(.shiftRight, .i64, [-1], [60]) == [15])
    #expect(try integers(.bitXor, .i8, [0b0110], [0b0101]) == [0b0011])
  }

  @Test func operandsBroadcast() throws {
    let column = Tensor([10, 20] as [Float], shape: [2, 1])
    let row = Tensor([1, 2, 3] as [Float], shape: [3])
    let sum = try Op.binary(Binary(.add)).evaluate([column, row])[0]
    #expect(sum.shape == [2, 3])
    #expect(sum.floats == [11, 12, 13, 21, 22, 23])
    let condition = Tensor([1, 0, 1] as [Int64], shape: [3], element: .bool)
    let chosen = try Op.select(Select()).evaluate([condition, column, row])[0]
    #expect(chosen.floats == [10, 2, 10, 20, 2, 20])
  }

  @Test func halvesRoundOnce() throws {
    // 1 + 2⁻¹¹ lies halfway between two halves; fp32 holds it, and storing rounds to even.
    let one = Tensor([1, 2049] as [Float], shape: [2], element: .f16)
    let step = Tensor([0x1p-11, 1] as [Float], shape: [2], element: .f16)
    #expect(try Op.binary(Binary(.add)).evaluate([one, step])[0].floats == [1, 2048])
  }

  @Test func castsTruncateSaturateAndWrap() throws {
    let values = Tensor([-1.9, 1.9, 300, -300, .nan, .infinity] as [Float], shape: [6])
    #expect(try Op.cast(Cast(.i8)).evaluate([values])[0].integers == [-1, 1, 127, -128, 0, 127])
    #expect(try Op.cast(Cast(.u8)).evaluate([values])[0].integers == [0, 1, 255, 0, 0, 255])
    #expect(try Op.cast(Cast(.i64)).evaluate([values])[0].integers == [-1, 1, 300, -300, 0, .max])
    #expect(try Op.cast(Cast(.bool)).evaluate([values])[0].integers == [1, 1, 1, 1, 1, 1])
    let wide = Tensor([300, -129, 1 << 40] as [Int64], shape: [3])
    #expect(try Op.cast(Cast(.i8)).evaluate([wide])[0].integers == [44, 127, 0])
    #expect(try Op.cast(Cast(.f16)).evaluate([wide])[0].floats == [300, -129, .infinity])
  }

  @Test func chainsKeepFloatsBetweenSteps() throws {
    let steps: [Elementwise.Step] = [
      .init(.binary(.mul), in: .f32, [0, 0]), .init(.unary(.affine), in: .f32, [1], p0: 1 / 65536.0, p1: 0),
    ]
    let x = Tensor([300] as [Float], shape: [1], element: .f16)
    let y = try Op.elementwise(Elementwise(steps, element: .f16)).evaluate([x])[0]
    // 300² does not fit a half, but its 65536th part does.
    #expect(y.floats == [Float(Float16(90000.0 / 65536))])
  }

  @Test func chainsOfIntegersStayIntegers() throws {
    let steps: [Elementwise.Step] = [
      .init(.binary(.add), in: .i64, [0, 1]), .init(.unary(.affine), in: .i64, [2], p0: 2.9, p1: -1),
    ]
    let a = Tensor([1 << 60, 3] as [Int64], shape: [2])
    let y = try Op.elementwise(Elementwise(steps, element: .i64)).evaluate([
      a, Tensor([1] as [Int64], shape: []),
    ])[0]
    #expect(y.integers == [(1 << 61) + 1, 7])
  }

  @Test func stepsConvertAsCastsDo() throws {
    let x = Tensor([-1.9, 1.9, 300, -300, .nan, .infinity] as [Float], shape: [6])
    for element in ElementType.allCases where !element.isFloat {
      let there = Elementwise.Step(.convert(element), in: .f32, [0])
      let back = Elementwise.Step(.convert(.f32), in: .i64, [1])
      let steps = there.result == .i64 ? [there, back] : [there]
      let y = try Op.elementwise(Elementwise(steps)).evaluate([x])[0]
      #expect(y.isIdentical(to: x.converted(to: element).converted(to: .f32)), "\(element)")
    }
  }

  /// A chain gives what its steps give one by one.
  @Test(
    arguments: opCases.filter {
      $0.op.name == "elementwise" && $0.operands.allSatisfy { $0.type.element == .f32 }
    })
  func chainsEqualTheirSteps(_ opCase: OpCase) throws {
    guard case .elementwise(let op) = opCase.op, op.element == .f32 else { return }
    guard op.steps.allSatisfy({ $0.domain == .f32 && $0.result == .f32 }) else { return }
    var registers = opCase.tensors
    for step in op.steps {
      let operands = step.registers.map { registers[$0] }
      let single: Op =
        switch step.function {
        case .unary(let function): .unary(Unary(function, step.p0, step.p1))
        case .binary(let function): .binary(Binary(function))
        case .select: .select(Select())
        case .convert(let element): .cast(Cast(element))
        }
      let condition = step.function == .select ? [operands[0].converted(to: .bool)] : [operands[0]]
      registers.append(try single.evaluate(condition + operands.dropFirst())[0].converted(to: .f32))
    }
    let shape = try opCase.op.infer(opCase.operands.map(\.type))[0].shape
    let last = try Op.expand(Expand(shape.extents)).evaluate([registers[registers.count - 1]])[0]
    #expect(try opCase.op.evaluate(opCase.tensors)[0].isIdentical(to: last))
  }

  @Test func parametersOfIntegersSaturate() {
    #expect(integerParameter(-.infinity) == .min)
    #expect(integerParameter(.infinity) == .max)
    #expect(integerParameter(.nan) == 0)
    #expect(integerParameter(-2.9) == -2)
  }
}
