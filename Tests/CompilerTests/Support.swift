import Foundation
import IR
import Ingot
import IngotCompiler
import Machine
import Tensors

/// The interpreter's own machine, from the files of the repository.
let cpu = target("cpu-arm64")
/// The other one, whose panels are wider than this machine's, or narrower.
let otherCPU = target("cpu-x86_64")

/// One that moves weights to where values lie.
let npu = target("arm-ethos-u55-256")

private func target(_ name: String) -> Target {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Targets")
    .standardized.path(percentEncoded: false)
  do {
    return try TargetLibrary(folders: [folder]).target(name)
  } catch {
    preconditionFailure("\(error)")
  }
}

/// Compiles a graph, with the passes or as it stands, and runs it once by the interpreter.
func interpret(
  _ graph: Graph, _ inputs: [Tensor], precision: Precision = .fp32, threads: Int = 1, optimizes: Bool = true,
  target: Target = cpu
) throws -> [Tensor] {
  var options = CompileOptions(target: target, precision: precision, verifies: true)
  options.optimizes = optimizes
  let compiled = try compile(Module([graph]), options)
  let session = try Session(try Model(bytes: compiled.bytes), threads: threads)
  for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
  try session.run()
  return try session.outputs.indices.map { try session.outputTensor($0) }
}
