import MemoryPlanner
import Testing

@Suite struct OffsetSearchTests {
  @Test(arguments: 1...6)
  func plantedProblemsComeCloseToTheirBound(seed: Int) throws {
    let problem = try plantedProblem(pieces: 30 * seed, steps: 120, bytes: 256, seed: UInt64(seed))
    let search = OffsetSearch(problem)
    let greedy = search.plan
    search.improve(work: 8_000_000)
    #expect(validate(problem, search.plan).isEmpty)
    #expect(search.lowerBound == problem.lowerBound)
    #expect(search.peak <= greedy.peak)
    #expect(search.peak * 100 <= search.lowerBound * 118)
  }

  @Test func equalWorkGivesEqualPlans() throws {
    let problem = try plantedProblem(pieces: 150, steps: 120, bytes: 256, seed: 9)
    let (first, second) = (OffsetSearch(problem), OffsetSearch(problem))
    first.improve(work: 3_000_000)
    second.improve(work: 3_000_000)
    #expect(first.plan == second.plan)
  }

  @Test func stopsAtTheGoal() throws {
    let problem = try plantedProblem(pieces: 150, steps: 120, bytes: 256, seed: 9)
    let search = OffsetSearch(problem)
    let goal = search.peak - 1
    #expect(goal > search.lowerBound)
    search.improve(goal: goal, work: .max)
    #expect(search.peak <= goal)
  }

  @Test func aClockThatHasRunOutChangesNothing() throws {
    let problem = try plantedProblem(pieces: 100, steps: 120, bytes: 256, seed: 3)
    let search = OffsetSearch(problem)
    let greedy = search.plan
    search.improve(until: .now)
    #expect(search.plan.peak <= greedy.peak)
    #expect(validate(problem, search.plan).isEmpty)
  }

  /// Seven bytes are live at most, and no plan of them is smaller than eight.
  @Test func provesWhatIsAboveTheLiveBytes() throws {
    let lives = [
      (2, 5, 7), (3, 8, 8), (3, 7, 8), (2, 1, 5), (3, 3, 4), (2, 0, 1), (1, 2, 6), (2, 1, 2), (1, 5, 7),
      (1, 0, 0),
      (3, 0, 0),
    ]
    let problem = try Problem(
      lives.enumerated().map { Buffer(id: $0, size: $1.0, firstStep: $1.1, lastStep: $1.2) })
    let search = OffsetSearch(problem)
    search.improve(work: .max)
    #expect(search.isProven)
    #expect(search.lowerBound == problem.lowerBound + 1)
    #expect(validate(problem, search.plan).isEmpty)
  }

  /// What no step connects is placed apart, and the highest of it decides.
  @Test func componentsAreSolvedApart() throws {
    let parts = try (0..<8).map { try plantedProblem(pieces: 20, steps: 40, bytes: 64, seed: UInt64($0)) }
    let buffers = parts.enumerated().flatMap { part, problem in
      problem.buffers.map {
        Buffer(
          id: part * 1000 + $0.id, size: $0.size, firstStep: $0.firstStep + part * 40,
          lastStep: $0.lastStep + part * 40)
      }
    }
    let problem = try Problem(buffers)
    let search = OffsetSearch(problem)
    search.improve(work: 20_000_000)
    #expect(search.peak <= parts.map { OffsetSearch($0).peak }.max() ?? 0)
    #expect(search.lowerBound == parts.map(\.lowerBound).max())
    #expect(validate(problem, search.plan).isEmpty)
  }

  @Test func hugeSizesDoNotOverflow() throws {
    let sizes = [Int.max / 7, Int.max / 9, Int.max / 5, Int.max / 8, Int.max / 6]
    let problem = try Problem(
      sizes.enumerated().map { Buffer(id: $0, size: $1, firstStep: $0, lastStep: $0 + 1 + $0 % 2) })
    let search = OffsetSearch(problem)
    search.improve(work: 10_000_000)
    #expect(validate(problem, search.plan).isEmpty)
  }
}
