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

  @Test(arguments: ["fusing", "rewriting"])
  func targetsDecideWhatIsFusedAndWrittenOtherwise(_ name: String) throws {
    try checkGolden("Placements/\(name).txt") { item in
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

  /// A convolution in place of a product computes the same integers, and floats but for the order of their sums.
  @Test func productsAsConvolutionsComputeTheSame() throws {
    let text = """
      graph @main(%q: i8[2, 3, 5], %x: f32[2, 3, 5], %one: f32[1, 5]) -> (%a, %b, %c, %d, %e) {
        weight @w: i8[5, 7]
        weight @v: f32[5, 7]
        weight @t: f32[7, 5]
        weight @bias: f32[7]
        weight @sums: i32[7]
        weight @z: i8[] = [-3]
        weight @wz: i8[] = [0]
        weight @m: i32[7]
        weight @s: i8[7] = [31, 31, 30, 30, 29, 32, 33]
        %a = matmul_integer %q, @w, @z, @wz, @sums, @m, @s, @z
        %b = matmul %x, @v, @bias
        %c = matmul %x, @t {transpose_b = true, activation = relu}
        %d = matmul %one, @v
        %e = matmul_integer %q, @w, @z, @wz
      }
      """
    var module = Module([try parseGraph(text, file: "text")])
    module.bindRandomWeights(seed: 3)
    let given = module.functions[0]
    var written = given
    let always = FusionRules(prefers: { _, _ in true }, allows: { _, _ in true })
    try run([.run(useConvolutions, "")], on: &written, fusing: always, verifying: true)
    let names = written.order.map { written[$0].op.name }
    #expect(names.count { $0 == "conv" } == 3 && names.count { $0 == "conv_integer" } == 2)
    #expect(!names.contains { $0.hasPrefix("matmul") })
    let inputs = randomInputs(given, seed: 5)
    for (index, (found, wanted)) in zip(
      try evaluate(written, inputs), try evaluate(given, inputs)
    ).enumerated() {
      let isInteger = index == 0 || index == 4
      #expect(TensorDifference(found, reference: wanted).relative <= (isInteger ? 0 : 1e-6), "\(index)")
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
