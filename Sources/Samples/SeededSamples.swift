package import IR
package import Tensors

/// Samples made from a seed, for want of data: the same for the same seed. What is learned from them holds for noise.
package struct SeededSamples: SampleSource {
  package let inputs: [SampleInput]
  package let count: Int
  private let made: RandomInputs
  private let seed: UInt64
  private let spread: RandomInputs.Spread

  /// `count` samples for a function of a module, at least 1. A function that can't run on numbers of one spread, since
  /// they index beyond an axis, may run on those of the next.
  package init(
    _ module: Module, function: Int = 0, count: Int, seed: UInt64, spread: RandomInputs.Spread = .wide
  ) {
    precondition(count > 0, "no samples were asked for")
    inputs = sampleInputs(of: module.functions[function])
    made = RandomInputs(module, function: function)
    (self.count, self.seed, self.spread) = (count, seed, spread)
  }

  package func title(of sample: Int) -> String { "sample \(sample + 1) of seed \(seed)" }

  package func read(_ sample: Int) -> [Tensor] { made.make(seed: seed, sample: sample, spread) }

  package var notes: [Note] {
    let ranges = inputs.enumerated().map { index, input in
      let range = made.range(index, spread)
      return "'\(input.name)' \(Int(range.lowerBound)) to \(Int(range.upperBound))"
    }
    return [
      Note(
        .warning,
        "no samples were given: \(count) of noise from seed \(seed) stand in for them (\(listed(ranges))); what follows from their ranges does not hold for real data. Give real samples"
      )
    ]
  }
}
