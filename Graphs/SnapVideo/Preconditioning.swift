package import IR
import Tensors

/// Snap Video's form of EDM's preconditioning: *Snap Video: Scaled Spatiotemporal Transformers for
/// Text-to-Video Synthesis*, Menapace et al., CVPR 2024, arXiv 2402.14797; *EDM*, Karras et al., arXiv
/// 2206.00364.
///
/// Neighboring pixels and frames repeat each other, so that the same noise hides less of a large video than
/// of a small image. The data are therefore made smaller: x_σ = x ÷ σ_in + σ × noise. With σ_in = 1 all is
/// EDM's, but for the sign of the network's output.
package struct Preconditioning: Hashable, Sendable {
  /// How much smaller the data are.
  package var sigmaIn: Double
  /// Deviation of the data.
  package var sigmaData = 1.0
  /// What the network returns. The paper's target, ``targetScale(_:)``, is a ``Prediction/velocity``; of the others
  /// the noise and the data are returned as they are.
  package var prediction = Prediction.velocity

  package init(sigmaIn: Double) { self.sigmaIn = sigmaIn }

  /// For videos `spatialFactor` times as high and wide as those of the first stage: σ_in = factor × √frames.
  package init(spatialFactor: Int, frames: Int) {
    self.init(sigmaIn: Double(spatialFactor) * Double(frames).squareRoot())
  }

  private var dataVariance: Double { sigmaData * sigmaData }

  /// c_in: the network sees c_in × x_σ, which has deviation 1.
  package func inputScale(_ sigma: Double) -> Double {
    1 / (dataVariance / (sigmaIn * sigmaIn) + sigma * sigma).squareRoot()
  }

  /// c_skip: the denoised data are c_skip × x_σ + c_out × output.
  package func skipScale(_ sigma: Double) -> Double {
    switch prediction {
    case .epsilon: sigmaIn
    case .velocity: sigmaIn * dataVariance / denominator(sigma)
    case .sample: 0
    }
  }

  /// c_out.
  package func outputScale(_ sigma: Double) -> Double {
    switch prediction {
    case .epsilon: -sigmaIn * sigma
    case .velocity:
      -sigmaIn * sigma * sigmaData * (sigma * sigma + dataVariance).squareRoot() / denominator(sigma)
    case .sample: 1
    }
  }

  /// c_nrm: what the network should return is c_nrm × (σ_data² × noise − σ × x), which has deviation 1.
  package func targetScale(_ sigma: Double) -> Double {
    1 / (sigmaData * (sigma * sigma + dataVariance).squareRoot())
  }

  /// λ: the weight of the squared error of the denoised data.
  package func lossWeight(_ sigma: Double) -> Double { 1 / dataVariance + 1 / (sigma * sigma) }

  /// λ × c_out²: the weight of the squared error of the network's output that ``lossWeight(_:)`` comes to.
  /// EDM's is 1 for every σ.
  package func outputWeight(_ sigma: Double) -> Double {
    let ratio = (sigma * sigma + dataVariance) / (sigma * sigma + dataVariance / sigmaIn)
    return ratio * ratio
  }

  /// σ_data² + σ_in × σ², in which σ_in is not squared.
  private func denominator(_ sigma: Double) -> Double { dataVariance + sigmaIn * sigma * sigma }
}

/// The same in a graph, where σ is an input, one number a sample of the batch.
extension Preconditioning {
  /// c_in × x_σ. x: [N, ..]; sigma: [N].
  package func scaledInput(
    _ b: inout GraphBuilder, _ x: ValueID, sigma: ValueID
  ) throws(Diagnostic) -> ValueID {
    let variance = try b.affine(b.multiply(sigma, sigma), offset: dataVariance / (sigmaIn * sigmaIn))
    return try scaled(&b, x, by: b.unary(Unary(.rsqrt), variance))
  }

  /// What the network is told of the noise: ln σ ÷ 4, as in EDM. sigma: [N]. Result: [N].
  package func noiseLevel(_ b: inout GraphBuilder, sigma: ValueID) throws(Diagnostic) -> ValueID {
    try b.affine(b.unary(Unary(.log), sigma), scale: 0.25)
  }

  /// c_skip × x_σ + c_out × output. x and output: [N, ..]; sigma: [N].
  package func denoised(
    _ b: inout GraphBuilder, _ x: ValueID, sigma: ValueID, output: ValueID
  ) throws(Diagnostic) -> ValueID {
    switch prediction {
    case .sample: return output
    case .epsilon:
      let noise = try scaled(&b, output, by: sigma)
      return try b.affine(b.subtract(x, noise), scale: sigmaIn)
    case .velocity: break
    }
    let variance = try b.multiply(sigma, sigma)
    let inverse = try b.unary(
      Unary(.reciprocal), b.affine(variance, scale: sigmaIn, offset: dataVariance))
    let skip = try b.affine(inverse, scale: sigmaIn * dataVariance)
    let deviation = try b.unary(Unary(.sqrt), b.affine(variance, offset: dataVariance))
    let out = try b.affine(
      b.multiply(b.multiply(sigma, deviation), inverse), scale: -sigmaIn * sigmaData)
    return try b.add(scaled(&b, x, by: skip), scaled(&b, output, by: out))
  }

  /// x times one factor a sample.
  private func scaled(
    _ b: inout GraphBuilder, _ x: ValueID, by factors: ValueID
  ) throws(Diagnostic) -> ValueID {
    let unit = [Int](repeating: 1, count: b.shape(of: x).rank - 1)
    return try b.multiply(x, b.reshape(factors, [-1] + unit))
  }
}
