/// A sampler with its steps chosen: the constants of a loop around a network.
///
/// x is the sample, F the network, and m a second tensor of the sample's shape that the loop carries, zero at
/// first. x begins as noise of deviation 1 times ``initialScale``. Each step computes
///
///     D    = dataFromSample × x + dataFromOutput × F(inputScale × x, time)
///     next = nextFromSample × x + nextFromData × D + nextFromMemory × m
///     m    = memoryFromSample × x + memoryFromData × D
///     x    = next
///
/// and the result is x times ``finalScale``. Every factor is one number a step, so that a loop can be fed one
/// row of constants a step and evaluates the network once in each.
package struct SamplerSchedule: Hashable, Sendable {
  package var steps: [SamplerStep]
  package var initialScale: Double
  package var finalScale = 1.0

  /// Whether the loop needs m.
  package var usesMemory: Bool { steps.contains { $0.nextFromMemory != 0 } }
  /// Whether D differs from what the network returns.
  package var convertsOutput: Bool { steps.contains { $0.dataFromSample != 0 || $0.dataFromOutput != 1 } }
  /// Whether the network sees the sample on another scale.
  package var scalesInput: Bool { steps.contains { $0.inputScale != 1 } }

  /// One constant of all steps in order, as a loop is fed with it.
  package func column(_ constant: KeyPath<SamplerStep, Double>) -> [Float] {
    steps.map { Float($0[keyPath: constant]) }
  }
}

/// One step of a ``SamplerSchedule``.
package struct SamplerStep: Hashable, Sendable {
  /// What the network is told about the noise: a time step of training, a flow's time or a noise level.
  package var time: Double
  package var inputScale = 1.0
  package var dataFromSample = 0.0
  package var dataFromOutput = 1.0
  package var nextFromSample: Double
  package var nextFromData: Double
  package var nextFromMemory = 0.0
  package var memoryFromSample = 0.0
  package var memoryFromData = 0.0
}

/// What a network predicts of a sample x = α × data + σ × noise, α² + σ² = 1. A checkpoint was trained for one
/// kind, and another one's sampler makes wrong images of it without any error.
package enum Prediction: String, Sendable, CaseIterable {
  /// The noise.
  case epsilon
  /// α × noise − σ × data; of a flow, where α + σ = 1, noise − data.
  case velocity
  /// The data.
  case sample

  /// The data as fromSample × x + fromOutput × output.
  func data(alpha: Double, sigma: Double) -> (fromSample: Double, fromOutput: Double) {
    switch self {
    case .epsilon: (1 / alpha, -sigma / alpha)
    case .velocity: (alpha, -sigma)
    case .sample: (0, 1)
    }
  }
}
