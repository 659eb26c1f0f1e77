import Tensors
import Testing

@Suite struct ComparisonTests {
  private func difference(_ values: [Float], _ reference: [Float]) -> TensorDifference {
    TensorDifference(
      Tensor(values, shape: [values.count]), reference: Tensor(reference, shape: [reference.count]))
  }

  @Test func equalTensorsDoNotDiffer() {
    let result = difference([1, -2, 3], [1, -2, 3])
    #expect(result.maximum == 0 && result.relative == 0 && result.scale == 3)
    #expect(abs(result.cosine - 1) < 1e-12)
    #expect(result.signalToNoise == .infinity)
  }

  @Test func theLargestDifferenceIsMeasuredAgainstTheLargestOutput() {
    let result = difference([1, 2.5, -4], [1, 2, -4])
    #expect(result.maximum == 0.5 && result.scale == 4 && result.relative == 0.125)
    #expect(result.cosine < 1 && result.cosine > 0.99)
    #expect(abs(result.signalToNoise - 19.2428) < 1e-3)
  }

  @Test func oppositesHaveANegativeCosine() {
    #expect(abs(difference([1, 2], [-1, -2]).cosine + 1) < 1e-12)
  }

  @Test func zeros() {
    #expect(difference([0, 0], [0, 0]).cosine == 1)
    #expect(difference([0, 0], [0, 0]).relative == 0)
    #expect(difference([0.25, 0], [0, 0]).relative == 0.25)
    #expect(difference([1, 0], [0, 0]).cosine == 0)
  }

  @Test func nonFiniteValuesMustMatch() {
    #expect(difference([.infinity, 1], [.infinity, 1]).relative == 0)
    #expect(difference([.nan, 1], [.nan, 1]).relative == 0)
    #expect(difference([.nan, 1], [2, 1]).relative == .infinity)
    #expect(difference([.infinity], [-.infinity]).hasMismatchedNonFinite)
    #expect(difference([1], [.infinity]).relative == .infinity)
  }
}
