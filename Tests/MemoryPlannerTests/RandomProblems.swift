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

/// A rectangle of steps by bytes cut in two, again and again, with a few of its pieces left out: what is left fits into
/// its height. The bytes are few, so that many sizes are equal, which makes it hard.
func plantedProblem(pieces: Int, steps: Int, bytes: Int, seed: UInt64) throws -> Problem {
  var generator = SeededGenerator(seed: seed)
  var found: [(size: Int, steps: Range<Int>)] = []
  func cut(_ steps: Range<Int>, _ bytes: Int, _ pieces: Int) {
    let isInTime = Bool.random(using: &generator) ? steps.count >= 4 : bytes < 4
    let length = isInTime ? steps.count : bytes
    guard pieces > 1, length >= 4 else {
      found.append((bytes, steps))
      return
    }
    let at = Int.random(in: 1..<length, using: &generator)
    let half = max(1, pieces * at / length)
    let middle = steps.lowerBound + at
    cut(isInTime ? steps.lowerBound..<middle : steps, isInTime ? bytes : at, half)
    cut(isInTime ? middle..<steps.upperBound : steps, isInTime ? bytes : bytes - at, pieces - half)
  }
  cut(0..<steps, bytes, pieces)
  found.shuffle(using: &generator)
  found.removeLast(found.count / 20)
  return try Problem(
    found.enumerated().map {
      Buffer(id: $0, size: $1.size, firstStep: $1.steps.lowerBound, lastStep: $1.steps.upperBound - 1)
    })
}
