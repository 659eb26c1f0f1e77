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
          unexpected: 'third.a\\n', f16[4, 4]
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
    #expect(error?.notes.count == 6)
    #expect(error?.notes.last == "unexpected: and 55 more")
    #expect(
      error?.advice
        == "check that the checkpoint is of this very variant; --ignore 'PATTERN' leaves tensors out")
  }

  private let withTeacher: [(name: String, tensor: Tensor)] = [
    ("net.teacher.w", Tensor(scalar: 1)), ("net.teacher.b", Tensor(scalar: 2)),
    ("net.centre", Tensor(scalar: 3)),
  ]

  /// Patterns name entries in full or behind the prefix.
  @Test(arguments: [
    ["net.teacher.*", "net.centre"], ["teacher.?", "*centre"], ["*.teacher.[wb]", "cent[!x]e"],
  ])
  func whatPatternsNameIsLeftOut(_ patterns: [String]) throws {
    var module = Module([try graph()])
    let entries = complete.map { (name: "net." + $0.name, tensor: $0.tensor) } + withTeacher
    let binding = try module.bind(
      [ParameterFile(path: "a.pth", entries: entries)], namings: [Naming("the graph")],
      patterns: patterns.map { GlobPattern($0) })[0]
    #expect(binding.ignoredByUser == ["net.teacher.w", "net.teacher.b", "net.centre"])
    #expect(
      binding.notes(file: "a.pth") == [
        "a.pth: ignored 3 of its tensors: 'net.teacher.w', 'net.teacher.b', 'net.centre'"
      ])
    #expect(contents(module.functions[0]) == [[1, 2, 3, 4], [5, 6], [7, 8]])
  }

  /// A pattern that leaves nothing out is a slip of the pen.
  @Test func patternsMustMatch() throws {
    func refusal(_ pattern: String) throws -> String? {
      var module = Module([try graph()])
      return #expect(throws: Diagnostic.self) {
        try module.bind(
          [ParameterFile(path: "a.pth", entries: complete)], namings: [Naming("the graph")],
          patterns: [GlobPattern(pattern)])
      }?.message
    }
    #expect(try refusal("teacher.*") == "a.pth: no tensor to ignore matches 'teacher.*'")
    #expect(
      try refusal("*.bias")
        == "a.pth: no tensor to ignore matches '*.bias', only such as the graph needs: 'first.layer.bias'")
  }

  /// Two sets of weights fit as well: the first in the file is taken, and it is said.
  @Test func otherPrefixesAreSaid() throws {
    var module = Module([try graph()])
    let entries = ["model.", "model_ema."].flatMap { prefix in
      complete.map { (name: prefix + $0.name, tensor: $0.tensor) }
    }
    let binding = try module.bind(
      [ParameterFile(path: "a.safetensors", entries: entries)], namings: [Naming("the graph")])[0]
    #expect(binding.prefix == "model." && binding.otherPrefixes == ["model_ema."])
    #expect(
      binding.notes(file: "a.safetensors") == [
        "a.safetensors: took the parameters under 'model', which are also under 'model_ema'; --state NAME chooses"
      ])
  }

  /// A layer that is a graph by itself may be saved without its place in a network, or with another one.
  @Test(arguments: ["", "0.", "blocks.7.", "net.blocks.0."]) func bareLayersAreFound(_ place: String) throws {
    var b = GraphBuilder("bare")
    let x = try b.input("x", [1, 2])
    let y = try b.scope("blocks", 0) { b throws(Diagnostic) in
      try b.linear("b", b.linear("a", x, features: 2), features: 2)
    }
    try b.output("y", y)
    var graph = try b.finish()
    let names = ["a.weight", "a.bias", "b.weight", "b.bias"]
    let entries = names.map { name in
      (name: place + name, tensor: Tensor(zeros: .f32, name.hasSuffix("bias") ? [2] : [2, 2]))
    }
    try graph.bind(entries, file: "layer.pth")
    #expect(contents(graph).count == 4)
    let more = #expect(throws: Diagnostic.self) {
      var other = try b.finish()
      try other.bind(entries + [(name: place + "c", tensor: Tensor(scalar: 0))], file: "layer.pth")
    }
    #expect(more?.notes == ["unexpected: '\(place)c', f32[]"])
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

  /// A function that names the scale of the other one, and two parameters of its own.
  private func module() throws(Diagnostic) -> Module {
    var b = GraphBuilder("other")
    let x = try b.scope("third") { b throws(Diagnostic) in
      try b.linear("layer", b.input("x", [1, 2]), features: 2)
    }
    try b.output("y", b.multiply(x, b.parameter("second.scale", [2])))
    return Module([try graph(), try b.finish()])
  }

  private let third: [(name: String, tensor: Tensor)] = [
    ("third.layer.weight", Tensor([1.0, 0, 0, 1], shape: [2, 2])),
    ("third.layer.bias", Tensor([0.5, 0.5], shape: [2])),
  ]

  /// What several functions name is filled once: by the file of any of them, or by all if they agree.
  @Test(arguments: [0, 1, 2]) func whatFunctionsShareIsFilledOnce(_ copies: Int) throws {
    var module = try module()
    let scale = (name: "second.scale", tensor: Tensor([7.0, 8], shape: [2]))
    let files = [
      ParameterFile(path: "first.pth", entries: Array(complete[..<(copies == 0 ? 2 : 3)])),
      ParameterFile(path: "third.pth", entries: third + (copies == 1 ? [] : [scale])),
    ]
    let bindings = try module.bind(files, namings: [Naming("the graph")])
    #expect(bindings.map(\.ignored) == [[], []])
    #expect(module.weights.count == 5 && module.weights["second.scale"]?.tensor?.floats == [7, 8])
    #expect(contents(module.functions[1]) == [[1, 0, 0, 1], [0.5, 0.5], [7, 8]])
  }

  @Test func filesThatDisagreeOnASharedWeightAreRefused() throws {
    var module = try module()
    let scale = (name: "net.second.scale", tensor: Tensor([7.0, 9], shape: [2]))
    let files = [
      ParameterFile(path: "first.pth", entries: complete),
      ParameterFile(path: "third.pth", entries: third.map { ("net.\($0.name)", $0.tensor) } + [scale]),
    ]
    let error = #expect(throws: Diagnostic.self) {
      try module.bind(files, namings: [Naming("the graph")])
    }
    #expect(
      error?.message
        == "weight 'second.scale', which several functions name, is 'second.scale' of first.pth and 'net.second.scale' of third.pth, whose contents differ"
    )
    #expect(contents(module.functions[0]).isEmpty)
  }
}
