import MemoryPlanner
import Testing

@Suite struct PlanTests {
  @Test func emptyProblemNeedsNoMemory() throws {
    let plan = plan(try Problem([]))
    #expect(plan == Plan(offsets: [], peak: 0))
  }

  @Test func buffersThatNeverMeetShareBytes() throws {
    let problem = try Problem([
      Buffer(id: 0, size: 100, firstStep: 0, lastStep: 1), Buffer(id: 1, size: 80, firstStep: 2, lastStep: 3),
    ])
    #expect(plan(problem) == Plan(offsets: [0, 0], peak: 100))
  }

  @Test func lastStepIsInclusive() throws {
    let problem = try Problem([
      Buffer(id: 0, size: 100, firstStep: 0, lastStep: 2), Buffer(id: 1, size: 80, firstStep: 2, lastStep: 3),
    ])
    #expect(problem.lowerBound == 180)
    #expect(plan(problem).peak == 180)
  }

  @Test func footprintsAreRoundedToTheAlignment() throws {
    let problem = try Problem([
      Buffer(id: 0, size: 1, alignment: 64, firstStep: 0, lastStep: 0),
      Buffer(id: 1, size: 65, alignment: 64, firstStep: 0, lastStep: 0),
    ])
    #expect(problem.footprints == [64, 128])
    let plan = plan(problem)
    #expect(plan.offsets.allSatisfy { $0 % 64 == 0 })
    #expect(plan.peak == 192)
  }

  /// As many inputs as a graph may have are all live at the first step; looking at each pair of them takes minutes.
  @Test func manyBuffersThatAreLiveAtOnce() throws {
    let count = 100_000
    let problem = try Problem(
      (0..<count).map { Buffer(id: $0, size: 1 + $0 % 100, alignment: 64, firstStep: 0, lastStep: $0 % 7) })
    let plan = plan(problem)
    #expect(plan.peak == problem.lowerBound)
    #expect(validate(problem, plan).isEmpty)
  }

  @Test func emptyBuffersTakeNoRoom() throws {
    let problem = try Problem([
      Buffer(id: 0, size: 0, firstStep: 0, lastStep: 9), Buffer(id: 1, size: 8, firstStep: 0, lastStep: 9),
      Buffer(id: 2, size: 0, alignment: 64, firstStep: 3, lastStep: 3),
    ])
    let plan = plan(problem)
    #expect(plan.peak == 8)
    #expect(validate(problem, plan).isEmpty)
  }

  @Test func fixedBuffersStayWhereTheyAre() throws {
    let problem = try Problem([
      Buffer(id: 0, size: 10, firstStep: 0, lastStep: 5),
      Buffer(id: 1, size: 10, firstStep: 0, lastStep: 5, fixedOffset: 5),
      Buffer(id: 2, size: 5, firstStep: 2, lastStep: 3),
    ])
    let plan = plan(problem)
    #expect(plan.offsets == [15, 5, 0])
    #expect(plan.peak == 25)
  }

  @Test func fixedBufferAboveTheBoundSetsThePeak() throws {
    let problem = try Problem([
      Buffer(id: 0, size: 4, firstStep: 0, lastStep: 5, fixedOffset: 96),
      Buffer(id: 1, size: 4, firstStep: 0, lastStep: 5),
    ])
    #expect(problem.lowerBound == 8)
    #expect(plan(problem) == Plan(offsets: [96, 0], peak: 100))
  }

  @Test func extremeStepsDoNotOverflow() throws {
    let problem = try Problem([
      Buffer(id: 0, size: 8, firstStep: .min, lastStep: .max),
      Buffer(id: 1, size: 8, firstStep: .max, lastStep: .max),
    ])
    #expect(problem.lowerBound == 16)
    #expect(plan(problem).peak == 16)
  }

  @Test(arguments: 0..<24)
  func randomPlansAreValidAndRespectTheBound(seed: Int) throws {
    let problem = try randomProblem(
      buffers: 5 + 9 * seed, steps: 3 + 5 * seed, largestSize: 1000, seed: UInt64(seed))
    let plan = plan(problem)
    #expect(validate(problem, plan).isEmpty)
    #expect(plan.peak >= problem.lowerBound)
    #expect(plan.peak <= problem.lowerBound * 3 / 2 + 64)
  }

  @Test func manyBuffersArePlannedAlike() throws {
    let problem = try randomProblem(buffers: 2_000, steps: 1_200, largestSize: 1 << 20, seed: 7)
    let first = plan(problem)
    #expect(validate(problem, first).isEmpty)
    #expect(plan(problem) == first)
  }

  @Test(arguments: 0..<40)
  func tinyPlansAreOptimalOrNearlySo(seed: Int) throws {
    let problem = try randomProblem(buffers: 6, steps: 6, largestSize: 12, seed: UInt64(1000 + seed))
    let optimum = smallestPeak(problem)
    let found = plan(problem).peak
    #expect(found >= optimum)
    #expect(Double(found) <= 1.1 * Double(optimum))
    #expect(optimum >= problem.lowerBound)
  }

  /// Greedy first fit in every order: some order gives an optimal plan, since the buffers of one, taken by
  /// offset and lowered as far as they go, are such a placement.
  private func smallestPeak(_ problem: Problem) -> Int {
    var best = Int.max
    var offsets = [Int?](repeating: nil, count: problem.buffers.count)
    func extend(peak: Int) {
      if peak >= best { return }
      let free = offsets.indices.filter { offsets[$0] == nil }
      if free.isEmpty {
        best = peak
        return
      }
      for index in free {
        let offset = lowestOffset(of: index)
        offsets[index] = offset
        extend(peak: max(peak, offset + problem.footprints[index]))
        offsets[index] = nil
      }
    }
    func lowestOffset(of index: Int) -> Int {
      let buffer = problem.buffers[index]
      let size = problem.footprints[index]
      var offset = 0
      while let blocker = offsets.indices.first(where: { other in
        guard let start = offsets[other], problem.buffers[other].isLive(with: buffer) else { return false }
        return start < offset + size && offset < start + problem.footprints[other]
      }), let start = offsets[blocker] {
        let end = start + problem.footprints[blocker]
        offset = (end + buffer.alignment - 1) / buffer.alignment * buffer.alignment
      }
      return offset
    }
    extend(peak: 0)
    return best
  }
}
