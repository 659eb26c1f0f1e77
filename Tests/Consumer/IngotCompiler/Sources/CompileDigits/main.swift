import Foundation
import IngotCompiler

// CompileDigits CHECKPOINT OUT.ingot
//
// Reads the demo network, compiles it, writes the bundle and prints what the compiler tells of it. Ends with status 1
// where an answer is not what it should be.

func check(_ condition: Bool, _ what: String) {
  guard !condition else { return }
  print("FAILED: \(what)")
  exit(1)
}

let words = CommandLine.arguments
guard words.count == 3 else {
  print("usage: CompileDigits CHECKPOINT OUT.ingot")
  exit(2)
}

var source = NetworkSource(graph: "efficientformerv2", variant: "digits")
source.checkpoints = [.init(URL(filePath: words[1]))]
let network = try source.read()
print("inputs \(network.inputs()), outputs \(network.outputs())")
check(network.inputs().map(\.element) == ["f32"], "the network takes one array of f32")

print("chips \(Compiler.targets().joined(separator: " "))")
let compiler = try Compiler(target: "cpu-arm64")
var stages: [CompileStage] = []
let compiled = try compiler.compile(network) { stage, _ in
  if stages.last != stage { stages.append(stage) }
}
check(
  stages == CompileStage.allCases.filter { $0 != .quantize },
  "every stage of fp32 is told, in order: \(stages)")
check(compiled.notes.isEmpty, "nothing is remarkable of a bundle for a CPU: \(compiled.notes)")
check(compiled.facts.bundleBytes == compiled.data.count, "facts and bytes agree")
check(compiled.facts.arenaBytes >= compiled.facts.arenaLowerBoundBytes, "no plan is below its bound")
check(try compiler.compile(network).data == compiled.data, "the same network gives the same bytes")
try compiled.data.write(to: URL(filePath: words[2]))
print(
  "\(compiled.facts.bundleBytes) bytes, \(compiled.facts.macs) multiply-adds, \(compiled.facts.ops.count) ops"
)

// Another chip, and what it tells.
let engine = try Compiler(target: "apple-ane-a17pro", precision: .fp16).compile(network)
check(engine.notes.count == 1, "a bundle for an engine says that it runs on the CPU: \(engine.notes)")
print(engine.notes[0])

// Failures are values that say where and what to do.
do {
  _ = try NetworkSource(model: URL(filePath: "missing.onnx")).read()
  check(false, "a missing file is an error")
} catch {
  check(error.stage == .reading && error.file == "missing.onnx", "the error names the file: \(error)")
}
do {
  _ = try Compiler(target: "no-such-chip")
  check(false, "an unknown chip is an error")
} catch {
  check(
    error.stage == .target && error.description.contains("cpu-arm64"), "the error lists the chips: \(error)")
}
