import IR
import Ingot
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// The corpus of op cases, compiled and run by the interpreter, against the ops' definitions.
@Suite struct OpCaseTests {
  @Test(arguments: opCases)
  func inputsAtRunTime(_ test: OpCase) throws { try check(test, weights: false) }

  /// Operands after the first are weights, so that folds and packed weights are tried too.
  @Test(arguments: opCases.filter { $0.operands.count > 1 })
  func weights(_ test: OpCase) throws { try check(test, weights: true) }

  /// Weights in the panels of another machine, in either precision.
  @Test(arguments: opCases.filter { ["matmul", "conv"].contains($0.op.name) })
  func weightsInOtherPanels(_ test: OpCase) throws {
    let graph = try test.graph(weights: true)
    let inputs = Array(test.tensors.prefix(graph.inputs.count))
    for precision in [Precision.fp32, .fp16] {
      let expected = try interpret(graph, inputs, precision: precision)
      let found = try interpret(graph, inputs, precision: precision, target: otherCPU)
      for (result, reference) in zip(found, expected) {
        #expect(
          TensorDifference(result, reference: reference).relative <= max(test.tolerance, 1e-5), "\(test.name)"
        )
      }
    }
  }

  private func check(_ test: OpCase, weights: Bool) throws {
    let graph = try test.graph(weights: weights)
    let tensors = test.tensors
    let inputs = weights ? Array(tensors.prefix(graph.inputs.count)) : tensors
    let expected = try evaluate(graph, inputs)
    for threads in [1, 2] {
      let results = try interpret(graph, inputs, threads: threads)
      for (result, reference) in zip(results, expected) {
        #expect(result.element == reference.element && result.shape == reference.shape)
        if reference.element.isFloat {
          let difference = TensorDifference(result, reference: reference)
          #expect(difference.relative <= max(test.tolerance, 1e-5), "\(test.name) on \(threads) threads")
        } else {
          #expect(result.isIdentical(to: reference), "\(test.name) on \(threads) threads")
        }
      }
    }
  }
}
