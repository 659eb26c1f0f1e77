import MemoryPlanner

/// SplitMix64: the same seed gives the same problems everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Buffers of random lives and sizes, some of size zero, some aligned.
func randomProblem(buffers count: Int, steps: Int, largestSize: Int, seed: UInt64) throws -> Problem {
  var generator = SeededGenerator(seed: seed)
  let buffers = (0..<count).map { id in
    let firstStep = Int.random(in: 0..<steps, using: &generator)
    let lifetime = Int.random(in: 0..<max(1, steps / 4), using: &generator)
    return Buffer(
      id: id, size: Int.random(in: 0...largestSize, using: &generator),
      alignment: [1, 1, 4, 16].randomElement(using: &generator) ?? 1, firstStep: firstStep,
      lastStep: firstStep + lifetime)
  }
  return try Problem(buffers)
}
