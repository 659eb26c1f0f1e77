import IR
import Passes
import Tensors
import TestSupport
import Testing

/// What the passes on quantized tensors rest on.
@Suite struct QuantizationTests {
  /// Every integer of 8 or 16 bits comes back from the number that it stands for, by any scale that
  /// `move-quantization` takes.
  @Test(arguments: [ElementType.i8, .u8, .i16])
  func integersComeBack(_ element: ElementType) throws {
    guard let range = element.integerRange else { return }
    let integers = Tensor(Array(range), shape: [range.count], element: element)
    let scales: [Float] = [
      .leastNormalMagnitude, 0x1p110, 1, 0.1, Float(1).nextUp, Float(1).nextDown, 0.7, 3e-5, 1e30, 1e-30,
      1 / 3, 0.003_921_569,
    ]
    for scale in scales {
      for zero in [range.lowerBound, 0, range.upperBound] {
        let steps = [Tensor(scalar: scale), Tensor([zero], shape: [], element: element)]
        let numbers = try Op.dequantize(Dequantize()).evaluate([integers] + steps)
        let back = try Op.quantize(Quantize()).evaluate(numbers + steps)[0]
        #expect(back.isIdentical(to: integers), "scale \(scale), zero point \(zero)")
      }
    }
  }

  /// On integers a quantized network gives what it gives in fp32, but for one step now and then.
  @Test func integerArithmeticIsOffByOneStepAtMost() throws {
    var (different, count) = (0, 0)
    for seed in UInt64(0)..<40 {
      let graph = try quantizedConvolution(seed: seed)
      var integer = graph
      try run(useIntegerArithmetic, on: &integer)
      #expect(integer.order.count == 1, "\(integer.text)")
      let x = Tensor(random: .u8, graph.shape(of: graph.inputs[0].value), .uniform(0, 255), seed: seed)
      let (expected, found) = (try evaluate(graph, [x])[0], try evaluate(integer, [x])[0])
      for (a, b) in zip(expected.integers, found.integers) {
        #expect(abs(a - b) <= 1, "seed \(seed)")
        different += a == b ? 0 : 1
        count += 1
      }
    }
    #expect(different * 200 < count, "\(different) of \(count) differ")
  }

  /// quantize(relu(conv(dequantize x, dequantize w) + dequantize b)) with random steps.
  private func quantizedConvolution(seed: UInt64) throws -> Graph {
    var draw = Draw(seed: seed)
    var graph = Graph(name: "main")
    let (inputs, outputs, extent) = (draw.number(1...6), draw.number(1...6), draw.number(3...8))
    func random(_ type: TensorType, _ values: RandomValues) -> Tensor {
      Tensor(random: type.element, type.shape, values, seed: seed &* 31 &+ UInt64(type.shape.elementCount))
    }
    let scale = Float(draw.number(1...900)) * 1e-4
    let scales = random(TensorType(.f32, [outputs]), .uniform(1e-3, 2e-2))
    let q = graph.addInput("q", TensorType(.u8, [1, inputs, extent, extent]))
    let x = try graph.add(
      .dequantize(Dequantize()),
      [
        q, graph.addWeight("s", Tensor(scalar: scale)),
        graph.addWeight("z", Tensor([Int64(draw.number(0...255))], shape: [], element: .u8)),
      ])[0]
    let w = try graph.add(
      .dequantize(Dequantize(Granularity(axis: 0))),
      [
        graph.addWeight("w", random(TensorType(.i8, [outputs, inputs, 3, 3]), .uniform(-127, 127))),
        graph.addWeight("ws", scales),
        graph.addWeight("wz", Tensor(random: .i8, [outputs], .uniform(0, 0), seed: 0)),
      ])[0]
    let bias = try graph.add(
      .dequantize(Dequantize(Granularity(axis: 0))),
      [
        graph.addWeight("b", random(TensorType(.i32, [outputs]), .uniform(-5000, 5000))),
        graph.addWeight("bs", Tensor(scales.floats.map { $0 * scale }, shape: [outputs])),
        graph.addWeight("bz", Tensor(random: .i32, [outputs], .uniform(0, 0), seed: 0)),
      ])[0]
    let sums = try graph.add(.conv(Conv(Window(pads: [1, 1, 1, 1]))), [x, w, bias])[0]
    let y = try graph.add(
      .quantize(Quantize()),
      [
        try graph.add(.unary(Unary(.relu)), [sums])[0],
        graph.addWeight("ys", Tensor(scalar: Float(draw.number(1...90)) * 1e-3)),
        graph.addWeight("yz", Tensor([Int64(draw.number(0...60))], shape: [], element: .u8)),
      ], name: "y")[0]
    graph.addOutput("y", y)
    return graph
  }
}
