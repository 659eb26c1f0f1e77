import Quantization
import Testing

/// Layers of different size and sensitivity, with three formats each.
private func problem(_ generator: inout Generator) -> AssignmentProblem {
  AssignmentProblem(
    entries: (0..<6).map { _ in
      let (size, work) = (Double(generator.next(1...100)), Double(generator.next(1...100)))
      let noise = Double(generator.next(1...1000)) * 1e-6
      return [(1.0, 1.0, 1.0), (1, 2, 0.1), (2, 4, 0.001)].map { bytes, width, share in
        AssignmentProblem.Entry(
          bytes: bytes * size, work: width * work, noise: [noise * share, noise * share / 3])
      }
    })
}

/// A generator whose numbers are the same everywhere.
private struct Generator {
  var state: UInt64

  mutating func next(_ range: ClosedRange<Int>) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return range.lowerBound + Int(state >> 33) % range.count
  }
}

private let all: [[Int]] = (0..<729).map { number in
  (0..<6).map { number / [1, 3, 9, 27, 81, 243][$0] % 3 }
}

/// What is found is within limits, and hardly dearer than the cheapest of all 729 assignments.
@Test func assignmentIsNearlyTheCheapest() {
  var generator = Generator(state: 5)
  var excess = 0.0
  for _ in 0..<40 {
    let problem = problem(&generator)
    let plain = problem.signalToNoise([0, 0, 0, 0, 0, 0])
    let limits = AssignmentProblem.Limits(signalToNoise: plain + Double(generator.next(1...20)))
    let cheapest = all.filter { problem.signalToNoise($0) >= limits.signalToNoise! }.map(problem.cost).min()!
    guard let found = problem.solve(limits) else {
      Issue.record("nothing was found")
      continue
    }
    #expect(problem.signalToNoise(found) >= limits.signalToNoise!)
    #expect(problem.cost(found) <= 1.2 * cheapest)
    excess += problem.cost(found) / cheapest - 1
  }
  #expect(excess / 40 < 0.03)
}

@Test func assignmentWithinBytesIsNearlyTheBest() {
  var generator = Generator(state: 9)
  var lost = 0.0
  for _ in 0..<40 {
    let problem = problem(&generator)
    let bytes = 1.3 * problem.bytes([0, 0, 0, 0, 0, 0])
    let best = all.filter { problem.bytes($0) <= bytes }.map(problem.signalToNoise).max()!
    guard let found = problem.solve(AssignmentProblem.Limits(bytes: bytes)) else {
      Issue.record("nothing was found")
      continue
    }
    #expect(problem.bytes(found) <= bytes)
    lost += best - problem.signalToNoise(found)
  }
  #expect(lost / 40 < 1)
}

@Test func whatCannotBeKeptHasNoAssignment() {
  var generator = Generator(state: 1)
  let problem = problem(&generator)
  #expect(
    problem.solve(AssignmentProblem.Limits(signalToNoise: 99, bytes: problem.bytes([0, 0, 0, 0, 0, 0])))
      == nil)
}
