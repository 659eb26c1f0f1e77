import IR
import Ingot
import Tensors

/// Which of several samples, whose inputs were made from a seed, is shown.
struct RandomSamples: Encodable {
  /// The range that an input's numbers were drawn from, both ends included.
  struct Input: Encodable {
    var name: String
    var low: Double
    var high: Double
  }

  var samples: Int
  var seed: UInt64
  /// The worst of them, from 1.
  var shown: Int
  var inputs: [Input]
}

/// Verifies on samples that are made from a seed; gives the worst. Where the model can't run on the inputs, or gives no
/// numbers, they are made again of a more modest spread.
func verifyRandomly(
  _ session: Session, _ module: Module, samples: Int, seed: UInt64, progress: (Int) -> Void,
  verify: ([Tensor]) throws -> Verification
) throws -> Verification {
  let made = RandomInputs(module, function: session.function)
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
    throw ToolError("there is no spread of random inputs left")
  }
  var worst: Verification?
  for sample in 0..<samples {
    progress(sample)
    var (result, spread) = try verification(sample)
    if let worst, worst.passed == result.passed ? worst.worst >= result.worst : result.passed { continue }
    result.random = RandomSamples(
      samples: samples, seed: seed, shown: sample + 1,
      inputs: session.inputs.enumerated().map { index, info in
        let range = made.range(index, spread)
        return RandomSamples.Input(name: info.name, low: range.lowerBound, high: range.upperBound)
      })
    worst = result
  }
  guard let worst else { throw ToolError("no samples were asked for") }
  return worst
}
