import Graphs
import IR
import Tensors
import Testing

/// What samplers do with the prediction of a step.
struct GuidanceTests {
  @Test(arguments: [
    (2, [5, 5, 1, 5, 1, 5] as [Float]), (0, [1, 5, 1, 5, 1, 5]), (6, [5, 5, 5, 5, 5, 5]),
    (99, [5, 5, 5, 5, 5, 5]),
  ])
  func scalesOscillateAfterTheSteadySteps(_ steady: Int, _ expected: [Float]) throws {
    #expect(try scales(steady, steps: Array(0..<6)) == expected)
  }

  /// Heun's method looks twice in each step but the last.
  @Test func bothRowsOfAStepHaveOneScale() throws {
    var edm = EDM()
    edm.order = .heun
    let steps = edm.stepsOfRows(steps: 4)
    #expect(steps == [0, 0, 1, 1, 2, 2, 3])
    #expect(try edm.schedule(steps: 4).steps.count == steps.count)
    #expect(try scales(1, steps: steps) == [5, 5, 1, 1, 5, 5, 1])
    edm.order = .euler
    #expect(try edm.schedule(steps: 4).steps.count == edm.stepsOfRows(steps: 4).count)
  }

  private func scales(_ steady: Int, steps: [Int]) throws -> [Float] {
    var b = GraphBuilder("scales")
    let (low, high) = (try b.input("low", []), try b.input("high", []))
    let guidance = OscillatingGuidance(steadySteps: steady)
    try b.output("scales", guidance.scales(&b, "shares", steps: steps, low: low, high: high))
    return try evaluate(
      b.finishModule(), [Tensor([1] as [Float], shape: []), Tensor([5] as [Float], shape: [])])[0].floats
  }

  /// By hand: of |x| = 4, 3, 2, 1 and 0 the quantile 0.9 lies at position 3.6.
  @Test func outliersAreClippedAndTheSampleScaled() throws {
    let limited = try limit([[1, -4, 2, 0, -3]], DynamicThreshold(quantile: 0.9))
    let bound: Float = 3 + 0.6
    for (found, x) in zip(limited, [1, -bound, 2, 0, -3] as [Float]) {
      #expect(abs(found - x / bound) < 1e-6)
    }
  }

  @Test func samplesWithinTheRangeStayAsTheyAre() throws {
    #expect(try limit([[0.5, -1, 0.25]], DynamicThreshold()) == [0.5, -1, 0.25])
  }

  /// Each sample of a batch has a bound of its own; the largest value bounds quantile 1, the only value any.
  @Test func everySampleHasItsOwnBound() throws {
    let limited = try limit([[1, -2], [8, 4]], DynamicThreshold(quantile: 1))
    #expect(limited == [0.5, -1, 1, 0.5])
    #expect(try limit([[-3], [0.5]], DynamicThreshold(quantile: 0.5)) == [-1, 0.5])
  }

  private func limit(_ rows: [[Float]], _ threshold: DynamicThreshold) throws -> [Float] {
    let shape = Shape([rows.count, 1, rows[0].count])
    var b = GraphBuilder("limit")
    let data = try b.input("data", shape)
    try b.output("limited", threshold.limit(&b, data))
    return try evaluate(b.finishModule(), [Tensor(rows.flatMap { $0 }, shape: shape)])[0].floats
  }
}
