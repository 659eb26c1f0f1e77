package import IR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// DPM-Solver++(2M): *Fast Solver for Guided Sampling of Diffusion Probabilistic Models*, Lu et al., arXiv
/// 2211.01095, in its midpoint form; settings as diffusers has them.
///
/// D is the data that the output implies, m the D of the step before. With λ = ln(α ÷ σ), h = λ′ − λ,
/// φ = α′ × (1 − e⁻ʰ) and r = (λ − λ before) ÷ h,
///
///     epsilon    D = x/α − σ/α × output
///     velocity   D = α × x − σ × output
///     sample     D = output
///     x′ = σ′/σ × x + φ × (1 + 1/2r) × D − φ/2r × m
///
/// without the terms in r at the first step, and at the last where that is of first order.
package struct DPMSolver: Sendable {
  package enum LastSigma: String, Sendable, CaseIterable {
    /// The last step removes all noise.
    case zero
    /// It leaves that of time 0.
    case smallest
  }

  package var noise = NoiseSchedule.stableDiffusion
  package var prediction: Prediction
  package var spacing: TimestepSpacing
  /// Added to the times of ``TimestepSpacing/leading``.
  package var stepsOffset = 0
  package var lastSigma = LastSigma.zero
  /// Whether the last of fewer than 15 steps is of first order; with ``LastSigma/zero`` it always is.
  package var lowerOrderFinal = true

  package init(prediction: Prediction, spacing: TimestepSpacing = .linspace) {
    self.prediction = prediction
    self.spacing = spacing
  }

  package func schedule(steps: Int) throws(Diagnostic) -> SamplerSchedule {
    let times = try spacing.times(steps: steps, of: noise.count, offset: stepsOffset, excludesFirst: true)
      .map { $0.rounded(.toNearestOrEven) }
    let levels =
      times.map { Level(sigma: noise.sigma(at: $0)) }
      + [Level(sigma: lastSigma == .zero ? 0 : noise.sigma(at: 0))]
    let endsFirstOrder = lastSigma == .zero || (lowerOrderFinal && steps < 15)
    return SamplerSchedule(
      steps: times.indices.map { index in
        let isFirstOrder = index == 0 || (index == steps - 1 && endsFirstOrder)
        return step(
          time: times[index], before: isFirstOrder ? nil : levels[index - 1], levels[index], levels[index + 1]
        )
      }, initialScale: 1)
  }

  private func step(time: Double, before: Level?, _ now: Level, _ next: Level) -> SamplerStep {
    let h = next.lambda - now.lambda
    let phi = next.alpha * (1 - exp(-h))
    // 1 ÷ 2r; a step that is of first order has none.
    let slope = before.map { h / (now.lambda - $0.lambda) / 2 } ?? 0
    var step = SamplerStep(
      time: time, nextFromSample: next.sigma / now.sigma, nextFromData: phi * (1 + slope),
      nextFromMemory: -phi * slope, memoryFromData: 1)
    (step.dataFromSample, step.dataFromOutput) = prediction.data(alpha: now.alpha, sigma: now.sigma)
    return step
  }

  /// α and σ with α² + σ² = 1.
  private struct Level {
    var alpha: Double
    var sigma: Double
    /// From noise in units of the data.
    init(sigma ratio: Double) {
      alpha = 1 / (ratio * ratio + 1).squareRoot()
      sigma = ratio * alpha
    }
    var lambda: Double { log(alpha / sigma) }
  }
}
