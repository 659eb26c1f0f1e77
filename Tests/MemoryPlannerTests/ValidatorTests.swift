import MemoryPlanner
import Testing

/// Every violation, made on purpose; and no valid plan damaged at random that still passes unseen.
@Suite struct ValidatorTests {
  private func pair() throws -> Problem {
    try Problem([
      Buffer(id: 10, size: 8, alignment: 4, firstStep: 0, lastStep: 2),
      Buffer(id: 11, size: 8, alignment: 4, firstStep: 2, lastStep: 4),
    ])
  }

  @Test func soundPlanHasNoViolation() throws {
    #expect(validate(try pair(), Plan(offsets: [0, 8], peak: 16)).isEmpty)
  }

  @Test func missingOffset() throws {
    #expect(
      validate(try pair(), Plan(offsets: [0], peak: 8)) == [.wrongCount(found: 1, expected: 2)])
  }

  @Test(arguments: [-4, Int.max - 3])
  func offsetOutsideAnyArena(offset: Int) throws {
    #expect(
      validate(try pair(), Plan(offsets: [0, offset], peak: 8)) == [.outOfRange(11, offset: offset)])
  }

  @Test func misalignedOffset() throws {
    #expect(
      validate(try pair(), Plan(offsets: [0, 10], peak: 18)) == [
        .misaligned(11, offset: 10, alignment: 4)
      ])
  }

  @Test func overlapAtTheSharedStep() throws {
    #expect(validate(try pair(), Plan(offsets: [0, 4], peak: 12)) == [.overlap(10, 11, step: 2)])
  }

  @Test func movedFixedBuffer() throws {
    let problem = try Problem([Buffer(id: 5, size: 8, firstStep: 0, lastStep: 0, fixedOffset: 16)])
    #expect(
      validate(problem, Plan(offsets: [0], peak: 8)) == [.movedFixed(5, offset: 0, expected: 16)])
  }

  @Test(arguments: [15, 17])
  func wrongPeak(peak: Int) throws {
    #expect(
      validate(try pair(), Plan(offsets: [0, 8], peak: peak)) == [.wrongPeak(found: peak, expected: 16)])
  }

  @Test func messagesNameTheBuffers() {
    #expect(Violation.overlap(10, 11, step: 2).description == "buffers 10 and 11 share bytes at step 2")
  }

  @Test(arguments: 0..<20)
  func damagedPlansAreJudgedAsByComparingEveryPair(seed: Int) throws {
    let problem = try randomProblem(buffers: 30, steps: 20, largestSize: 64, seed: UInt64(seed))
    var generator = SeededGenerator(seed: UInt64(seed))
    let sound = plan(problem)
    for _ in 0..<50 {
      var damaged = sound
      let victim = Int.random(in: 0..<30, using: &generator)
      damaged.offsets[victim] = Int.random(in: 0...(damaged.peak / 16), using: &generator) * 16
      damaged.peak = zip(damaged.offsets, problem.footprints).map { $0 + $1 }.max() ?? 0
      let collides = (0..<30).contains { other in
        other != victim && problem.footprints[other] > 0 && problem.footprints[victim] > 0
          && problem.buffers[other].isLive(with: problem.buffers[victim])
          && damaged.offsets[other] < damaged.offsets[victim] + problem.footprints[victim]
          && damaged.offsets[victim] < damaged.offsets[other] + problem.footprints[other]
      }
      #expect(validate(problem, damaged).isEmpty == !collides)
    }
  }
}
