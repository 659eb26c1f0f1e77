import IR
import Passes
import Tensors
import TestSupport
import Testing

/// Builds a graph in which integers are dequantized, computed with and quantized again.
struct QuantizedGraph {
  private(set) var graph = Graph(name: "main")
  private(set) var inputs: [Tensor] = []
  var draw: Draw
  let rounding: Rescaling.Rounding
  private var count = 0

  init(seed: UInt64, _ rounding: Rescaling.Rounding) {
    draw = Draw(seed: seed)
    self.rounding = rounding
  }

  mutating func add(_ op: Op, _ operands: [ValueID]) throws -> ValueID {
    try graph.add(op, operands, name: unique("n"))[0]
  }

  mutating func weight(_ tensor: Tensor) -> ValueID { graph.addWeight(unique("w"), tensor) }

  /// An input of integers, dequantized; of random steps or of those of another.
  mutating func input(_ element: ElementType, _ shape: Shape, as other: ValueID? = nil) throws -> ValueID {
    let range = element == .i16 ? -32768.0...32767 : element == .u8 ? 0...255 : -128...127
    let type = TensorType(element, shape)
    inputs.append(random(type, .uniform(range.lowerBound, range.upperBound)))
    let value = graph.addInput(unique("x"), type)
    if let other, let node = graph.producer(of: other) {
      return try add(.dequantize(Dequantize()), [value] + graph[node].operands.dropFirst())
    }
    let zero = element == .i16 ? 0 : Int64(draw.number(Int(range.lowerBound)...Int(range.upperBound)))
    return try dequantized(value, scales: [drawnScale(element)], zeros: [zero], axis: 0)
  }

  /// Dequantized constants with a scale for each index of an axis, or with one.
  mutating func constant(_ element: ElementType, _ shape: Shape, axis: Int? = nil) throws -> ValueID {
    let value = weight(
      random(TensorType(element, shape), element == .u8 ? .uniform(0, 255) : .uniform(-127, 127)))
    let extent = axis.map { shape[$0] } ?? 1
    let scales = (0..<extent).map { _ in drawnScale(element) }
    let zeros = [Int64](repeating: element == .u8 ? 128 : 0, count: extent)
    return try dequantized(value, scales: scales, zeros: zeros, axis: axis)
  }

  private mutating func drawnScale(_ element: ElementType) -> Float {
    Float(draw.number(50...900)) * (element == .i16 ? 1e-6 : 1e-4)
  }

  private mutating func dequantized(_ value: ValueID, scales: [Float], zeros: [Int64], axis: Int?) throws
    -> ValueID
  {
    let shape: Shape = scales.count == 1 ? [] : [scales.count]
    let steps = [
      weight(Tensor(scales, shape: shape)),
      weight(Tensor(zeros, shape: shape, element: graph.type(of: value).element)),
    ]
    return try add(.dequantize(Dequantize(Granularity(axis: axis ?? 1))), [value] + steps)
  }

  /// Constant numbers about as large as a value.
  mutating func numbers(_ shape: Shape, like value: ValueID) throws -> ValueID {
    let largest = Double(try range(value).upperBound)
    return weight(random(TensorType(.f32, shape), .uniform(-largest, largest)))
  }

  /// Quantizes a value to most of its range; the result is an output.
  mutating func quantize(_ value: ValueID, _ element: ElementType) throws {
    let range = try range(value)
    let levels: Float = element == .i16 ? 60000 : 220
    let scale = max((range.upperBound - range.lowerBound) / levels, 1e-6)
    let zero: Int64 =
      element == .i16 ? 0 : Int64((-range.lowerBound / scale).rounded()) + (element == .i8 ? -118 : 10)
    let limited = min(max(zero, element.integerRange?.lowerBound ?? 0), element.integerRange?.upperBound ?? 0)
    let steps = [
      weight(Tensor(scalar: element == .i16 ? scale * 1.9 : scale)),
      weight(Tensor([limited], shape: [], element: element)),
    ]
    let result = try add(.quantize(Quantize(rounding: rounding)), [value] + steps)
    graph.addOutput(unique("y"), result)
  }

  /// Quantizes a value with a scale for each index of an axis, and one zero point; the result is an output.
  mutating func quantize(_ value: ValueID, _ element: ElementType, axis: Int) throws {
    let extent = graph.shape(of: value)[axis]
    let largest = max(abs(try range(value).lowerBound), abs(try range(value).upperBound), 1e-3)
    let scales = (0..<extent).map { _ in
      largest * Float(draw.number(60...200)) / (element == .i16 ? 2_000_000 : 10_000)
    }
    let zeros = [Int64](repeating: element == .u8 ? 128 : 0, count: extent)
    let steps = [
      weight(Tensor(scales, shape: [extent])), weight(Tensor(zeros, shape: [extent], element: element)),
    ]
    let granularity = Granularity(axis: axis)
    graph.addOutput(
      unique("y"), try add(.quantize(Quantize(granularity, rounding: rounding)), [value] + steps))
  }

  /// Quantizes a value in the steps by which another was dequantized; the result is an output.
  mutating func quantize(_ value: ValueID, as other: ValueID) throws {
    let steps = graph.producer(of: other).map { graph[$0].operands.dropFirst() } ?? []
    graph.addOutput(
      unique("y"), try add(.quantize(Quantize(rounding: rounding)), [value] + steps))
  }

  mutating func output(_ value: ValueID) { graph.addOutput(unique("y"), value) }

  private func range(_ value: ValueID) throws -> ClosedRange<Float> {
    var part = graph
    part.addOutput("range", value)
    let numbers = try evaluate(part, inputs)[part.outputs.count - 1].floats
    return (numbers.min() ?? 0)...(numbers.max() ?? 0)
  }

  private mutating func random(_ type: TensorType, _ values: RandomValues) -> Tensor {
    count += 1
    return Tensor(random: type.element, type.shape, values, seed: draw.seed &* 1009 &+ UInt64(count))
  }

  private mutating func unique(_ stem: String) -> String {
    count += 1
    return "\(stem)\(count)"
  }
}

/// A family of graphs that rules write on integers.
struct QuantizedFamily: CustomTestStringConvertible, Sendable {
  let name: String
  /// What may be left of other ops: those that run between outputs in numbers.
  var remaining: Set<String> = []
  let build: @Sendable (inout QuantizedGraph) throws -> Void
  var testDescription: String { name }

  init(
    _ name: String, leaving: Set<String> = [],
    _ build: @escaping @Sendable (inout QuantizedGraph) throws -> Void
  ) {
    self.name = name
    remaining = leaving
    self.build = build
  }
}

/// Builds graphs of a family, folds them, and compares the integers that both forms give.
func checkFamily(_ family: QuantizedFamily, seeds: Range<UInt64> = 0..<12) throws {
  var (different, count) = (0, 0)
  for seed in seeds {
    for rounding in [Rescaling.Rounding.halfEven, .halfUp] {
      var built = QuantizedGraph(seed: seed, rounding)
      try family.build(&built)
      var folded = built.graph
      try run(integerPipeline, on: &folded, verifying: true)
      let floats: Set<String> = [
        "quantize", "dequantize", "conv", "conv_transpose", "matmul", "add", "sub", "mul", "div", "softmax",
        "reduce",
        "sigmoid", "relu", "clip", "tanh", "silu", "gelu", "layer_norm", "rms_norm", "group_norm",
      ]
      let left = Set(folded.order.map { folded[$0].op.name }).intersection(floats).subtracting(
        family.remaining)
      #expect(
        left.isEmpty,
        "\(family.name), seed \(seed): \(left) of\n\(built.graph.text)\nis left in\n\(folded.text)")
      let (wanted, found) = (try evaluate(built.graph, built.inputs), try evaluate(folded, built.inputs))
      for (a, b) in zip(wanted, found) {
        guard !a.element.isFloat else {
          let difference = TensorDifference(b, reference: a)
          #expect(
            difference.relative < 1e-3, "\(family.name), seed \(seed): \(difference.relative)\n\(folded.text)"
          )
          continue
        }
        let steps = zip(a.integers, b.integers).map { abs($0 - $1) }
        let allowed: Int64 = a.element == .i16 ? 4 : 1
        #expect(
          (steps.max() ?? 0) <= allowed,
          "\(family.name), seed \(seed): \(steps.max() ?? 0) steps\n\(folded.text)")
        if a.element != .i16 {
          (different, count) = (different + steps.count { $0 > 0 }, count + steps.count)
        }
      }
    }
  }
  #expect(different * 20 <= count, "\(family.name): \(different) of \(count) differ")
}
