/// What quantizing one graph found.
package struct QuantizationReport: Sendable {
  package struct Attempt: Sendable {
    package var variant: QuantizationVariant
    /// Mean and least agreement on samples held back, in dB.
    package var mean: Double
    package var worst: Double
    /// Of the mean.
    package var standardError: Double

    package init(variant: QuantizationVariant, mean: Double, worst: Double, standardError: Double = 0) {
      self.variant = variant
      self.mean = mean
      self.worst = worst
      self.standardError = standardError
    }

    init(_ variant: QuantizationVariant, _ outputs: [SampleOutputs]) {
      let agreements = outputs.map(\.signalToNoise)
      self.init(
        variant: variant, mean: meanOf(agreements), worst: agreements.min() ?? 0,
        standardError: errorOfMean(agreements))
    }
  }

  package var function: String
  /// How many there were to calibrate with.
  package var samples: Int
  package var attempts: [Attempt] = []
  package var chosen = QuantizationVariant()
  /// Values that products read in 16 bits.
  package var sixteenBits: [String] = []
  /// Nodes in floating point, and why.
  package var floating: [(node: String, reason: String)] = []
  /// What became of each layer, in the order of execution.
  package var layers: [LayerQuality] = []
  /// Values of which products read two bytes.
  package var twoBytes: [String] = []
  /// Products in two bytes, weights too, and why.
  package var split: [(node: String, reason: String)] = []
  /// By what these decisions can be repeated.
  package var recipe: Recipe
  /// What was learned of the samples, if it is to be kept.
  package var record: CalibrationRecord?
  /// What a search for a budget found; nil where there was none.
  package var search: SearchReport?

  /// The one with the best mean among those that ruin no sample, or among all where each does.
  package static func best(_ attempts: [Attempt]) -> Attempt? {
    // Noise of a tenth of the signal's power: what is left of a sample is hardly its own.
    let sound = attempts.filter { $0.worst >= 10 }
    var best: Attempt?
    for attempt in sound.isEmpty ? attempts : sound where attempt.mean > best?.mean ?? -.infinity {
      best = attempt
    }
    return best
  }

  /// Whether a variant that takes more time gains a decibel in the mean, and does not make a bad sample worse.
  func isWorthItsTime(_ finer: QuantizationVariant) -> Bool {
    guard let new = attempts.first(where: { $0.variant == finer }),
      let old = attempts.first(where: { $0.variant == chosen })
    else { return false }
    return new.mean >= old.mean + 1 && new.worst >= min(old.worst, 30)
  }
}
