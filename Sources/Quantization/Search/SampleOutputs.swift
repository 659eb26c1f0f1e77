import Tensors

/// The outputs of one sample, as the source computes them and as its quantized form does.
struct SampleOutputs {
  var exact: [Tensor]
  var quantized: [Tensor]

  /// Mean over the outputs, in dB; no output counts as more than 100.
  var signalToNoise: Double {
    let all = zip(quantized, exact).map { min(TensorDifference($0, reference: $1).signalToNoise, 100) }
    return all.reduce(0, +) / Double(max(all.count, 1))
  }
}
