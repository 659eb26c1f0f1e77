import IR
import Passes
import Quantization
import Tensors
import TestSupport
import Testing

/// A small network with what quantization has rules for: an activation, a residual sum, a gate, a concat, a depthwise convolution.
private func network() throws -> Graph {
  var b = GraphBuilder("net")
  let image = try b.input("image", [1, 3, 16, 16])
  let stem = try b.silu(b.conv2d("stem", image, channels: 16, kernel: 3, padding: 1))
  let wide = try b.relu(b.conv2d("depthwise", stem, channels: 16, kernel: 3, padding: 1, groups: 16))
  let sum = try b.add(wide, stem)
  let gate = try b.sigmoid(b.conv2d("gate", b.mean(sum, axes: [2, 3], keep: true), channels: 16, kernel: 1))
  let both = try b.concat([b.multiply(sum, gate), stem], axis: 1)
  let last = try b.conv2d("last", both, channels: 24, kernel: 1)
  try b.output("scores", b.linear("head", b.mean(last, axes: [2, 3]), features: 10))
  var graph = try b.finish()
  graph.bindRandomly(seed: 7)
  return graph
}

private func image(_ seed: UInt64) -> [Tensor] {
  [Tensor(random: .f32, [1, 3, 16, 16], .uniform(0, 1), seed: seed)]
}

private func samples(_ count: Int) -> CalibrationSamples {
  CalibrationSamples(count: count) { image(UInt64($0)) }
}

private func quantized(_ graph: Graph, _ samples: CalibrationSamples) throws -> (Graph, QuantizationReport) {
  let (pass, report) = try Quantizer(QuantizationOptions()).quantize(graph, functions: [], samples)
  var result = graph
  try run(pass, on: &result, verifying: true)
  return (result, report)
}

@Test func everyProductReadsIntegers() throws {
  let (graph, _) = try quantized(try network(), samples(6))
  var products = 0
  for id in graph.order where graph[id].op.isProduct {
    products += 1
    for operand in graph[id].operands.prefix(2) {
      let producer = try #require(graph.producer(of: operand))
      guard case .dequantize = graph[producer].op else {
        Issue.record("\(graph[id].name) reads \(graph[producer].op.name)")
        continue
      }
    }
  }
  // Those that read two bytes are two.
  #expect(products >= 5)
}

@Test func quantizedAgreesWithTheSource() throws {
  let source = try network()
  let (graph, report) = try quantized(source, samples(12))
  for seed in 100..<104 as Range<UInt64> {
    let input = image(seed)
    let exact = try evaluate(source, input)[0]
    #expect(TensorDifference(try evaluate(graph, input)[0], reference: exact).signalToNoise > 25)
  }
  #expect(report.attempts.prefix(5).map(\.variant) == QuantizationOptions().variants)
  #expect(report.attempts.dropFirst(5).allSatisfy { $0.variant.splitsInputs })
  #expect(report.attempts.contains { $0.variant == report.chosen })
}

@Test func quantizingTwiceGivesTheSame() throws {
  let source = try network()
  #expect(try quantized(source, samples(4)).0.text == quantized(source, samples(4)).0.text)
}

@Test func oneSampleIsEnough() throws {
  let (graph, report) = try quantized(try network(), samples(1))
  #expect(report.attempts.isEmpty)
  #expect(graph.order.contains { graph[$0].op.name == "quantize" })
}

@Test func noSamplesAreRefused() throws {
  let source = try network()
  #expect(throws: Diagnostic.self) { try quantized(source, samples(0)) }
}

/// A spectrum's logarithm, before layers that do most of the work.
private func spectrumNetwork(layers: Int = 6) throws -> Graph {
  var b = GraphBuilder("net")
  let signal = try b.input("signal", [64, 32])
  let filtered = try b.linear("filters", signal, features: 8)
  let power = try b.multiply(filtered, filtered)
  let spectrum = try b.add(.unary(Unary(.log)), [b.add(.unary(Unary(.clip, 1e-6)), [power])])
  var x = spectrum
  for index in 0..<layers { x = try b.relu(b.linear("layer\(index)", x, features: 256)) }
  try b.output("y", x)
  var graph = try b.finish()
  graph.bindRandomly(seed: 3)
  return graph
}

/// Layers before a logarithm that cost little stay in floating point, and the report says why.
@Test func whatALogarithmReadsStaysFloating() throws {
  let graph = try spectrumNetwork()
  let inputs = CalibrationSamples(count: 3) { [Tensor(random: .f32, [64, 32], seed: UInt64($0))] }
  let (result, report) = try quantized(graph, inputs)
  #expect(report.floating.contains { $0.node.contains("filters") })
  let filters = try #require(
    result.order.first { result[$0].name.contains("filters") && result[$0].op.isProduct })
  #expect(result.weight(result[filters].operands[1]) != nil)
}

/// Products before a logarithm that cost more compute with two bytes of inputs and weights, all in integers: quiet rows keep their
/// spectrum beside loud ones.
@Test func whatALogarithmReadsIsSplit() throws {
  let source = try spectrumNetwork(layers: 1)
  func input(_ seed: UInt64) -> [Tensor] {
    let loudness = Tensor((0..<64).map { [1, 0.1, 0.01][$0 % 3] }, shape: [64, 1], element: .f32)
    let noise = Tensor(random: .f32, [64, 32], seed: seed)
    return [
      Tensor(
        zip(noise.floats, 0...).map { $0 * loudness.floats[$1 / 32] }, shape: [64, 32], element: .f32)
    ]
  }
  let (result, report) = try quantized(source, CalibrationSamples(count: 6) { input(UInt64($0)) })
  #expect(report.split.map(\.node) == ["filters"])
  let filters = result.order.filter { result[$0].name.contains("filters") && result[$0].op.isProduct }
  #expect(filters.count == 3)
  let readsIntegers = filters.allSatisfy { node in
    result[node].operands.prefix(2).allSatisfy { operand in
      result.producer(of: operand).map { result[$0].op.name } == "dequantize"
    }
  }
  #expect(readsIntegers)
  let exact = try evaluate(source, input(50))[0]
  #expect(TensorDifference(try evaluate(result, input(50))[0], reference: exact).signalToNoise > 35)
}

/// Magnitudes of a spectrum keep their small values: the squares below a root stay in floating point.
@Test func squaresBelowARootStayFloating() throws {
  var b = GraphBuilder("net")
  let signal = try b.input("signal", [64, 32])
  let (real, imaginary) = (
    try b.linear("real", signal, features: 16), try b.linear("imaginary", signal, features: 16)
  )
  let power = try b.add(b.multiply(real, real), b.multiply(imaginary, imaginary))
  try b.output("y", b.linear("last", b.add(.unary(Unary(.sqrt)), [power]), features: 16))
  var graph = try b.finish()
  graph.bindRandomly(seed: 4)
  func input(_ seed: UInt64) -> [Tensor] {
    let noise = Tensor(random: .f32, [64, 32], seed: seed).floats
    return [Tensor(noise.enumerated().map { $1 * ($0 < 32 ? 100 : 1) }, shape: [64, 32], element: .f32)]
  }
  let (result, report) = try quantized(graph, CalibrationSamples(count: 6) { input(UInt64($0)) })
  #expect(report.floating.count == 4)
  let root = try #require(result.order.first { result[$0].op.name == "sqrt" })
  let sum = try #require(result.producer(of: result[root].operands[0]))
  #expect(result[sum].op.name == "add")
}

/// A number that is far larger than the others takes all steps of one byte; the second tells the others apart. Nothing is computed in more
/// than 8 bits.
@Test func heavyTailsAreReadInTwoBytes() throws {
  var b = GraphBuilder("net")
  let signal = try b.input("signal", [16, 32])
  var x = try b.silu(b.linear("first", signal, features: 32))
  for index in 0..<4 { x = try b.silu(b.linear("layer\(index)", x, features: 128)) }
  try b.output("y", try b.linear("last", x, features: 8))
  var graph = try b.finish()
  graph.bindRandomly(seed: 5)
  func input(_ seed: UInt64) -> [Tensor] {
    var numbers = Tensor(random: .f32, [16, 32], seed: seed).floats
    numbers[Int(seed) * 32 % numbers.count] = 300
    return [Tensor(numbers, shape: [16, 32], element: .f32)]
  }
  let (result, report) = try quantized(graph, CalibrationSamples(count: 12) { input(UInt64($0)) })
  #expect(report.chosen.splitsInputs)
  #expect(!report.twoBytes.isEmpty)
  let exact = try evaluate(graph, input(50))[0]
  #expect(TensorDifference(try evaluate(result, input(50))[0], reference: exact).signalToNoise > 30)
  let worst = try #require(report.layers.map(\.own).min())
  #expect(worst > 25)
}

/// Large negative numbers are no masks where no softmax reads them.
@Test func largeNegativeNumbersKeepTheirRange() throws {
  var b = GraphBuilder("net")
  let signal = try b.input("signal", [8, 32])
  try b.output("y", try b.linear("last", b.silu(b.linear("first", signal, features: 32)), features: 8))
  var graph = try b.finish()
  graph.bindRandomly(seed: 5)
  func input(_ seed: UInt64) -> [Tensor] {
    [Tensor(random: .f32, [8, 32], .uniform(-30000, 30000), seed: seed)]
  }
  let (result, _) = try quantized(graph, CalibrationSamples(count: 6) { input(UInt64($0)) })
  let exact = try evaluate(graph, input(50))[0]
  #expect(TensorDifference(try evaluate(result, input(50))[0], reference: exact).signalToNoise > 25)
}

/// What a mask adds to scores does not spoil their range.
@Test func masksOfScoresTakeNoRange() throws {
  var b = GraphBuilder("net")
  let signal = try b.input("signal", [8, 32])
  let mask = try b.input("mask", [8, 8])
  let scores = try b.add(b.linear("scores", signal, features: 8), mask)
  try b.output("y", try b.linear("values", b.add(.softmax(Softmax()), [scores]), features: 4))
  var graph = try b.finish()
  graph.bindRandomly(seed: 6)
  func input(_ seed: UInt64) -> [Tensor] {
    [
      Tensor(random: .f32, [8, 32], .uniform(-3, 3), seed: seed),
      Tensor(random: .f32, [8, 8], .cycle([0, 0, -1e9]), seed: 1),
    ]
  }
  let (result, _) = try quantized(graph, CalibrationSamples(count: 6) { input(UInt64($0)) })
  let exact = try evaluate(graph, input(50))[0]
  #expect(TensorDifference(try evaluate(result, input(50))[0], reference: exact).signalToNoise > 25)
}

/// Work in floating point and in 16 bits shares one budget.
@Test func nodesInFloatingPointUseUpTheBudget() throws {
  let graph = try spectrumNetwork()
  let inputs = CalibrationSamples(count: 3) { [Tensor(random: .f32, [64, 32], seed: UInt64($0))] }
  var options = QuantizationOptions()
  options.wideShare = 0.0065
  let (_, report) = try Quantizer(options).quantize(graph, functions: [], inputs)
  #expect(!report.floating.isEmpty)
  #expect(report.sixteenBits.isEmpty)
}

@Test func aVariantThatRuinsASampleIsNotTaken() {
  func attempt(_ mean: Double, _ worst: Double, _ searchesRanges: Bool) -> QuantizationReport.Attempt {
    .init(variant: QuantizationVariant(searchesRanges: searchesRanges), mean: mean, worst: worst)
  }
  #expect(QuantizationReport.best([attempt(30, 4, false), attempt(25, 20, true)])?.mean == 25)
  #expect(QuantizationReport.best([attempt(25, 20, false), attempt(30, 12, true)])?.mean == 30)
  #expect(QuantizationReport.best([attempt(8, 2, false), attempt(9, 1, true)])?.mean == 9)
  #expect(QuantizationReport.best([]) == nil)
}

extension Op {
  fileprivate var isProduct: Bool {
    switch self {
    case .conv, .matmul: true
    default: false
    }
  }
}
