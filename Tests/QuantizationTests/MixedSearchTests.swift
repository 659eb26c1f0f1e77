import IR
import Passes
import Quantization
import Tensors
import TestSupport
import Testing

/// A network whose first layers lose much in 8 bits: their input is loud in few places.
private func network() throws -> Graph {
  var b = GraphBuilder("net")
  let image = try b.input("image", [1, 8, 6, 6])
  let stem = try b.silu(b.conv2d("stem", image, channels: 8, kernel: 3, padding: 1))
  let block = try b.relu(b.conv2d("block", stem, channels: 16, kernel: 3, padding: 1))
  let wide = try b.add(b.conv2d("wide", block, channels: 8, kernel: 1), stem)
  try b.output("scores", b.linear("head", b.mean(wide, axes: [2, 3]), features: 64))
  var graph = try b.finish()
  graph.bindRandomly(seed: 11)
  return graph
}

private func image(_ seed: UInt64) -> [Tensor] {
  let noise = Tensor(random: .f32, [1, 8, 6, 6], seed: seed).floats
  return [
    Tensor(noise.enumerated().map { $0 % 97 == 0 ? 30 * $1 : $1 }, shape: [1, 8, 6, 6], element: .f32)
  ]
}

private var samples: CalibrationSamples {
  CalibrationSamples(count: 12, titles: { "image-\($0)" }) { image(UInt64($0)) }
}

private func quantized(
  _ graph: Graph, _ change: (inout QuantizationOptions) -> Void
) throws -> (graph: Graph, report: QuantizationReport) {
  var options = QuantizationOptions()
  change(&options)
  let (pass, report) = try Quantizer(options).quantize(graph, functions: [], samples)
  var result = graph
  try run(pass, on: &result, verifying: true)
  return (result, report)
}

/// The mean on samples that quantizing has never seen.
private func agreement(_ graph: Graph, _ source: Graph) throws -> Double {
  let ratios = try (100..<112 as Range<UInt64>).map { seed in
    TensorDifference(
      try evaluate(graph, image(seed))[0], reference: try evaluate(source, image(seed))[0]
    ).signalToNoise
  }
  return ratios.reduce(0, +) / Double(ratios.count)
}

@Test func budgetIsKeptBySamplesHeldBackAndOthers() throws {
  let source = try network()
  let (plain, _) = try quantized(source) { _ in }
  let limit = try agreement(plain, source) + 8
  let (graph, report) = try quantized(source) { $0.budget = Budget(limit: limit) }
  #expect(try agreement(graph, source) > limit - 1)
  let search = try #require(report.search)
  let chosen = try #require(search.chosen)
  let score = try #require(chosen.score)
  #expect(score.value >= limit)
  #expect(search.layers.map(\.name).contains("stem"))
  // 8 bits are what is cheapest, and they were tried.
  #expect(search.points.allSatisfy { $0.work >= search.points.map(\.work).min()! })
  #expect(search.points.contains { $0.score != nil && !$0.isChosen })
}

@Test func budgetThatEightBitsKeepStaysInEightBits() throws {
  let (_, report) = try quantized(try network()) { $0.budget = Budget(limit: 10) }
  #expect(report.recipe.layers.allSatisfy { $0.format == .int8 })
  #expect(report.search?.points.filter { $0.score != nil }.count == 1)
}

@Test func recipeGivesTheSameGraph() throws {
  let source = try network()
  let (graph, report) = try quantized(source) { $0.budget = Budget(limit: 45) }
  let (again, other) = try quantized(source) { $0.recipes = [report.recipe] }
  #expect(again.text == graph.text)
  #expect(other.recipe == report.recipe)
  let (plain, found) = try quantized(source) { _ in }
  #expect(try quantized(source) { $0.recipes = [found.recipe] }.graph.text == plain.text)
}

@Test func recipeOfAnotherNetworkIsRefused() throws {
  var recipe = try quantized(try network()) { _ in }.report.recipe
  recipe.layers.append(("tail", .fp16))
  let error = #expect(throws: Diagnostic.self) { try quantized(network()) { $0.recipes = [recipe] } }
  #expect(try #require(error).description.contains("'tail'"))
}

@Test(arguments: [LayerFormat.fp16, .int8Weights, .int4, .stored(.palette(bits: 4)), .fp32])
func layersThatAreKeptHaveTheirFormat(_ format: LayerFormat) throws {
  let source = try network()
  let (graph, report) = try quantized(source) { $0.kept = [KeptLayers(format, GlobPattern("bl*k"))] }
  #expect(report.recipe.layers.contains { $0 == ("block", format) })
  let block = try #require(graph.order.first { graph[$0].name == "block" && graph[$0].op.name == "conv" })
  // Its input is no integer, and its weights are what the format says.
  #expect(graph.producer(of: graph[block].operands[0]).map { graph[$0].op.name } != "dequantize")
  let weight = graph[block].operands[1]
  switch format {
  case .fp32: #expect(graph.constant(weight)?.element == .f32)
  case .fp16: #expect(graph.constant(weight)?.element == .f16)
  case .stored(.palette): #expect(graph.producer(of: weight).map { graph[$0].op.name } == "palette")
  default: #expect(graph.producer(of: weight).map { graph[$0].op.name } == "dequantize")
  }
  #expect(try agreement(graph, source) > 15)
}

@Test func budgetOutOfReachSaysHowCloseAndWhy() throws {
  let error = #expect(throws: Diagnostic.self) {
    try quantized(network()) {
      $0.budget = Budget(limit: 80)
      $0.kept = [KeptLayers(.int8, GlobPattern("wide"))]
    }
  }
  let text = try #require(error).description
  #expect(text.contains("80.0 dB") && text.contains("closest"))
  #expect(text.contains("what is to be kept: 'wide' in int8"))
}

@Test func bytesAreABudgetToo() throws {
  let source = try network()
  func bytes(_ limit: Int) throws -> (Double, Double) {
    let (graph, report) = try quantized(source) { $0.budget = Budget(limit: nil, bytes: limit) }
    let chosen = try #require(report.search?.chosen)
    return (chosen.bytes, try agreement(graph, source))
  }
  let whole = source.weights.reduce(0) { $0 + source.constant($1)!.byteCount }
  let (small, large) = (try bytes(whole * 4 / 10), try bytes(whole * 8 / 10))
  #expect(small.0 <= Double(whole * 4 / 10) && large.0 <= Double(whole * 8 / 10))
  #expect(large.1 > small.1)
  let error = #expect(throws: Diagnostic.self) { try bytes(whole / 100) }
  #expect(try #require(error).description.contains("smallest formats"))
}

@Test func usersMetricDecides() throws {
  let source = try network()
  var seen: Set<String> = []
  let metric = Budget.Metric.custom(name: "mine") { samples in
    for sample in samples {
      seen.insert(sample.sample)
      #expect(sample.outputs.map(\.name) == ["scores"])
    }
    // The first number alone counts.
    return Double(samples[0].outputs[0].tensor.floats[0])
  }
  let (_, report) = try quantized(source) { $0.budget = Budget(metric: metric, limit: 1e-4) }
  let chosen = try #require(report.search?.chosen?.score)
  #expect(chosen.ofSource - chosen.value <= 1e-4)
  #expect(seen.count == 4 && seen.allSatisfy { $0.hasPrefix("image-") })
}

@Test(arguments: [true, false]) func lossesAreBudgets(_ isCosine: Bool) throws {
  let metric: Budget.Metric = isCosine ? .cosine : .top1
  let (_, report) = try quantized(try network()) { $0.budget = Budget(metric: metric, limit: 1e-5) }
  let chosen = try #require(report.search?.chosen?.score)
  #expect(chosen.ofSource == 1 && 1 - chosen.value <= 1e-5)
}

@Test func tooFewSamplesForABudgetAreRefused() throws {
  var options = QuantizationOptions()
  options.budget = Budget(limit: 30)
  let source = try network()
  #expect(throws: Diagnostic.self) {
    try Quantizer(options).quantize(
      source, functions: [], CalibrationSamples(count: 2) { image(UInt64($0)) })
  }
}
