import IR
import Tensors
import TestSupport
import Testing

@Suite struct OpCorpusTests {
  @Test func namesAreUnique() {
    var seen: Set<String> = []
    let repeated = opCases.map(\.name).filter { !seen.insert($0).inserted }
    #expect(repeated == [])
  }

  /// Ops that run functions have tests of their own, since they mean nothing outside a module.
  @Test func everyOpHasCases() {
    let covered = Set(opCases.map(\.op.name))
    #expect(Op.prototypes.filter { !covered.contains($0.key) && $0.value.callee == nil }.keys.sorted() == [])
  }

  @Test(arguments: opCases) func resultsHaveTheInferredTypes(_ opCase: OpCase) throws {
    let types = try opCase.op.infer(opCase.operands.map(\.type))
    let results = try opCase.op.evaluate(opCase.tensors)
    #expect(results.map { TensorType($0.element, $0.shape) } == types)
  }

  @Test(arguments: opCases) func graphsGiveTheSameAsTheOp(_ opCase: OpCase) throws {
    let expected = try opCase.op.evaluate(opCase.tensors)
    let results = try evaluate(opCase.graph(), opCase.tensors)
    let bound = try evaluate(opCase.graph(weights: true), Array(opCase.tensors.prefix(1)))
    #expect(results.count == expected.count && bound.count == expected.count)
    for (index, result) in results.enumerated() {
      #expect(result.shape == expected[index].shape)
      #expect(TensorDifference(result, reference: expected[index]).relative <= opCase.tolerance)
      #expect(TensorDifference(bound[index], reference: expected[index]).relative <= opCase.tolerance)
    }
  }
}
