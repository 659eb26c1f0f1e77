package import IR

/// Euler's method over the noise levels of a network trained on discrete times, after *Elucidating the Design
/// Space of Diffusion-Based Generative Models*, Karras et al., arXiv 2206.00364; settings as diffusers has
/// them.
///
/// The sample is data + s × noise, and the network sees x ÷ √(s² + 1). With s′ the next level and d = s′ − s:
///
///     epsilon    x′ = x + d × output
///     velocity   x′ = (1 + d × s/(s² + 1)) × x + d/√(s² + 1) × output
///     sample     x′ = (1 + d/s) × x − d/s × output
package struct EulerDiscrete: Sendable {
  package var noise = NoiseSchedule.stableDiffusion
  package var prediction: Prediction
  package var spacing: TimestepSpacing
  /// Added to the times of ``TimestepSpacing/leading``.
  package var stepsOffset = 0

  package init(prediction: Prediction, spacing: TimestepSpacing = .linspace) {
    self.prediction = prediction
    self.spacing = spacing
  }

  package func schedule(steps: Int) throws(Diagnostic) -> SamplerSchedule {
    let times = try spacing.times(steps: steps, of: noise.count, offset: stepsOffset)
    let sigmas = times.map(noise.sigma(at:)) + [0]
    let first = sigmas[0]
    return SamplerSchedule(
      steps: times.indices.map { step(time: times[$0], from: sigmas[$0], to: sigmas[$0 + 1]) },
      // Times that begin at the last one of training begin with pure noise, others above the data.
      initialScale: spacing == .leading ? (first * first + 1).squareRoot() : first)
  }

  private func step(time: Double, from sigma: Double, to next: Double) -> SamplerStep {
    let scale = 1 / (sigma * sigma + 1).squareRoot()
    let (fromSample, fromOutput) = prediction.data(alpha: scale, sigma: sigma * scale)
    // The slope is (x − data) ÷ s.
    let share = next / sigma - 1
    return SamplerStep(
      time: time, inputScale: scale, nextFromSample: 1 + share * (1 - fromSample * scale),
      nextFromData: -share * fromOutput)
  }
}
