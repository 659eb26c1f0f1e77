package import IR

/// *Denoising Diffusion Implicit Models*, Song et al., arXiv 2010.02502, without added noise (η = 0);
/// settings as diffusers has them.
///
/// With α = √ā and σ = √(1 − ā) at this step, α′ and σ′ at the next, every prediction gives data and noise
/// that are linear in x and the output, and the next sample is α′ × data + σ′ × noise. D is the output
/// itself:
///
///     epsilon    x′ = α′/α × x + (σ′ − α′σ/α) × output
///     velocity   x′ = (α′α + σ′σ) × x + (σ′α − α′σ) × output
///     sample     x′ = σ′/σ × x + (α′ − σ′α/σ) × output
package struct DDIM: Sendable {
  package var noise = NoiseSchedule.stableDiffusion
  package var prediction: Prediction
  package var spacing: TimestepSpacing
  /// Added to the times of ``TimestepSpacing/leading``.
  package var stepsOffset = 1
  /// Whether the last step removes all noise (`set_alpha_to_one`), instead of leaving that of time 0.
  package var endsWithoutNoise = false

  package init(prediction: Prediction, spacing: TimestepSpacing = .leading) {
    self.prediction = prediction
    self.spacing = spacing
  }

  package func schedule(steps: Int) throws(Diagnostic) -> SamplerSchedule {
    let times = try times(steps: steps)
    return SamplerSchedule(
      steps: times.map { step(from: $0, to: $0 - noise.count / steps) }, initialScale: 1)
  }

  /// The time steps that are visited, noise first.
  package func times(steps: Int) throws(Diagnostic) -> [Int] {
    try spacing.times(steps: steps, of: noise.count, offset: stepsOffset)
      .map { Int($0.rounded(.toNearestOrEven)) }
  }

  private func step(from time: Int, to next: Int) -> SamplerStep {
    let now = noise.alphasCumprod[time]
    let then = next >= 0 ? noise.alphasCumprod[next] : endsWithoutNoise ? 1 : noise.alphasCumprod[0]
    let (a, s) = (now.squareRoot(), (1 - now).squareRoot())
    let (a1, s1) = (then.squareRoot(), (1 - then).squareRoot())
    // Noise is (x − α × data) ÷ σ.
    let (fromSample, fromOutput) = prediction.data(alpha: a, sigma: s)
    let fromData = a1 - s1 * a / s
    return SamplerStep(
      time: Double(time), nextFromSample: s1 / s + fromData * fromSample,
      nextFromData: fromData * fromOutput)
  }
}
