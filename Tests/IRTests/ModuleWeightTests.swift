import IR
import Tensors
import TestSupport
import Testing

/// Weights of modules: what ties functions to one, what keeps two apart, and what fills and drops them.
@Suite struct ModuleWeightTests {
  private static let values: Tensor = Tensor([1, 2] as [Float], shape: [2])

  /// A function that adds weights of two elements to its input, one after the other.
  private func function(_ name: String, _ weights: [(name: String, tensor: Tensor?)]) throws -> Graph {
    var graph = Graph(name: name)
    var value = graph.addInput("x", TensorType(.f32, [2]))
    for (name, tensor) in weights {
      let weight =
        try tensor.map { graph.addWeight(name, $0) } ?? graph.declareWeight(name, TensorType(.f32, [2]))
      value = try graph.add(.binary(Binary(.add)), [value, weight])[0]
    }
    graph.addOutput("y", value)
    return graph
  }

  private func names(_ module: Module) -> [[String]] {
    module.functions.map { graph in graph.weights.compactMap { graph.weight($0)?.name } }
  }

  private func outputs(_ module: Module) throws -> [[Float]] {
    try module.functions.indices.map {
      try evaluate(module, function: $0, [Tensor(zeros: .f32, [2])])[0].floats
    }
  }

  // MARK: Tying and separating

  @Test func equalContentsOfOneNameAreOneWeight() throws {
    let module = Module([
      try function("f", [("w", Self.values)]),
      try function("g", [("w", Tensor([1, 2] as [Float], shape: [2]))]),
    ])
    #expect(names(module) == [["w"], ["w"]] && module.weights.count == 1)
    let storages = module.functions.map { $0.constant($0.weights[0])?.storage }
    #expect(storages[0] === storages[1])
    try verify(module)
  }

  @Test func otherContentsOfOneNameAreWeightsOfTheirOwn() throws {
    let other = Tensor([3, 4] as [Float], shape: [2])
    let module = Module([
      try function("f", [("w", Self.values)]), try function("g", [("w", other), ("h/w", Self.values)]),
      try function("h", [("w", Tensor([5, 6] as [Float], shape: [2]))]),
      try function("i", [("w", Self.values)]),
    ])
    #expect(names(module) == [["w"], ["g/w", "h/w"], ["h/h/w"], ["w"]])
    #expect(module.weightNames == ["w", "g/w", "h/w", "h/h/w"])
    #expect(try outputs(module) == [[1, 2], [4, 6], [5, 6], [1, 2]])
    try verify(module)
  }

  @Test func declaredWeightsAreTheOnesOfTheirName() throws {
    let module = Module([try function("f", [("w", nil)]), try function("g", [("w", Self.values)])])
    #expect(try outputs(module) == [[1, 2], [1, 2]])
    try verify(module)
  }

  /// Each function is changed with the weights as they were; only what differs then comes apart.
  @Test func functionsAreRewrittenAlone() throws {
    let tied = ["f", "g", "h"]
    var module = Module(try tied.map { try function($0, [("w", Self.values), ("v", Self.values)]) })
    try module.rewriteFunctions { (graph: inout Graph) throws(Diagnostic) in
      let weight = graph.weights[0]
      let numbers = graph.constant(weight)?.floats ?? []
      let factor: Float = graph.name == "g" ? 3 : 2
      graph.bind(weight, to: Tensor(numbers.map { $0 * factor }, shape: [2]))
    }
    #expect(names(module) == [["w", "v"], ["g/w", "v"], ["w", "v"]])
    #expect(try outputs(module) == [[3, 6], [4, 8], [3, 6]])
    try verify(module)
  }

  /// A name that another function has is not free.
  @Test func addedWeightsTakeNamesOfTheModule() throws {
    var module = Module([try function("f", [("w", Self.values)]), try function("g", [])])
    try module.rewriteFunctions { (graph: inout Graph) throws(Diagnostic) in
      guard graph.name == "g" else { return }
      let same = graph.addWeight("w", Self.values)
      let other = graph.addWeight("w", Tensor([3, 4] as [Float], shape: [2]))
      graph.addOutput("sum", try graph.add(.binary(Binary(.add)), [same, other])[0])
    }
    #expect(names(module) == [["w"], ["w", "w.2"]])
    try verify(module)
  }

  @Test func whatNoFunctionNamesIsDropped() throws {
    var module = Module([try function("f", [("w", Self.values)]), try function("g", [("w", Self.values)])])
    func removeWeights(of name: String) throws {
      try module.rewriteFunctions { (graph: inout Graph) throws(Diagnostic) in
        guard graph.name == name, let node = graph.order.first else { return }
        graph.replaceUses(of: graph[node].results[0], with: graph.inputs[0].value)
        graph.remove(node)
        graph.removeWeight(graph.weights[0])
      }
    }
    try removeWeights(of: "f")
    #expect(names(module) == [[], ["w"]] && module.weights["w"] != nil)
    #expect(try outputs(module) == [[0, 0], [1, 2]])
    try removeWeights(of: "g")
    #expect(module.weights.isEmpty && module.weightNames.isEmpty)
  }

  // MARK: Contents

  @Test func oneBindingIsEveryFunctions() throws {
    var module = Module([
      try function("f", [("w", nil)]), try function("g", [("v", Self.values), ("w", nil)]),
    ])
    module.bind("w", to: Self.values.converted(to: .f16))
    module.bind("unknown", to: Self.values)
    #expect(module.weights["w"]?.tensor?.element == .f32 && module.weights.count == 2)
    #expect(try outputs(module) == [[1, 2], [2, 4]])
    try verify(module)
  }

  /// The first function that names a weight tells what role it has.
  @Test func randomWeightsFollowTheFirstRole() throws {
    let text = """
      graph @f(%x: f32[2, 4]) -> (%y) {
        weight @w: f32[4]
        weight @k: f32[4] = [1, 2, 3, 4]
        %a = add %x, @k
        %y = rms_norm %a, @w
      }
      graph @g(%x: f32[2, 4]) -> (%y) {
        weight @w: f32[4]
        weight @v: f32[4]
        %a = add %x, @w
        %y = add %a, @v
      }
      """
    let declared = try parseModule(text, file: "t")
    var module = declared
    module.bindRandomWeights(seed: 1)
    try verify(module)
    func floats(_ name: String) -> [Float] { module.weights[name]?.tensor?.floats ?? [] }
    #expect(floats("k") == [1, 2, 3, 4])
    #expect(floats("w").count == 4 && floats("w").allSatisfy { (0.75...1.25).contains($0) })
    #expect(floats("v").count == 4 && floats("v").allSatisfy { (-0.2...0.2).contains($0) })
    #expect(randomWeights(declared, seed: 1).map(\.name) == ["w", "v"])
  }

  // MARK: Text

  /// The contents need to stand in one function only.
  @Test func functionsOfTextNameWeightsOfOthers() throws {
    let text = """
      graph @f(%x: f32[2]) -> (%y) {
        weight @w: f32[2]
        %y = add %x, @w
      }
      graph @g(%x: f32[2]) -> (%y) {
        weight @w: f32[2] = [1, 2]
        %y = add %x, @w
      }
      graph @h(%x: f32[2]) -> (%y) {
        weight @w: f32[2]
        %y = add %x, @w
      }
      """
    let module = try parseModule(text, file: "t")
    #expect(try outputs(module) == [[1, 2], [1, 2], [1, 2]])
    let again = try parseModule(module.text, file: "printed")
    #expect(again.text == module.text)
  }
}
