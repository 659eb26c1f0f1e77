import IR
import Passes
import Quantization
import Tensors
import TestSupport
import Testing

/// A layer whose gates come from a spectrum: most numbers are small, a few large, and weights are such that small ones count.
private func spectrumLayer() throws -> Graph {
  let hidden = 48
  var graph = Graph(name: "net")
  func weight(_ name: String, _ shape: Shape, _ limit: Double, _ seed: UInt64) -> ValueID {
    graph.addWeight(name, Tensor(random: .f32, shape, .uniform(-limit, limit), seed: seed))
  }
  let x = graph.addInput("x", TensorType(.f32, [steps, 1, inputs]))
  let gates = try graph.add(
    .matmul(MatMul(transposeB: true)), [x, weight("w", [4 * hidden, inputs], 0.7, 1)], name: "inputs")[0]
  let zeros = graph.addWeight("h0", Tensor(zeros: .f32, [1, 1, hidden]))
  let results = try graph.add(
    .recurrent(Recurrent(.lstm)),
    [
      gates, weight("r", [1, 4 * hidden, hidden], 0.2, 2), weight("rb", [1, 4 * hidden], 0.2, 3), zeros,
      zeros,
    ])
  let flat = try graph.add(.reshape(Reshape([steps, hidden])), [results[0]])[0]
  let first = try graph.add(.matmul(MatMul()), [flat, weight("first", [hidden, 400], 0.3, 4)])[0]
  graph.addOutput("y", try graph.add(.matmul(MatMul()), [first, weight("last", [400, 400], 0.1, 5)])[0])
  return graph
}

private let (steps, inputs) = (24, 8)

private func spectrum(_ loudness: Float, _ sample: Int) -> [Tensor] {
  var values = Tensor(random: .f32, [steps, 1, inputs], .uniform(-1, 1), seed: UInt64(sample)).floats
  for step in stride(from: 5, to: steps, by: 11) { values[step * inputs + sample % inputs] *= loudness }
  return [Tensor(values, shape: [steps, 1, inputs])]
}

private func agreement(_ loudness: Float) throws -> (report: QuantizationReport, decibels: Double) {
  let source = try spectrumLayer()
  let samples = CalibrationSamples(count: 9) { spectrum(loudness, $0) }
  let (pass, report) = try Quantizer(QuantizationOptions()).quantize(source, functions: [], samples)
  var graph = source
  try run(pass, on: &graph, verifying: true)
  var decibels = 0.0
  for sample in 20..<23 {
    let inputs = spectrum(loudness, sample)
    decibels +=
      TensorDifference(try evaluate(graph, inputs)[0], reference: try evaluate(source, inputs)[0])
      .signalToNoise / 3
  }
  return (report, decibels)
}

@Test func spectraOfRecurrentLayersAreReadInTwoParts() throws {
  let (report, decibels) = try agreement(3000)
  #expect(report.split.map(\.node) == ["inputs"])
  #expect(decibels > 28)
}

@Test func evenInputsOfRecurrentLayersAreReadInEightBits() throws {
  let (report, decibels) = try agreement(1)
  #expect(report.split.isEmpty)
  #expect(decibels > 28)
}
