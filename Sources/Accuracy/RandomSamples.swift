import IR
import Tensors

/// Which of several samples, whose inputs were made from a seed, is shown.
package struct RandomSamples: Sendable, Encodable {
  /// The range that an input's numbers were drawn from, both ends included.
  package struct Input: Sendable, Encodable {
    package var name: String
    package var low: Double
    package var high: Double
  }

  package var samples: Int
  package var seed: UInt64
  /// The worst of them, from 1.
  package var shown: Int
  package var inputs: [Input]
}

extension Verifier {
  /// Verifies on samples that are made from a seed; gives the worst. Where the model can't run on the inputs, or gives
  /// no numbers, they are made again of a more modest spread. `progress` is told each sample's index.
  package func verify(
    randomSamples samples: Int, seed: UInt64, progress: (Int) -> Void = { _ in }
  ) throws -> Verification {
    precondition(samples > 0, "no samples were asked for")
    let made = RandomInputs(source, function: function)
    var spreads = RandomInputs.Spread.allCases[...]
    func verification(_ sample: Int) throws -> (Verification, RandomInputs.Spread) {
      while let spread = spreads.first {
        let isLast = spreads.count == 1
        do {
          let result = try verify(made.make(seed: seed, sample: sample, spread))
          if result.isFinite || isLast { return (result, spread) }
        } catch let error as Diagnostic {
          // An index that lies outside its axis, most likely.
          if isLast { throw error }
        }
        spreads = spreads.dropFirst()
      }
      preconditionFailure("the last spread is kept")
    }
    var tally = SampleTally()
    var spread = RandomInputs.Spread.wide
    for sample in 0..<samples {
      progress(sample)
      let result: Verification
      (result, spread) = try verification(sample)
      tally.add(result, title: "sample \(sample + 1) of seed \(seed)")
    }
    guard var worst = tally.worst else { preconditionFailure("there is a sample") }
    worst.samples = tally.summary
    let graph = source.functions[function]
    worst.random = RandomSamples(
      samples: samples, seed: seed, shown: tally.worstIndex + 1,
      inputs: graph.inputs.enumerated().map { index, port in
        let range = made.range(index, spread)
        return RandomSamples.Input(name: port.name, low: range.lowerBound, high: range.upperBound)
      })
    return worst
  }
}
