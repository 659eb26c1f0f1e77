import Bundle
import IR
import Ingot
import IngotCompiler
import Machine
import Tensors
import TestSupport
import Testing

/// Functions that run in stripes of rows.
@Suite struct StripeTests {
  /// What stripes compute is what whole ops compute, bit for bit, and no call finds bytes of another buffer.
  @Test(arguments: 0..<20)
  func stripesComputeTheSame(group: Int) throws {
    for seed in (group * 10)..<(group * 10 + 10) {
      let graph = try StripedNetwork(seed: UInt64(seed)).graph
      let input = Tensor(random: .i8, graph.shape(of: graph.inputs[0].value), seed: UInt64(seed))
      let chip = seed % 2 == 0 ? cpu : npu
      let whole = try scheduled(graph, .untiled, chip, input)
      let small = try scheduled(graph, .small, chip, input)
      #expect(small.program.arenaBytes <= whole.program.arenaBytes, "seed \(seed)")
      #expect(problems(of: small.program) == [], "seed \(seed)\n\(small.program.text)")
      for (found, expected) in zip(small.outputs, whole.outputs) {
        #expect(found.isIdentical(to: expected), "seed \(seed)\n\(small.program.text)")
      }
    }
  }

  /// Many of the networks of the test before do run in stripes.
  @Test func stripesAreUsed() throws {
    let striped = try (0..<40).filter { seed in
      let graph = try StripedNetwork(seed: UInt64(seed)).graph
      let programs = try [ScheduleGoal.untiled, .small].map { try compiled(graph, $0).programs[0] }
      return programs[0].instructions.count < programs[1].instructions.count
    }
    #expect(striped.count >= 10)
  }

  private func scheduled(
    _ graph: Graph, _ goal: ScheduleGoal, _ chip: Target, _ input: Tensor
  ) throws -> (program: Program, outputs: [Tensor]) {
    let bundle = try compiled(graph, goal, chip)
    let session = try Session(try Model(bytes: bundle.bytes), threads: 2)
    try session.setInput(0, to: input)
    try session.run()
    return (bundle.programs[0], try session.outputs.indices.map { try session.outputTensor($0) })
  }

  private func compiled(
    _ graph: Graph, _ goal: ScheduleGoal, _ chip: Target = cpu
  ) throws -> CompiledBundle {
    var options = CompileOptions(target: chip, precision: .fp32, verifies: true)
    options.schedule = goal
    return try compile(Module([graph]), options)
  }
}
