import IR
import Passes
import Tensors
import TestSupport
import Testing

/// Chains of arithmetic with constants on which rewriting shows: zeros of both signs, powers of two, numbers
/// that round what they are added to, and such whose products leave fp32's range. Where a rounding, comparison
/// or conversion reads the chain, the pipeline may not change a bit; elsewhere no more than the chain's own
/// rounding.
@Test(arguments: 0..<20)
func pipelineKeepsWhatRoundingsRead(_ block: Int) throws {
  for index in 0..<20 {
    let seed = UInt64(block * 20 + index)
    let chain = try Chain(seed: seed)
    let input = Tensor(nastyNumbers, shape: [nastyNumbers.count])
    let (before, expected) = (chain.graph, try evaluate(chain.graph, [input])[0])
    var after = before
    try run(standardPipeline, on: &after, verifying: true)
    let found = try evaluate(after, [input])[0]
    let description: Comment = "seed \(seed)\n\(before.text)\n\(after.text)"
    guard expected.element.isFloat else {
      #expect(expected.integers == found.integers, description)
      continue
    }
    let bounds = chain.isRead ? [Float](repeating: 0, count: nastyNumbers.count) : chain.bounds(nastyNumbers)
    for (index, bound) in bounds.enumerated() {
      let (wanted, got) = (expected.floats[index], found.floats[index])
      let isSame = wanted.bitPattern == got.bitPattern || wanted.isNaN && got.isNaN
      #expect(
        isSame || bound == .infinity || bound > 0 && abs(wanted - got) <= bound && (wanted != 0 || got != 0),
        "x = \(nastyNumbers[index]): \(got), expected \(wanted) ± \(bound)\n\(description)")
    }
  }
}

private let nastyNumbers: [Float] = [
  0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, 0.3, -1.7, 3, -3, 5, 127.5, 128, 129, 255, -128, 1e-3, 12_582_912.5,
  1e8,
  1e15, 1e30, -1e30, 1e-30, -1e-30, 1e-20, 0x1p-126, 0x1p-149, -0x1p-149, 0x1p-130, 3e38, .infinity,
  -.infinity,
  .nan,
]

private let nastyConstants: [Float] = [
  0, -0.0, 1, -1, 2, -2, 0.5, 0.25, 4, 0.3, -0.7, 1.0 / 3, 3, 6, 127, 128, -128, 255, 0.007, 1.1, 12_582_912,
  -12_582_912, 8_388_608, 1e8, 1e30, -1e30, 1e-30, 1e-20, 0x1p-126, 0x1p-140,
]

/// A random chain of functions of one number.
private struct Chain {
  private(set) var graph = Graph(name: "main")
  /// Whether something at the end reads the last digit.
  private(set) var isRead = false
  /// What each step does to a number, and by how much it enlarges an error; nil for 1 ÷ x.
  private var steps: [(function: (Float) -> Float, slope: Float?)] = []
  private var random: SplitMix64
  private var weights = 0

  init(seed: UInt64) throws {
    random = SplitMix64(seed: seed)
    var value = graph.addInput("x", TensorType(.f32, [nastyNumbers.count]))
    for _ in 0..<(2 + below(6)) { value = try step(value) }
    value = try end(value)
    graph.addOutput("y", value)
  }

  /// How far rounding in another way may move each result: a few units in the last place of the numbers on the
  /// way to it; infinity where that is more than the numbers themselves.
  func bounds(_ inputs: [Float]) -> [Float] {
    inputs.map { input in
      var (x, error): (Float, Float) = (input, 0)
      for step in steps {
        let result = step.function(x)
        let slope = step.slope ?? (error > abs(x) / 8 ? .infinity : 2 / (x * x))
        if slope == .infinity { return .infinity }
        error = result.isFinite ? slope * error + 4 * Float.ulpOfOne * abs(result) + 0x1p-147 : 0
        x = result
      }
      return error.isNaN ? .infinity : error
    }
  }

  private mutating func step(_ x: ValueID) throws -> ValueID {
    let number = nastyConstants[below(nastyConstants.count)]
    switch below(14) {
    case 0, 1: return try binary(.add, x, number, slope: 1) { $0 + number }
    case 2, 3: return try binary(.sub, x, number, slope: 1) { $0 - number }
    case 4: return try binary(.sub, x, number, slope: 1, isLeft: true) { number - $0 }
    case 5, 6, 7: return try binary(.mul, x, number, slope: abs(number)) { $0 * number }
    case 8, 9:
      let divisor = number == 0 ? 3 : number
      return try binary(.div, x, divisor, slope: abs(1 / divisor)) { $0 / divisor }
    case 10: return try unary(.neg, x) { -$0 }
    case 11: return try binary(.max, x, number, slope: 1) { $0 > number || $0.isNaN ? $0 : number }
    case 12: return try unary(.relu, x) { $0 < 0 ? 0 : $0 }
    default: return try unary(.abs, x) { abs($0) }
    }
  }

  private mutating func end(_ x: ValueID) throws -> ValueID {
    let kind = below(12)
    isRead = kind < 9
    switch kind {
    case 0: return try add(.unary(Unary(.round)), [x])
    case 1: return try add(.unary(Unary(.sign)), [x])
    case 2: return try add(.cast(Cast(.i32)), [x])
    case 3: return try add(.binary(Binary(.less)), [x, constant(0.3)])
    case 4: return try add(.binary(Binary(.mod)), [x, constant(0.7)])
    case 5:
      // Quantization by a scale that divides.
      let steps = try add(.unary(Unary(.round)), [add(.binary(Binary(.div)), [x, constant(0.05)])])
      let clipped = try add(.unary(Unary(.clip, 0, 255)), [add(.binary(Binary(.add)), [steps, constant(3)])])
      return try add(.cast(Cast(.u8)), [clipped])
    case 6:
      let moved = try add(.reshape(Reshape([nastyNumbers.count, 1])), [x])
      return try add(.cast(Cast(.i64)), [add(.unary(Unary(.relu)), [moved])])
    case 7, 8:
      // A sum of one term, and what reads its last digit.
      let rows = try add(.reshape(Reshape([nastyNumbers.count, 1])), [x])
      let product = try add(
        .matmul(MatMul()), [rows, graph.addWeight("one", Tensor([Float(1)], shape: [1, 1]))])
      return try add(kind == 7 ? .unary(Unary(.floor)) : .cast(Cast(.i32)), [product])
    case 9: return try unary(.reciprocal, x, slope: nil) { 1 / $0 }
    default: return x
    }
  }

  private mutating func binary(
    _ function: BinaryFunction, _ x: ValueID, _ number: Float, slope: Float, isLeft: Bool = false,
    _ step: @escaping (Float) -> Float
  ) throws -> ValueID {
    steps.append((step, slope))
    let other = constant(number)
    return try add(.binary(Binary(function)), isLeft ? [other, x] : [x, other])
  }

  private mutating func unary(
    _ function: UnaryFunction, _ x: ValueID, slope: Float? = 1, _ step: @escaping (Float) -> Float
  ) throws -> ValueID {
    steps.append((step, slope))
    return try add(.unary(Unary(function)), [x])
  }

  private mutating func constant(_ number: Float) -> ValueID {
    weights += 1
    let shape: Shape = below(3) == 0 ? [nastyNumbers.count] : []
    let numbers = [Float](repeating: number, count: shape.elementCount)
    return graph.addWeight("c\(weights)", Tensor(numbers, shape: shape))
  }

  private mutating func add(_ op: Op, _ operands: [ValueID]) throws -> ValueID {
    try graph.add(op, operands, name: "n\(graph.order.count)")[0]
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
}
