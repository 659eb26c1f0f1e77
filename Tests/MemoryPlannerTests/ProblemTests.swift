import MemoryPlanner
import Testing

@Suite struct ProblemTests {
  @Test(arguments: [
    (
      [Buffer(id: 3, size: 1, firstStep: 0, lastStep: 0), Buffer(id: 3, size: 1, firstStep: 0, lastStep: 0)],
      ProblemError.repeatedIdentifier(3)
    ),
    ([Buffer(id: 1, size: -1, firstStep: 0, lastStep: 0)], .negativeSize(1, size: -1)),
    ([Buffer(id: 1, size: 1, alignment: 0, firstStep: 0, lastStep: 0)], .badAlignment(1, alignment: 0)),
    ([Buffer(id: 1, size: 1, firstStep: 2, lastStep: 1)], .emptyLifetime(1, firstStep: 2, lastStep: 1)),
    (
      [Buffer(id: 1, size: 1, alignment: 4, firstStep: 0, lastStep: 0, fixedOffset: 6)],
      .badFixedOffset(1, offset: 6, alignment: 4)
    ),
    (
      [
        Buffer(id: 1, size: 8, firstStep: 0, lastStep: 4, fixedOffset: 0),
        Buffer(id: 2, size: 8, firstStep: 4, lastStep: 5, fixedOffset: 7),
      ],
      .fixedBuffersCollide(1, 2)
    ),
    ([Buffer(id: 1, size: .max, alignment: 2, firstStep: 0, lastStep: 0)], .tooLarge(1)),
    (
      [
        Buffer(id: 1, size: .max / 2, firstStep: 0, lastStep: 0),
        Buffer(id: 2, size: .max / 2, firstStep: 5, lastStep: 5),
      ],
      .tooLarge(2)
    ),
    (
      [
        Buffer(id: 1, size: 8, firstStep: 0, lastStep: 0, fixedOffset: .max - 8),
        Buffer(id: 2, size: 8, firstStep: 0, lastStep: 0),
      ],
      .tooLarge(1)
    ),
  ])
  func malformedBuffersAreRefused(buffers: [Buffer], error: ProblemError) {
    #expect(throws: error) { try Problem(buffers) }
  }

  @Test func boundIsTheFullestStep() throws {
    let problem = try Problem([
      Buffer(id: 0, size: 10, firstStep: 0, lastStep: 3), Buffer(id: 1, size: 5, firstStep: 2, lastStep: 6),
      Buffer(id: 2, size: 7, firstStep: 3, lastStep: 3), Buffer(id: 3, size: 12, firstStep: 4, lastStep: 9),
    ])
    #expect(problem.lowerBound == 22)
  }

  @Test(arguments: 0..<20)
  func boundEqualsASumOverEveryStep(seed: Int) throws {
    let problem = try randomProblem(buffers: 40, steps: 25, largestSize: 99, seed: UInt64(seed))
    let largest = (0..<40).map { step in
      zip(problem.buffers, problem.footprints)
        .filter { $0.0.firstStep <= step && step <= $0.0.lastStep }
        .reduce(0) { $0 + $1.1 }
    }.max()
    #expect(problem.lowerBound == largest)
  }
}
