import Foundation
import IR
import IngotCompiler
import Machine
import Passes
import Tensors
import TestSupport
import Testing

/// What passes fuse for a target that does not have everything: the graph that they leave, and where its ops run.
@Suite struct TargetFusionTests {
  private func target(_ name: String) throws -> Target {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Golden/Placements/Targets").standardized
    return try TargetLibrary(folders: [folder.path(percentEncoded: false)]).target(name)
  }

  private func optimized(_ text: String, for target: Target) throws -> Graph {
    var module = Module([try parseGraph(text, file: "text")])
    module.bindRandomWeights(seed: 1)
    try run(
      pipeline(CompileOptions(target: target)), on: &module, fusing: FusionRules(target), verifying: true)
    return module.functions[0]
  }

  @Test func targetsDecideWhatIsFused() throws {
    try checkGolden("Placements/fusing.txt") { item in
      let target = try target(item.argument)
      let graph = try optimized(item.input, for: target)
      let lines = graph.text.split(separator: "\n").map { line in
        line.firstRange(of: " = digest ").map { String(line[..<$0.lowerBound]) } ?? String(line)
      }
      let places = place(graph, on: target).map {
        "// \($0.node): \($0.op) on \($0.engine), \($0.verdict.name)"
      }
      return (lines + places).joined(separator: "\n")
    }
  }

  /// Whatever a target lets be fused, numbers stay, and no op that ran on an engine loses it.
  @Test func fusingTakesNothingFromAnEngine() throws {
    let target = try target("small-npu")
    for seed in 0..<60 as Range<UInt64> {
      let chain = try GeneratedChain(seed: seed)
      var separate = chain.graph
      try run(standardPipeline, on: &separate, fusing: FusionRules { _, _ in false })
      var fused = chain.graph
      try run(standardPipeline, on: &fused, fusing: FusionRules(target))
      let engines = { (graph: Graph) in Set(place(graph, on: target).map(\.engine)) }
      #expect(engines(fused) == engines(separate), "seed \(seed)\n\(fused.text)")
      let wanted = try evaluate(separate, chain.inputs)
      for (found, wanted) in zip(try evaluate(fused, chain.inputs), wanted) {
        #expect(TensorDifference(found, reference: wanted).relative == 0, "seed \(seed)\n\(fused.text)")
      }
    }
  }
}
