import Foundation
import IR
import Ingot
import IngotCompiler
import Tensors
import TestSupport

/// Holds a module's first function against everything that must be true of a lowered one, and its numbers from
/// the interpreter, with passes, at 1 and 3 threads, against the reference. Gives the function as it was lowered
/// without passes.
@discardableResult
func checkModule(_ text: String) throws -> LoweredGraph {
  let module = try parseModule(text, file: "test.graph")
  try checkNumbers(module, seed: 1)
  return try checkMemory(module)
}

func checkMemory(_ module: Module) throws -> LoweredGraph {
  let lowered = try LoweredGraph(module)
  do {
    try lowered.check()
    guard lowered.memory.lowerBound == lowered.arenaLowerBound else {
      throw SimulationError(
        "the program needs \(lowered.memory.lowerBound) bytes, the compiler knew \(lowered.arenaLowerBound)")
    }
  } catch {
    throw SimulationError("\(error)\n\(module.text)\n\(lowered.program.text)")
  }
  return lowered
}

func checkNumbers(_ module: Module, seed: UInt64) throws {
  let inputs = randomInputs(module.functions[0], seed: seed)
  let expected = try evaluate(module, inputs)
  let compiled = try compile(module, CompileOptions(target: cpu, verifies: true))
  let model = try Model(bytes: compiled.bytes)
  for threads in [1, 3] {
    let session = try Session(model, threads: threads)
    // The second run finds the memory as the first one left it.
    for _ in 0..<2 {
      for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
      try session.run()
    }
    for (index, reference) in expected.enumerated() {
      let result = try session.outputTensor(index)
      guard result.shape == reference.shape, result.element == reference.element else {
        throw SimulationError(
          "output \(index) is \(result.element)\(result.shape), expected \(reference.element)\(reference.shape)"
        )
      }
      let difference = TensorDifference(result, reference: reference)
      let isFar = reference.element.isFloat ? difference.maximum > 1e-5 : !result.isIdentical(to: reference)
      if isFar || difference.hasMismatchedNonFinite {
        throw SimulationError(
          "output \(index) is off by \(difference.maximum) at \(threads) threads\n\(module.text)\n"
            + "\(compiled.programs[0].text)")
      }
    }
  }
}
