import Foundation
import IR
import Passes
import Quantization
import Tensors
import TestSupport
import Testing

/// A convolution and a product.
private func network() throws -> Graph {
  var b = GraphBuilder("net")
  let x = try b.input("x", [1, 8, 6, 6])
  let pooled = try b.mean(b.conv2d("conv", x, channels: 64, kernel: 3, padding: 1), axes: [2, 3])
  try b.output("y", b.linear("last", pooled, features: 48))
  var graph = try b.finish()
  graph.bindRandomly(seed: 9)
  return graph
}

private func quantized(_ graph: Graph, _ format: WeightFormat) throws -> Graph {
  var result = graph
  try run(storeWeights(format), on: &result, verifying: true)
  return result
}

/// What the weight of the only node of an op stands for.
private func weight(of op: String, in graph: Graph) throws -> Tensor {
  let node = try #require(graph.order.first { graph[$0].op.name == op })
  let operand = graph[node].operands[1]
  guard let producer = graph.producer(of: operand) else { return try #require(graph.constant(operand)) }
  #expect(["dequantize", "palette"].contains(graph[producer].op.name))
  let operands = try graph[producer].operands.map { (value) throws in try #require(graph.constant(value)) }
  return try graph[producer].op.evaluate(operands)[0]
}

@Test(arguments: [
  // Half a step of 254 from end to end, or of 15 between the ends of a group.
  (WeightFormat.int8, Float(1) / 254), (.int4(groupSize: 32), Float(1) / 15),
])
func weightsAreTheNearestNumbers(format: WeightFormat, share: Float) throws {
  let source = try network()
  let result = try quantized(source, format)
  let (exact, found) = (try weight(of: "matmul", in: source), try weight(of: "matmul", in: result))
  let largest = exact.floats.reduce(0) { max($0, abs($1)) }
  for (a, b) in zip(exact.floats, found.floats) { #expect(abs(a - b) <= largest * share * 1.01) }
  #expect(exact.floats != found.floats)
  // A kernel of several taps has no groups, and 8 bits then.
  let (kernel, rounded) = (try weight(of: "conv", in: source), try weight(of: "conv", in: result))
  let most = kernel.floats.reduce(0) { max($0, abs($1)) }
  for (a, b) in zip(kernel.floats, rounded.floats) { #expect(abs(a - b) <= most / 254 * 1.01) }
}

/// Steps are neither infinite nor zero, whatever the weights.
@Test(
  arguments: [WeightFormat.int8, .int4(groupSize: 32)],
  [[Float(0x1p-149), -0x1p-149], [3e38, -3e38], [0, 0]])
func extremeWeightsStayFinite(format: WeightFormat, values: [Float]) throws {
  var graph = try network()
  for value in graph.weights where graph.type(of: value).rank == 2 {
    let shape = graph.shape(of: value)
    let numbers = (0..<shape.elementCount).map { values[$0 % values.count] }
    graph.bind(value, to: Tensor(numbers, shape: shape))
  }
  let found = try weight(of: "matmul", in: quantized(graph, format))
  #expect(found.floats.allSatisfy { $0.isFinite })
  let largest = values.reduce(0) { max($0, abs($1)) }
  for (index, number) in found.floats.enumerated() where largest > 1 {
    #expect(abs(number - values[index % 2]) <= largest / 15)
  }
}

/// Halves are the nearest ones; numbers beyond the range of the format stay in fp32.
@Test(arguments: [(WeightFormat.fp16, ElementType.f16), (.bf16, .bf16)])
func halvesAreRead(format: WeightFormat, element: ElementType) throws {
  let source = try network()
  let result = try quantized(source, format)
  for op in ["conv", "matmul"] {
    let (exact, found) = (try weight(of: op, in: source), try weight(of: op, in: result))
    #expect(found.isIdentical(to: exact.converted(to: element)))
  }
  let large = Tensor([Float](repeating: 3.4e38, count: 64), shape: [64])
  #expect(format.encode(large, read: .floats) == nil)
}

/// Each number is the nearest of a palette that few numbers fit better.
@Test(arguments: [(2, 9.0), (3, 15.0), (4, 21.0), (6, 33.0), (8, 43.0)])
func palettesFit(bits: Int, leastSQNR: Double) throws {
  let exact = Tensor(random: .f32, [64, 304], .uniform(-1, 1), seed: 4)
  for (reading, channels) in [(WeightReading.outputs(axis: 0), 0), (.outputs(axis: 1), 64), (.table, 9)] {
    let format = WeightFormat.palette(bits: bits, channels: channels)
    let encoded = try #require(format.encode(exact, read: reading))
    let numbers = encoded.numbers
    #expect(numbers.shape == exact.shape)
    let noise = zip(exact.floats, numbers.floats).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    let signal = exact.floats.reduce(0.0) { $0 + Double($1 * $1) }
    #expect(signal / noise >= pow(10, leastSQNR / 10))
    let palettes = encoded.operands[1]
    #expect(palettes.element == .f16 && palettes.shape.last == 1 << bits)
    #expect(encoded.byteCount == 64 * 304 * bits / 8 + palettes.byteCount)
  }
}

/// Palettes follow what is important.
@Test func palettesFollowImportance() throws {
  let exact = Tensor(random: .f32, [32, 64], .uniform(-1, 1), seed: 4)
  let importance = Tensor((0..<64).map { Float($0 < 4 ? 100 : 1) }, shape: [64])
  let format = WeightFormat.palette(bits: 2)
  func noise(_ encoded: EncodedWeight?) throws -> Double {
    let numbers = try #require(encoded).numbers.floats
    return zip(exact.floats, numbers).enumerated().filter { $0.offset % 64 < 4 }
      .reduce(0) { $0 + Double(($1.element.0 - $1.element.1) * ($1.element.0 - $1.element.1)) }
  }
  let plain = try noise(format.encode(exact, read: .outputs(axis: 0)))
  #expect(try noise(format.encode(exact, read: .outputs(axis: 0), importance: importance)) < plain)
}

/// What a format says of a weight is what the graph reads in its place.
@Test(arguments: [
  WeightFormat.fp16, .bf16, .int8, .int4(groupSize: 32), .palette(bits: 3), .palette(bits: 2, channels: 8),
])
func oneWeightStandsForWhatIsRead(format: WeightFormat) throws {
  let graph = try network()
  let node = try #require(graph.order.first { graph[$0].op.name == "matmul" })
  let site = try #require(WeightSite(of: node, in: graph))
  let tensor = try #require(graph.constant(site.value))
  let encoded = try #require(format.encode(tensor, read: site.reading))
  #expect(encoded.byteCount < graph.type(of: site.value).byteCount * 6 / 10)
  var context = PassContext(graph, pass: "test")
  try site.write(encoded, &context)
  let found = try weight(of: "matmul", in: context.graph)
  #expect(found.converted(to: .f32).isIdentical(to: encoded.numbers))
  let (kept, exact) = (try weight(of: "conv", in: context.graph), try weight(of: "conv", in: graph))
  #expect(kept.isIdentical(to: exact))
}

@Test func formatsAreWritten() {
  for format in [
    WeightFormat.fp16, .bf16, .int8, .int4(groupSize: 128), .palette(bits: 6),
    .palette(bits: 3, channels: 16),
  ] {
    #expect(WeightFormat(format.description) == format)
  }
  for text in [
    "", "fp8", "int4", "int4:", "int4:0", "int8:4", "fp16:", "palette", "palette5", "palette4:", "palette4:0",
  ] { #expect(WeightFormat(text) == nil) }
}
