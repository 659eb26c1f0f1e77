import IR
import Tensors
import Testing

struct BindingTests {
  /// Two layers of three parameters; `scale` is [2].
  private func graph() throws(Diagnostic) -> Graph {
    var b = GraphBuilder("tiny")
    let x = try b.input("x", [1, 2])
    let y = try b.scope("first") { b throws(Diagnostic) in try b.linear("layer", x, features: 2) }
    try b.output("y", b.multiply(y, b.parameter("second.scale", [2])))
    return try b.finish()
  }

  private let complete: [(name: String, tensor: Tensor)] = [
    ("first.layer.weight", Tensor([1.0, 2, 3, 4], shape: [2, 2])),
    ("first.layer.bias", Tensor([5.0, 6], shape: [2])),
    ("second.scale", Tensor([7.0, 8], shape: [2])),
  ]

  private func contents(_ graph: Graph) -> [[Float]] {
    graph.weights.compactMap { graph.constant($0)?.floats }
  }

  @Test func bindsByName() throws {
    var graph = try graph()
    let binding = try graph.bind(complete.reversed(), file: "a.safetensors")
    #expect(binding == Binding(naming: "the graph", prefix: "", ignored: []))
    #expect(contents(graph) == [[1, 2, 3, 4], [5, 6], [7, 8]])
  }

  @Test func findsAPrefixAndLeavesTheRest() throws {
    var graph = try graph()
    var entries = complete.map { (name: "model." + $0.name, tensor: $0.tensor) }
    entries.append(("optimizer.step", Tensor(scalar: 1)))
    let binding = try graph.bind(entries, file: "a.pth")
    #expect(binding == Binding(naming: "the graph", prefix: "model.", ignored: ["optimizer.step"]))
  }

  @Test func takesTheNamingThatFits() throws {
    var graph = try graph()
    let numbered = Naming("numbers") { name in
      name.hasPrefix("first.layer.") ? "0." + name.dropFirst(12) : "1"
    } adapt: { _, entry, shape in
      entry.ignoringUnitExtents(shape)
    }
    let entries: [(name: String, tensor: Tensor)] = [
      ("0.weight", complete[0].tensor), ("0.bias", complete[1].tensor),
      ("1", complete[2].tensor.reshaped([2, 1, 1])),
      ("0.count", Tensor(scalar: 0)),
    ]
    let binding = try graph.bind(
      entries, namings: [Naming("words"), numbered], ignoring: ["count"], file: "a.pth")
    #expect(binding == Binding(naming: "numbers", prefix: "", ignored: ["0.count"]))
    #expect(contents(graph) == [[1, 2, 3, 4], [5, 6], [7, 8]])
  }

  @Test func convertsFloatTypes() throws {
    var graph = try graph()
    try graph.bind(complete.map { ($0.name, $0.tensor.converted(to: .f16)) }, file: "half.safetensors")
    #expect(graph.weights.allSatisfy { graph.type(of: $0).element == .f32 })
    #expect(contents(graph) == [[1, 2, 3, 4], [5, 6], [7, 8]])
  }

  @Test func listsEverythingAtOnce() throws {
    var graph = try graph()
    let entries: [(name: String, tensor: Tensor)] = [
      ("first.layer.weight", Tensor(zeros: .f32, [2, 3])), ("second.scale", Tensor(zeros: .i64, [2])),
      ("third.z", Tensor(zeros: .f32, [1])), ("third.a\n", Tensor(zeros: .f16, [4, 4])),
    ]
    let error = #expect(throws: Diagnostic.self) { try graph.bind(entries, file: "other.pth") }
    #expect(
      error?.description == """
        other.pth: the checkpoint does not fit graph 'tiny': by the naming of the graph, 2 names match, 1 missing, 2 unexpected, \
        2 of another type; check that the checkpoint is of this very variant
          missing: 'first.layer.bias', f32[2]
          unexpected: 'third.a?', f16[4, 4]
          unexpected: 'third.z', f32[1]
          of another type: 'first.layer.weight' is f32[2, 3], expected f32[2, 2]
          of another type: 'second.scale' is i64[2], expected f32[2]
        """)
    #expect(contents(graph).isEmpty)
  }

  @Test func longListsAreCut() throws {
    var graph = try graph()
    let extra = (0..<60).map { (name: "extra.\($0)", tensor: Tensor(scalar: 0)) }
    let error = #expect(throws: Diagnostic.self) { try graph.bind(complete + extra, file: "a.pth") }
    #expect(error?.notes.count == 51)
    #expect(error?.notes.last == "unexpected: and 10 more")
  }

  @Test func anotherNetworksCheckpointIsNamedAsSuch() throws {
    var graph = try graph()
    let error = #expect(throws: Diagnostic.self) { try graph.bind([("a", Tensor(scalar: 0))], file: "a.pth") }
    #expect(error?.advice == "it belongs to another network, or its names follow another source")
  }

  /// What the first file lacks comes from others, whatever prefix these have; none may bring more.
  @Test func severalFilesFillOneGraph() throws {
    var module = Module([try graph()])
    let adapter = [(name: "adapter.second.scale", tensor: complete[2].tensor)]
    let files = [
      ParameterFile(path: "adapter.pth", entries: adapter),
      ParameterFile(path: "base.pth", entries: Array(complete[..<2])),
    ]
    let bindings = try module.bind(files, namings: [Naming("the graph")])
    #expect(bindings.map(\.prefix) == ["adapter.", ""])
    #expect(contents(module.functions[0]) == [[1, 2, 3, 4], [5, 6], [7, 8]])

    var other = Module([try graph()])
    let twice = #expect(throws: Diagnostic.self) {
      try other.bind(
        [ParameterFile(path: "base.pth", entries: complete), files[0]], namings: [Naming("the graph")])
    }
    #expect(twice?.message == "the checkpoint fills no function of the graph")
    let more = #expect(throws: Diagnostic.self) {
      try other.bind(
        [files[1], ParameterFile(path: "more.pth", entries: Array(complete[1...]))],
        namings: [Naming("the graph")])
    }
    #expect(more?.notes == ["unexpected: 'first.layer.bias', f32[2]"])
    let fewer = #expect(throws: Diagnostic.self) {
      try other.bind([files[1]], namings: [Naming("the graph")])
    }
    #expect(fewer?.notes == ["missing: 'second.scale', f32[2]"])
    #expect(contents(other.functions[0]).isEmpty)
  }
}
