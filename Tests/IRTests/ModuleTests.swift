import IR
import Tensors
import TestSupport
import Testing

/// Modules as a whole: what they hold, how they are built, and weights that functions share.
@Suite struct ModuleTests {
  private let text = """
    graph @main(%x: f32[2, 4], %s: f32[5, 2, 4]) -> (%z) {
      weight @w: f32[4, 4]
      %a = matmul %x, @w
      %b = call %a {function = @twice} : f32[2, 4]
      %z = loop %b, %s {function = @step, count = 5, carried = 1, stepped = 1} : f32[2, 4]
    }
    graph @step(%h: f32[2, 4], %u: f32[2, 4]) -> (%n) {
      weight @w: f32[4, 4]
      weight @v: f16[2, 4]
      %m = matmul %h, %u {transpose_b = true}
      %p = matmul %m, @v
      %n = call %p {function = @twice} : f32[2, 4]
    }
    graph @twice(%x: f32[2, 4]) -> (%y) {
      weight @w: f32[4, 4]
      %a = matmul %x, @w
      %y = matmul %a, @w
    }
    graph @unused(%x: f32[3]) -> (%x, @c) {
      weight @c: i32[7]
    }
    """

  // MARK: Statistics

  @Test func workCountsAsOftenAsItIsDone() throws {
    let module = try parseModule(text, file: "t")
    let twice = Statistics(module, function: 2)
    #expect([twice.linearMACs, twice.attentionMACs, twice.nodes] == [64, 0, 2])
    let step = Statistics(module, function: 1)
    #expect([step.linearMACs, step.attentionMACs, step.nodes] == [80, 16, 5])
    let main = Statistics(module)
    #expect([main.linearMACs, main.attentionMACs, main.nodes] == [496, 80, 10])
  }

  @Test func weightsOfOneNameCountOnce() throws {
    let module = try parseModule(text, file: "t")
    let main = Statistics(module)
    #expect([main.parameters, main.weightElements, main.weightBytes] == [24, 24, 80])
    let unused = Statistics(module, function: 3)
    #expect([unused.parameters, unused.weightElements, unused.weightBytes] == [0, 7, 28])
    let all = Statistics(weightsOf: module)
    #expect([all.parameters, all.weightElements, all.weightBytes, all.macs] == [24, 31, 108, 0])
  }

  /// What is computed from weights alone is not counted, since it is folded; a call is not folded.
  @Test func callsOfConstantsAreWork() throws {
    let module = try parseModule(
      """
      graph @main(%x: f32[2, 4]) -> (%z) {
        weight @k: f32[2, 4]
        %a = call @k {function = @f} : f32[2, 4]
        %z = matmul %a, %x {transpose_b = true}
      }
      graph @f(%x: f32[2, 4]) -> (%y) {
        weight @w: f32[4, 4]
        %y = matmul %x, @w
      }
      """, file: "t")
    let main = Statistics(module)
    #expect([main.linearMACs, main.attentionMACs] == [32, 16])
  }

  @Test func functionsAreReachedOnceEach() throws {
    let module = try parseModule(text, file: "t")
    #expect(module.reachable(from: module.functions[0]).map(\.name) == ["twice", "step", "main"])
    #expect(module.reachable(from: module.functions[3]).map(\.name) == ["unused"])
    #expect(module["step"]?.name == "step" && module["stop"] == nil)
  }

  // MARK: Building

  private func step() throws -> Module {
    var b = GraphBuilder("step")
    let h = try b.input("h", [2, 4])
    let u = try b.input("u", [4])
    let k = try b.input("k", [1])
    let n = try b.scope("cell") { b throws(Diagnostic) in
      try b.add(.binary(Binary(.mul)), [b.linear("fc", h, features: 4), b.add(u, k)])
    }
    try b.output("n", n)
    try b.output("before", h)
    return try b.finishModule()
  }

  @Test func buildersCollectWhatTheyRun() throws {
    var b = GraphBuilder("main")
    let x = try b.input("x", [2, 4])
    let s = try b.input("s", [3, 4])
    let k = try b.input("k", [1])
    let step = try step()
    let loop = try b.loop(step, count: 3, carried: [x], stepped: [s], constant: [k], name: "denoise")
    let part = try b.reshape(b.slice(s, axis: 0, 0..<1), [4])
    let once = try b.scope("tail") { b throws(Diagnostic) in try b.call(step, [loop.carried[0], part, k]) }
    #expect(loop.carried.count == 1 && loop.stacked.count == 1)
    #expect(b.type(of: loop.stacked[0]) == TensorType(.f32, [3, 2, 4]))
    try b.output("y", once[0])
    let module = try b.finishModule()
    try verify(module)
    #expect(module.functions.map(\.name) == ["main", "step"])
    let main = module.functions[0]
    #expect(
      main.order.map { main[$0].name }.filter { $0.contains("step") || $0 == "denoise" } == [
        "denoise", "tail.step",
      ])
    #expect(
      module.functions[1].weights.map { module.functions[1][$0].name } == ["cell.fc.weight", "cell.fc.bias"])
  }

  @Test func buildersRefuseTwoFunctionsOfOneName() throws {
    var b = GraphBuilder("main")
    let x = try b.input("x", [2, 4])
    let u = try b.input("u", [4])
    let k = try b.input("k", [1])
    _ = try b.call(step(), [x, u, k])
    var other = GraphBuilder("step")
    try other.output("y", other.relu(other.input("x", [2, 4])))
    let different = try other.finishModule()
    let line = #line + 1
    let error = #expect(throws: Diagnostic.self) { try b.call(different, [x]) }
    #expect(
      error?.description
        == "\(#fileID):\(line): two different functions are named 'step'; give one of them another name")
    var own = GraphBuilder("step")
    let y = try own.input("x", [2, 4])
    let same = #expect(throws: Diagnostic.self) { try own.call(different, [y]) }
    #expect(same?.message == "the graph 'step' can't run a function of its own name")
  }

  @Test func buildersLocateWrongOperands() throws {
    var b = GraphBuilder("main")
    let x = try b.input("x", [2, 4])
    let step = try step()
    let line = #line + 1
    _ = try b.call(step, [x])
    try b.output("y", x)
    let error = #expect(throws: Diagnostic.self) { try b.finishModule() }
    #expect(
      error?.description
        == "\(#fileID):\(line): call: [V15] @main, node \"step\": has 1 values for inputs of @step, expected 3"
    )
  }

  // MARK: Weights

  @Test func setsOfWeightsHaveNamesOfTheirOwn() throws {
    var b = GraphBuilder("outer")
    let x = try b.input("x", [2, 4])
    let values = try b.call(step(), [x, b.input("u", [4]), b.input("k", [1])])
    try b.output("y", b.linear("head", values[0], features: 3))
    let copy = try b.finishModule().withWeights("second")
    try verify(copy)
    #expect(copy.functions.map(\.name) == ["outer@second", "step@second"])
    let outer = copy.functions[0]
    #expect(outer.order.compactMap { outer[$0].op.callee } == ["step@second"])
    #expect(
      outer.weights.compactMap { outer.weight($0)?.name } == ["second/head.weight", "second/head.bias"])
    #expect(outer.findWeight("second/head.bias") == outer.weights[1] && outer.findWeight("head.bias") == nil)
  }

  @Test func randomWeightsOfOneNameAreTheSame() throws {
    var module = try parseModule(
      """
      graph @f(%x: f32[2, 4]) -> (%y) {
        weight @w: f32[4, 4]
        %y = matmul %x, @w
      }
      graph @g(%x: f32[4, 4]) -> (%y) {
        weight @w: f32[4, 4]
        %y = mul %x, @w
      }
      """, file: "t")
    module.bindRandomWeights(seed: 1)
    try verify(module)
    var alone = try parseModule(text, file: "t").functions[0]
    alone.bindRandomWeights(seed: 1)
    let tensors = try (module.functions + [alone]).map { try #require($0.constant($0.weights[0])) }
    #expect(tensors[0].isIdentical(to: tensors[1]) && tensors[0].isIdentical(to: tensors[2]))
  }
}
