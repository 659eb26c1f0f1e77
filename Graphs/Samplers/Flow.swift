package import IR

/// Few Euler steps along the velocity of a rectified flow, v = noise − data, where x = (1 − t) × data + t × noise.
///
///     velocity   x′ = x + (t′ − t) × output
///     sample     x′ = t′/t × x + (1 − t′/t) × output
///     epsilon    x′ = (1 − t′)/(1 − t) × x + (t′ − t)/(1 − t) × output
package struct Flow: Sendable {
  /// The times at which steps begin, falling from at most 1; the last step ends at 0.
  package var times: [Double]
  /// The network is told t times this.
  package var timeScale: Double
  package var prediction = Prediction.velocity

  /// ``timeScale`` is 1000 where a network's times are those of a training of 1000 steps.
  package init(times: [Double], timeScale: Double = 1000) {
    self.times = times
    self.timeScale = timeScale
  }

  /// Equal steps from 1.
  package init(steps: Int, timeScale: Double = 1000) {
    self.init(times: (0..<max(steps, 0)).map { 1 - Double($0) / Double(steps) }, timeScale: timeScale)
  }

  /// The same number of steps, with more of them at much noise: t becomes s × t ÷ (1 + (s − 1) × t), as for
  /// larger pictures.
  package func shifted(by s: Double) -> Flow {
    var shifted = self
    shifted.times = times.map { s * $0 / (1 + (s - 1) * $0) }
    return shifted
  }

  package func schedule() throws(Diagnostic) -> SamplerSchedule {
    let ends = times.dropFirst() + [0]
    guard let first = times.first, first <= 1, zip(times, ends).allSatisfy({ $0 > $1 }) else {
      throw Diagnostic("the times of a flow are \(times), expected them to fall from at most 1 to above 0")
    }
    guard prediction != .epsilon || first < 1 else {
      throw Diagnostic(
        "at time 1 a flow's sample is all noise, so that predicted noise does not tell its data",
        advice: "begin before 1, or predict the velocity or the sample")
    }
    return SamplerSchedule(
      steps: zip(times, ends).map { step(from: $0, to: $1) }, initialScale: 1)
  }

  private func step(from now: Double, to next: Double) -> SamplerStep {
    let (fromSample, fromOutput): (Double, Double) =
      switch prediction {
      case .velocity: (1, next - now)
      case .sample: (next / now, 1 - next / now)
      case .epsilon: ((1 - next) / (1 - now), (next - now) / (1 - now))
      }
    return SamplerStep(time: now * timeScale, nextFromSample: fromSample, nextFromData: fromOutput)
  }
}
