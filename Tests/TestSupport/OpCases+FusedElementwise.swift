import IR
import Tensors

let elementwiseCases: [OpCase] = {
  typealias Step = Elementwise.Step
  var cases: [OpCase] = [
    opCase("one step", .elementwise(Elementwise([Step(.unary(.sigmoid), in: .f32, [0])])), [f32(2, 5)]),
    opCase(
      "scale, offset, silu, residual",
      .elementwise(
        Elementwise([
          Step(.binary(.mul), in: .f32, [0, 1]), Step(.binary(.add), in: .f32, [4, 2]),
          Step(.unary(.silu), in: .f32, [5], p0: 1),
          Step(.binary(.add), in: .f32, [6, 3]),
        ])), [f32(2, 3, 4, 5), f32(3, 1, 1), f32(3, 1, 1), f32(2, 3, 4, 5)]),
    opCase(
      "select between two halves",
      .elementwise(
        Elementwise([
          Step(.unary(.affine), in: .f32, [0], p0: 2, p1: -0.25), Step(.binary(.greater), in: .f32, [0, 1]),
          Step(.select, in: .f32, [3, 2, 0]), Step(.unary(.clip), in: .f32, [4], p0: -0.5, p1: 0.5),
        ])), [f32(7, 3), f32(3)]),
    opCase(
      "last register smaller than the result",
      .elementwise(Elementwise([Step(.binary(.add), in: .f32, [0, 0]), Step(.unary(.exp), in: .f32, [1])])),
      [f32(3, 1), f32(1, 4)]),
    opCase(
      "floats to i8",
      .elementwise(Elementwise([Step(.unary(.affine), in: .f32, [0], p0: 200, p1: 0)], element: .i8)),
      [f32(3, 11)]),
    opCase(
      "i32 and f16 to bool",
      .elementwise(Elementwise([Step(.binary(.lessEqual), in: .f32, [0, 1])], element: .bool)),
      [TensorType(.i32, [4, 5]), TensorType(.f16, [5])], .grid(step: 1, -2, 2)),
    opCase(
      "i64 registers",
      .elementwise(
        Elementwise(
          [
            Step(.binary(.mul), in: .i64, [0, 1]), Step(.binary(.shiftLeft), in: .i64, [2, 1]),
            Step(.unary(.affine), in: .i64, [3], p0: 3, p1: -7),
            Step(.binary(.mod), in: .i64, [4, 1]), Step(.unary(.clip), in: .i64, [5], p0: -100, p1: 100),
          ], element: .i64)), [TensorType(.i64, [18, 1]), TensorType(.i64, [1, 18])],
      .integers(specialIntegers)),
    opCase(
      "wraps to u8", .elementwise(Elementwise([Step(.binary(.add), in: .i64, [0, 1])], element: .u8)),
      [TensorType(.u8, [64]), TensorType(.i32, [64])], .uniform(0, 255)),
  ]
  cases += mixedCases
  let functions: [Elementwise.Function] = [
    .binary(.add), .binary(.sub), .binary(.mul), .binary(.max), .binary(.min), .unary(.tanh),
    .unary(.sigmoid),
    .unary(.neg), .unary(.abs), .unary(.relu), .unary(.gelu), .unary(.hardSwish), .unary(.erf), .select,
  ]
  var generator = SplitMix64(seed: 42)
  for index in 0..<16 {
    let operandCount = 1 + index % Elementwise.operandLimit
    let stepCount = index == 15 ? Elementwise.stepLimit : 2 + index
    var steps: [Step] = []
    for step in 0..<stepCount {
      let function = functions[Int(generator.next() % UInt64(functions.count))]
      let registers = (0..<function.arity).map { position in
        // The first operand is the newest register, so that most steps count.
        position == 0 ? operandCount + step - 1 : Int(generator.next() % UInt64(operandCount + step))
      }
      // Keeps products of products in range.
      steps.append(
        step % 4 == 3 ? Step(.unary(.tanh), in: .f32, [registers[0]]) : Step(function, in: .f32, registers))
    }
    let shapes: [Shape] = [[3, 4, 10], [10], [4, 1], [3, 1, 1], [], [1, 4, 10], [3, 1, 10], [1]]
    let element = floatTypes[index % 3]
    cases.append(
      opCase(
        "random chain \(index)", .elementwise(Elementwise(steps, element: element)),
        (0..<operandCount).map { TensorType(element, shapes[$0]) }))
  }
  return cases
}()

/// Programs that compute in both domains.
private let mixedCases: [OpCase] = {
  typealias Step = Elementwise.Step
  let fractions = RandomValues.cycle([0.5, -0.5, 300.75, -300.75, .nan, .infinity, -1e30, 127, 5e9])
  var cases: [OpCase] = [
    // 2 of 7, 0.3 of each, is 2.1: toward zero after the product, not before.
    opCase(
      "i64 to f32 and back",
      .elementwise(Elementwise([Step(.unary(.affine), in: .f32, [0], p0: 0.3)], element: .i64)),
      [TensorType(.i64, [6])], .integers([-7, 3, 5, 8, 100, 0])),
    opCase(
      "u8 to u8 through floats",
      .elementwise(
        Elementwise(
          [
            Step(.unary(.affine), in: .f32, [0], p0: 0.5, p1: -64), Step(.unary(.relu), in: .f32, [1]),
            Step(.unary(.affine), in: .f32, [2], p0: 3), Step(.unary(.round), in: .f32, [3]),
          ], element: .u8)), [TensorType(.u8, [256])], .integers(Array(0...255))),
    // Of 2⁶² + 1, fp32 has 2⁶²; int64 has all of it.
    opCase(
      "an operand in both domains",
      .elementwise(
        Elementwise(
          [
            Step(.convert(.f32), in: .i64, [0]), Step(.convert(.i64), in: .f32, [1]),
            Step(.binary(.sub), in: .i64, [0, 2]),
          ], element: .i64)), [TensorType(.i64, [18])], .integers(specialIntegers)),
    opCase(
      "a mask of integers selects floats",
      .elementwise(
        Elementwise([
          Step(.binary(.less), in: .i64, [0, 1]), Step(.unary(.isNaN), in: .f32, [2]),
          Step(.convert(.i64), in: .f32, [5]), Step(.binary(.or), in: .i64, [4, 6]),
          Step(.convert(.f32), in: .i64, [7]), Step(.select, in: .f32, [8, 3, 2]),
        ])), [TensorType(.i64, [3, 700]), TensorType(.i32, [700]), f32(3, 700), f32()], .grid(step: 1, -3, 3)),
    opCase(
      "an operand that no step reads",
      .elementwise(Elementwise([Step(.unary(.neg), in: .i64, [1])], element: .i32)),
      [f32(4, 1), TensorType(.i32, [3])]),
  ]
  for element in ElementType.allCases where !element.isFloat {
    let there = Step(.convert(element), in: .f32, [0])
    let back = there.result == .i64 ? [there, Step(.convert(.f32), in: .i64, [1])] : [there]
    cases.append(
      opCase("f32 to \(element) and back", .elementwise(Elementwise(back)), [f32(9)], fractions))
    guard element != .i64 else { continue }
    cases.append(
      opCase(
        "i64 wraps to \(element)",
        .elementwise(Elementwise([Step(.convert(element), in: .i64, [0])], element: .i64)),
        [TensorType(.i64, [18])], .integers(specialIntegers)))
  }
  return cases
}()
