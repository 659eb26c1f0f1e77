import IR
import Tensors
import TestSupport
import Testing

/// Prints, reads and compares; returns the text.
@discardableResult
private func expectRoundTrip(_ graph: Graph) throws -> String {
  try verify(graph)
  let text = graph.text
  let read = try parseGraph(text, file: "printed") { name in
    graph.findWeight(name).flatMap { graph.constant($0) }
  }
  #expect(read.text == text)
  #expect(GraphStructure(read) == GraphStructure(graph))
  try verify(read)
  return text
}

@Test func valuesKeepApartWhateverTheirNames() throws {
  var graph = Graph(name: "names")
  let long = String(repeating: "long", count: 100)
  var value = graph.addInput("x", TensorType(.f32, [2]))
  for name in [
    "x", "x", "x.1", "", "/a/b:0", "a_b", "123", "größe", "--", "->", "%@", long, long, "\u{0}\n\"\\", "_123",
  ] {
    value = try graph.add(.unary(Unary(.relu)), [value], name: name)[0]
  }
  graph.addOutput("日本\u{7f}", value)
  graph.rename(graph.inputs[0].value, to: "1")
  let text = try expectRoundTrip(graph)
  #expect(text.contains("%x.1 = relu"))
  #expect(text.contains("name \"/a/b:0\""))
}

@Test func weightsOfEveryTypeKeepTheirBytes() throws {
  for element in ElementType.allCases {
    for count in [0, 1, Limits.inlineElements, Limits.inlineElements + 1] {
      var graph = Graph(name: "weights")
      var bits: UInt64 = 0x9e37_79b9_7f4a_7c15
      let tensor = Tensor(element: element, shape: [1, count]) { bytes in
        for index in bytes.indices {
          bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let isExponent = element.isFloat && index % element.byteCount == element.byteCount - 1
          // The top bit of the exponent stays clear, which leaves out NaN: its payload is not kept.
          bytes[index] =
            element == .bool
            ? UInt8(bits >> 63) : UInt8(truncatingIfNeeded: bits >> 56) & (isExponent ? 0xbf : 0xff)
        }
      }
      graph.addOutput("w", graph.addWeight("onnx::Conv_1", tensor))
      try expectRoundTrip(graph)
    }
  }
}

@Test func specialFloatsAreKept() throws {
  var graph = Graph(name: "floats")
  let values: [Float] = [
    0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1, 1e-7, .nan,
  ]
  graph.addOutput("w", graph.addWeight("w", Tensor(values, shape: [values.count])))
  let text = try expectRoundTrip(graph)
  #expect(text.contains("[0.0, -0.0, inf, -inf, 1e-45, 3.4028235e+38, 0.1, 1e-07, nan]"))
}

@Test func sizesOfOutputsAreKept() throws {
  var graph = Graph(name: "sized")
  let x = graph.addInput("x", TensorType(.f32, [4, 5, 6]))
  let count = try graph.add(
    .nonZero(NonZero()), [graph.addInput("m", TensorType(.bool, [5]))], name: "found")[1]
  let sizes = [OutputSize(axis: 1, output: "größe"), OutputSize(axis: 2, output: "x \"1\"")]
  graph.addOutput("x", x, sizes: sizes)
  graph.addOutput("y", x, sizes: [sizes[0]])
  graph.addOutput("größe", count)
  graph.addOutput("x \"1\"", count)
  let text = try expectRoundTrip(graph)
  #expect(text.contains("%x sized {1 = \"größe\", 2 = \"x \\\"1\\\"\"}"))
  #expect(text.contains("%x as \"y\" sized {1 = \"größe\"}"))
}

@Test func modulesKeepFunctionsAndMetadata() throws {
  var first = Graph(name: "text encoder")
  first.addOutput("x", first.addInput("x", TensorType(.i64, [1, 77])))
  var second = Graph(name: "decoder")
  second.addOutput("y", second.addInput("y", TensorType(.f16, [])))
  let long = String(repeating: "{\"key\": 1}\n", count: 1000)
  let module = Module(
    [first, second], metadata: [("source", "a\\b\n\"c\"\u{1b}é"), ("source", ""), ("", long)])
  let read = try parseModule(module.text, file: "printed")
  #expect(read.text == module.text)
  #expect(read.metadata.map(\.key) == ["source", "source", ""])
  #expect(read.metadata.map(\.value) == ["a\\b\n\"c\"\u{1b}é", "", long])
  #expect(read.functions.map(\.name) == ["text encoder", "decoder"])
}

@Test func randomModulesAreKept() throws {
  for seed in 0..<UInt64(100) {
    let module = try randomModule(seed: seed)
    try verify(module)
    let contents = Dictionary(
      module.functions.flatMap { graph in graph.weights.compactMap { graph.weight($0) } }.map {
        ($0.name, $0.tensor)
      },
      uniquingKeysWith: { first, _ in first })
    let read = try parseModule(module.text, file: "printed") { contents[$0] ?? nil }
    #expect(read.text == module.text, "seed \(seed)")
    #expect(
      read.functions.map { GraphStructure($0) } == module.functions.map { GraphStructure($0) }, "seed \(seed)"
    )
  }
}

@Test func digestsAreCheckedAgainstTheContents() throws {
  var graph = Graph(name: "main")
  let tensor = Tensor((0..<20).map { Float($0) }, shape: [20])
  graph.addOutput("w", graph.addWeight("w", tensor))
  let text = graph.text
  #expect(try parseGraph(text, file: "t").constant(ValueID(0)) == nil)
  #expect(throws: Diagnostic.self) { try parseGraph(text, file: "t") { _ in Tensor(zeros: .f32, [20]) } }
  #expect(throws: Diagnostic.self) { try parseGraph(text, file: "t") { _ in tensor.reshaped([4, 5]) } }
  #expect(throws: Diagnostic.self) { try parseGraph(text, file: "t") { _ in tensor.converted(to: .i32) } }
}

@Test func everyOpCaseIsKept() throws {
  for opCase in opCases {
    try expectRoundTrip(opCase.graph())
    try expectRoundTrip(opCase.graph(weights: true))
  }
}

/// Another value of the same kind for each attribute of the op, where there is one.
private func changed<Definition: OpDefinition>(_ op: Definition, _ round: Int) -> Definition {
  let words = [
    "true", "false", "f16", "i64", "average", "average_padded", "min", "log_sum_exp", "l2", "reflect", "wrap",
    "linear",
    "cubic", "align_corners", "asymmetric", "ceil", "floor", "gru", "reverse", "border", "max",
    "output_half_pixel", "half_even", "two_roundings", "rms", "group",
  ]
  let floats: [Double] = [0.1 + 0.2, -0.0, 1e300, -.infinity, .leastNonzeroMagnitude, 123_456_789, -7]
  var result = op
  for (index, attribute) in op.attributes.enumerated() {
    let float = floats[(index + round) % floats.count]
    let calls = [
      Call("add.f32", [0, 1]), Call("clip.f32", [2, -1.5, float]), Call("select.f32", [0, 3, 2]),
      Call("relu.f32", [1]),
    ]
    let candidates: [AttributeValue]
    switch attribute.get(op) {
    case .int: candidates = [.int(round * 1000 - 7)]
    case .float: candidates = [.float(float), .float(0.25)]
    case .ints: candidates = [.ints([round, -3, Limits.extent, -Limits.extent])]
    case .floats: candidates = [.floats([float, 1, -2.5])]
    case .word: candidates = (0..<words.count).map { .word(words[($0 + round * 5) % words.count]) }
    case .calls: candidates = [.calls(calls)]
    case .function: candidates = [.function(["main", "a b", "größe/@1"][round % 3])]
    case .call, nil: candidates = [round % 2 == 0 ? .call(Call("clip", [0, float])) : .word("relu")]
    }
    for candidate in candidates
    where attribute.set(&result, candidate) && attribute.get(result) != attribute.get(op) { break }
  }
  return result
}

@Test func everyOpKeepsEveryAttribute() throws {
  for (name, op) in Op.prototypes.sorted(by: { $0.key < $1.key }) {
    #expect(try parseOp(op.text, file: "op") == op, "\(name)")
    for round in 0..<4 {
      let changed = changed(op.definition, round)
      let attributes = writtenAttributes(changed)
      let made = try Op.make(name, attributes)
      #expect(made.writtenAttributes.count == op.definition.attributeCount, "\(made.text)")
      let read = try parseOp(made.text, file: "op")
      #expect(read == made, "\(made.text)")
      #expect(read.text == made.text)
    }
  }
}

private func writtenAttributes<Definition: OpDefinition>(_ op: Definition) -> [(
  name: String, value: AttributeValue
)] {
  op.attributes.compactMap { attribute in attribute.get(op).map { (attribute.name, $0) } }
}

extension OpDefinition {
  fileprivate var attributeCount: Int { attributes.count }
}
