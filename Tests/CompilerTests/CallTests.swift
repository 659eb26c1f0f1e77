import Bundle
import IR
import Ingot
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// What functions of one module share, and how large they may become.
@Suite struct CallTests {
  // MARK: Weights

  /// y = x · Wᵀ + b, under the names `fc.weight` and `fc.bias`.
  private func layer() throws -> Module {
    var b = GraphBuilder("layer")
    let x = try b.input("x", [2, 4])
    try b.output("y", b.linear("fc", x, features: 4))
    return try b.finishModule()
  }

  private func weightNames(_ compiled: CompiledBundle) throws -> [String] {
    try BundleContents(
      Storage(byteCount: compiled.bytes.count) { $0.copyBytes(from: compiled.bytes) }, path: "b"
    )
    .weights.map(\.name)
  }

  @Test func oneFunctionRunsOnTwoSetsOfWeights() throws {
    let layer = try layer()
    let (first, second) = (layer.withWeights("first"), layer.withWeights("second"))
    var b = GraphBuilder("main")
    var x = try b.input("x", [2, 4])
    for set in [first, second, first] { x = try b.call(set, [x])[0] }
    try b.output("y", x)
    var module = try b.finishModule()
    #expect(module.functions.map(\.name) == ["main", "layer@first", "layer@second"])
    module.bindRandomWeights(seed: 3)
    try verify(module)
    try checkNumbers(module, seed: 2)

    let compiled = try compile(module, CompileOptions(target: cpu))
    #expect(
      try weightNames(compiled).sorted()
        == ["first/fc.bias", "first/fc.weight", "second/fc.bias", "second/fc.weight"])
    #expect(compiled.weightBytes == 2 * (16 + 4) * 4)
    #expect(compiled.manifest.functions.map(\.parameters) == [40, 20, 20])
    #expect(compiled.manifest.functions.map(\.macs) == [96, 32, 32])
  }

  @Test func functionsThatShareWeightsStoreThemOnce() throws {
    let module = try parseModule(
      """
      graph @main(%x: f32[2, 4]) -> (%c, %s) {
        weight @w: f32[4, 4]
        %a = call %x {function = @f} : f32[2, 4]
        %b = loop %a {function = @f, count = 3, carried = 1} : f32[2, 4]
        %c = matmul %b, @w
        %s = call %c {function = @g} : f32[2, 4]
      }
      graph @f(%x: f32[2, 4]) -> (%y) {
        weight @w: f32[4, 4]
        %m = matmul %x, @w
        %y = tanh %m
      }
      graph @g(%x: f32[2, 4]) -> (%y) {
        weight @w: f32[4, 4]
        weight @v: f32[4, 4]
        %m = matmul %x, @w
        %y = matmul %m, @v
      }
      """, file: "t")
    var bound = module
    bound.bindRandomWeights(seed: 3)
    bound.rewriteFunctions { graph in
      // The same numbers, but not the same memory.
      for value in graph.weights {
        guard let tensor = graph.constant(value) else { continue }
        graph.bind(value, to: Tensor(tensor.floats, shape: tensor.shape))
      }
    }
    try checkNumbers(bound, seed: 2)
    for precision in [Precision.fp32, .fp16] {
      let compiled = try compile(bound, CompileOptions(target: cpu, precision: precision))
      #expect(try weightNames(compiled).sorted() == ["v", "w"])
    }
  }

  /// A pass folds a scale into the weight of one function and not of the other: two weights then, which have
  /// names of their own.
  @Test func weightsThatPassesChangeComeApart() throws {
    var module = try parseModule(
      """
      graph @main(%x: f32[2, 4]) -> (%z) {
        %a = call %x {function = @f} : f32[2, 4]
        %z = call %a {function = @g} : f32[2, 4]
      }
      graph @f(%x: f32[2, 4]) -> (%y) {
        weight @w: f32[4, 4]
        %m = matmul %x, @w
        %y = affine %m {scale = 0.5}
      }
      graph @g(%x: f32[2, 4]) -> (%y) {
        weight @w: f32[4, 4]
        %m = matmul %x, @w
        %y = affine %m {scale = -0.25}
      }
      """, file: "t")
    module.bindRandomWeights(seed: 3)
    try checkNumbers(module, seed: 2)
    let compiled = try compile(module, CompileOptions(target: cpu, verifies: true))
    #expect(try weightNames(compiled) == ["w.folded", "g/w.folded"])
  }

  /// What is handed to a function stays as the function takes it.
  @Test func halfWeightsAreRunAsTheirDefinitionSays() throws {
    var module = try parseModule(
      """
      graph @main(%s: f32[3, 4, 16]) -> (%z, %all) {
        weight @start: f32[4, 16]
        %z, %all = loop @start, %s {function = @f, count = 3, carried = 1, stepped = 1}
          : f32[4, 16], f32[3, 4, 16]
      }
      graph @f(%x: f32[4, 16], %u: f32[4, 16]) -> (%y, %m) {
        weight @w: f32[16, 16]
        %m = matmul %x, @w
        %t = add %m, %u
        %y = tanh %t
      }
      """, file: "t")
    module.bindRandomWeights(seed: 3)
    let compiled = try compile(module, CompileOptions(target: cpu, precision: .fp16, verifies: true))
    #expect(compiled.weightBytes == 16 * 16 * 2 + 4 * 16 * 4)
    let inputs = randomInputs(module.functions[0], seed: 1)
    let session = try Session(try Model(bytes: compiled.bytes))
    for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
    try session.run()
    for (index, reference) in try evaluate(compiled.module, inputs).enumerated() {
      #expect(TensorDifference(try session.outputTensor(index), reference: reference).relative < 1e-5)
    }
  }

  // MARK: Functions

  @Test func everyFunctionOfTheModuleCanBeRun() throws {
    let module = try randomModule(seed: 8)
    let compiled = try compile(module, CompileOptions(target: cpu, verifies: true))
    let model = try Model(bytes: compiled.bytes)
    #expect(model.functions == module.functions.map(\.name) && model.functions.count > 2)
    for (index, graph) in module.functions.enumerated() {
      let inputs = randomInputs(graph, seed: 4)
      let session = try Session(model, function: index)
      for (input, tensor) in inputs.enumerated() { try session.setInput(input, to: tensor) }
      try session.run()
      for (output, reference) in try evaluate(module, function: index, inputs).enumerated() {
        #expect(TensorDifference(try session.outputTensor(output), reference: reference).maximum < 1e-5)
      }
      let memory = ProgramMemory(compiled.programs[index])
      #expect(memory.lowerBound == compiled.manifest.functions[index].arenaLowerBoundBytes)
    }
  }

  @Test func aFunctionIsLoweredWithThoseThatItRuns() throws {
    let module = try parseModule(
      """
      graph @main(%x: f32[4]) -> (%y) {
        %y = call %x {function = @f} : f32[4]
      }
      graph @f(%x: f32[4]) -> (%y) {
        weight @w: f32[4]
        %y = mul %x, @w
      }
      """, file: "t")
    let main = module.functions[0]
    #expect {
      try lowerAlone(main)
    } throws: { error in
      "\(error)".contains("t:2:8: call: runs function 'f', which is not among the functions given")
    }
    #expect {
      try lowerAlone(main, functions: module.functions)
    } throws: { error in
      "\(error)".contains("weight 'w' of function 'f' has no contents")
    }
    #expect {
      try compile(module, CompileOptions(target: cpu))
    } throws: { error in
      "\(error)".contains("1 parameters have no contents: w")
    }
  }

  // MARK: Limits

  /// f0 runs f1 by a node, f1 runs f2, and so on; the last computes.
  private func chain(_ length: Int, _ node: (_ callee: String) -> String) throws -> Module {
    var text = ""
    for index in 0..<length {
      let isLast = index == length - 1
      text +=
        "graph @f\(index)(%x: f32[4]) -> (%y) {\n\(isLast ? "  %y = tanh %x" : node("@f\(index + 1)"))\n}\n"
    }
    return try parseModule(text, file: "t")
  }

  @Test func loopsNestAsDeepAsTheInterpreterAllows() throws {
    func nest(_ loops: Int) throws -> Module {
      try chain(loops + 1) { "  %y = loop %x {function = \($0), count = 2, carried = 1} : f32[4]" }
    }
    try checkNumbers(try nest(8), seed: 1)
    #expect {
      try compile(nest(9), CompileOptions(target: cpu))
    } throws: { error in
      "\(error)".contains("loops of function 'f0' lie more than 8 deep in each other")
    }
  }

  @Test func runsAreAsLongAsTheInterpreterAllows() throws {
    #expect {
      try compile(
        chain(3) { "  %y = loop %x {function = \($0), count = 60000, carried = 1} : f32[4]" },
        CompileOptions(target: cpu))
    } throws: { error in
      "\(error)".contains("a run of function 'f0' makes 7200120001 kernel calls, expected at most 67108864")
    }
  }

  @Test func functionsDoNotGrowWithoutBound() throws {
    let eight = (0..<8).map { "  %\($0 == 7 ? "y" : "v\($0)") = call \($0 == 0 ? "%x" : "%v\($0 - 1)")" }
    #expect {
      try compile(
        chain(16) { callee in eight.map { "\($0) {function = \(callee)} : f32[4]" }.joined(separator: "\n") },
        CompileOptions(target: cpu))
    } throws: { error in
      "\(error)".contains(
        "function 'f0' has more than 1048576 nodes with those of all functions that it runs")
    }
  }
}
