package import IR

/// Few Euler steps along the velocity of a rectified flow: x = (1 − t) × data + t × noise, and the network
/// predicts v = noise − data.
///
///     x′ = x + (t′ − t) × v
package struct Flow: Sendable {
  /// The times at which steps begin, falling from at most 1; the last step ends at 0.
  package var times: [Double]
  /// The network is told t times this.
  package var timeScale: Double

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
    Flow(times: times.map { s * $0 / (1 + (s - 1) * $0) }, timeScale: timeScale)
  }

  package func schedule() throws(Diagnostic) -> SamplerSchedule {
    let ends = times.dropFirst() + [0]
    guard let first = times.first, first <= 1, zip(times, ends).allSatisfy({ $0 > $1 }) else {
      throw Diagnostic("the times of a flow are \(times), expected them to fall from at most 1 to above 0")
    }
    let steps = zip(times, ends).map { now, next in
      SamplerStep(time: now * timeScale, nextFromSample: 1, nextFromData: next - now)
    }
    return SamplerSchedule(steps: steps, initialScale: 1)
  }
}
