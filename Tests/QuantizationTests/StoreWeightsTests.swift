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
  #expect(graph[producer].op.name == "dequantize")
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

/// What a format says of a weight is what the graph reads in its place.
@Test(arguments: [WeightFormat.fp16, .bf16, .int8, .int4(groupSize: 32)])
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
  for format in [WeightFormat.fp16, .bf16, .int8, .int4(groupSize: 128)] {
    #expect(WeightFormat(format.description) == format)
  }
  for text in ["", "fp8", "int4", "int4:", "int4:0", "int8:4", "fp16:"] { #expect(WeightFormat(text) == nil) }
}
