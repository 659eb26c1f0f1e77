import Importers
import Tensors
import Testing

private func read(_ bytes: [UInt8]) throws -> ONNXModel {
  try ONNXModel.read(bytes: Storage(bytes), path: "model.onnx")
}

private func read(initializers: Message...) throws -> [Tensor] {
  try read(ONNXBytes.model(ONNXBytes.graph(initializers: initializers))).graph.initializers.map(\.tensor)
}

@Suite struct ONNXReaderTests {
  @Test func modelsGraphsAndNodes() throws {
    let node = ONNXBytes.node("Gemm", ["x", "", "b"], ["y"], name: "fc")
    let model = try read(
      ONNXBytes.model(
        ONNXBytes.graph(
          nodes: [
            node, Message(.text(4, "Mine"), .text(7, "my.domain")),
            Message(.text(4, "Relu"), .text(7, "ai.onnx")),
          ],
          initializers: [ONNXBytes.tensor("b", type: 1, dims: [1], .bytes(9, littleEndian(2.5 as Float)))],
          inputs: [
            ONNXBytes.value(
              "x", type: 10,
              dims: [Message(.int(1, 1)), Message(.text(2, "N")), Message(), Message(.int(1, -1))]),
            ONNXBytes.value("b", type: 1, dims: [Message(.int(1, 1))]),
          ],
          outputs: [Message(.text(1, "y")), ONNXBytes.value("z", type: 8, dims: [])]),
        .message(8, Message(.text(1, "my.domain"), .int(2, 3))),
        .message(14, Message(.text(1, "key"), .text(2, "value")))))
    #expect(model.irVersion == 8 && model.producer == "tests 1.0" && model.path == "model.onnx")
    #expect(model.operatorSetVersion() == 17)
    #expect(model.operatorSetVersion(of: "my.domain") == 3)
    #expect(model.operatorSetVersion(of: "other") == nil)
    #expect(model.metadata.map(\.key) == ["key"] && model.metadata.map(\.value) == ["value"])

    let graph = model.graph
    #expect(graph.name == "main")
    #expect(graph.nodes.map(\.opType) == ["Gemm", "Mine", "Relu"])
    #expect(graph.nodes.map(\.domain) == ["", "my.domain", ""])
    #expect(graph.nodes[0].inputs == ["x", "", "b"] && graph.nodes[0].outputs == ["y"])
    #expect(graph.nodes.map(\.place) == ["node 0 'fc' (Gemm)", "node 1 (my.domain::Mine)", "node 2 (Relu)"])
    #expect(graph.trueInputs.map(\.name) == ["x"])
    #expect(
      graph.inputs[0].kind
        == .tensor(element: .f16, dimensions: [.fixed(1), .named("N"), .unknown, .unknown]))
    #expect(graph.outputs.map(\.kind) == [.unknown, .unsupported("STRING", dimensions: [])])
  }

  @Test func attributesOfEveryKind() throws {
    let inner = ONNXBytes.graph(nodes: [ONNXBytes.node("Relu", ["a"], ["b"])])
    let tensor = ONNXBytes.tensor("t", type: 7, dims: [2], .ints(7, [-1, 5]))
    let model = try read(
      ONNXBytes.model(
        ONNXBytes.graph(nodes: [
          ONNXBytes.node(
            "Any", [], [],
            attributes: [
              ONNXBytes.attribute("float", type: 1, .float(2, 0.5)),
              ONNXBytes.attribute("int", type: 2, .int(3, -7)),
              ONNXBytes.attribute("zero", type: 2),
              ONNXBytes.attribute("string", type: 3, .text(4, "héllo")),
              ONNXBytes.attribute("tensor", type: 4, .message(5, tensor)),
              ONNXBytes.attribute("graph", type: 5, .message(6, inner)),
              ONNXBytes.attribute("floats", type: 6, .float(7, 1), .float(7, 2)),
              ONNXBytes.attribute("packed", type: 6, .bytes(7, littleEndian(1 as Float, 2))),
              ONNXBytes.attribute("ints", type: 7, .int(8, 1), .ints(8, [2, 3])),
              ONNXBytes.attribute("strings", type: 8, .text(9, "a"), .text(9, "")),
              ONNXBytes.attribute("tensors", type: 9, .message(10, tensor)),
              ONNXBytes.attribute("graphs", type: 10, .message(11, inner)),
              ONNXBytes.attribute("sparse", type: 12),
              ONNXBytes.attribute("type", type: 13),
              Message(.text(1, "reference"), .text(21, "outer"), .int(20, 2)),
              Message(.text(1, "untyped"), .int(3, 4)),
            ])
        ])))
    let node = model.graph.nodes[0]
    #expect(node.attributes.count == 16)
    func check(_ name: String, _ matches: (ONNXAttribute.Value) -> Bool) {
      guard let value = node.attribute(name) else {
        Issue.record("no attribute \(name)")
        return
      }
      #expect(matches(value), "\(name)")
    }
    check("float") { if case .float(0.5) = $0 { true } else { false } }
    check("int") { if case .int(-7) = $0 { true } else { false } }
    check("zero") { if case .int(0) = $0 { true } else { false } }
    check("string") { if case .string("héllo") = $0 { true } else { false } }
    check("tensor") { if case .tensor(let tensor, nil) = $0 { tensor.integers == [-1, 5] } else { false } }
    check("graph") { if case .graph(let graph) = $0 { graph.nodes.count == 1 } else { false } }
    check("floats") { if case .floats([1, 2]) = $0 { true } else { false } }
    check("packed") { if case .floats([1, 2]) = $0 { true } else { false } }
    check("ints") { if case .ints([1, 2, 3]) = $0 { true } else { false } }
    check("strings") { if case .strings(["a", ""]) = $0 { true } else { false } }
    check("tensors") { if case .tensors(let list) = $0 { list.count == 1 } else { false } }
    check("graphs") { if case .graphs(let list) = $0 { list.count == 1 } else { false } }
    check("sparse") { if case .unsupported("SPARSE_TENSORS") = $0 { true } else { false } }
    check("type") { if case .unsupported("TYPE_PROTO") = $0 { true } else { false } }
    check("reference") { if case .reference("outer") = $0 { true } else { false } }
    check("untyped") { if case .int(4) = $0 { true } else { false } }
    #expect(node.attribute("absent") == nil)
  }

  @Test func functions() throws {
    let function = Message(
      .text(1, "Twice"), .text(4, "x"), .text(5, "y"), .text(6, "alpha"),
      .message(7, ONNXBytes.node("Add", ["x", "x"], ["y"])), .message(9, Message(.int(2, 18))),
      .text(10, "my"),
      .message(11, ONNXBytes.attribute("beta", type: 1, .float(2, 0.5))))
    let call = Message(.text(4, "Twice"), .text(7, "my"))
    let model = try read(ONNXBytes.model(ONNXBytes.graph(nodes: [call]), .message(25, function)))
    let found = try #require(model.function(for: model.graph.nodes[0]))
    #expect(found.inputs == ["x"] && found.outputs == ["y"] && found.attributes == ["alpha"])
    #expect(found.nodes.map(\.opType) == ["Add"] && found.defaults.map(\.name) == ["beta"])
    #expect(found.operatorSets.map(\.domain) == [""] && found.operatorSets.map(\.version) == [18])
  }

  @Test func theFileOfTheReferenceImplementation() throws {
    let model = try ONNXModel.read(path: dataPath("Models/kinds.onnx"))
    #expect(
      model.irVersion == 10 && model.producer == "ingot-tests" && model.functions.map(\.name) == ["Twice"])
    let constants = model.graph.initializers
    #expect(
      constants.map(\.name) == ["weight", "indices", "double", "typed", "half", "bfloat", "unsigned", "mask"])
    #expect(
      constants[0].tensor.shape == [3, 4] && constants[0].tensor.floats == (0..<12).map { Float($0) / 8 })
    let expected: [[Float]] = [[0, 1, 2, 3, 4, 5], [0.5, -1.5], [1, 2], [1.5, 2], [1.5, 2]]
    #expect(constants[1...5].map(\.tensor.floats) == expected)
    #expect(constants[6].tensor.integers == [1, .max] && constants[7].tensor.integers == [1, 0, 1])
    guard case .graph(let branch)? = model.graph.nodes[0].attribute("then_branch") else {
      Issue.record("no branch")
      return
    }
    #expect(branch.nodes.map(\.opType) == ["Constant"])
  }

  @Test func rawData() throws {
    let tensors = try read(
      initializers:
        ONNXBytes.tensor("f32", type: 1, dims: [2], .bytes(9, littleEndian(1.5 as Float, -2))),
      ONNXBytes.tensor("f64", type: 11, dims: [1, 1], .bytes(9, littleEndian(0.1))),
      ONNXBytes.tensor("f16", type: 10, dims: [1], .bytes(9, littleEndian(0.5 as Float16))),
      ONNXBytes.tensor("bf16", type: 16, dims: [1], .bytes(9, [0x40, 0xbf])),
      ONNXBytes.tensor("i8", type: 3, dims: [2], .bytes(9, [0x80, 0x7f])),
      ONNXBytes.tensor("u8", type: 2, dims: [2], .bytes(9, [0, 255])),
      ONNXBytes.tensor("i16", type: 5, dims: [1], .bytes(9, littleEndian(Int16.min))),
      ONNXBytes.tensor("u16", type: 4, dims: [1], .bytes(9, littleEndian(UInt16.max))),
      ONNXBytes.tensor("i32", type: 6, dims: [1], .bytes(9, littleEndian(Int32.min))),
      ONNXBytes.tensor("u32", type: 12, dims: [1], .bytes(9, littleEndian(UInt32.max))),
      ONNXBytes.tensor("i64", type: 7, dims: [], .bytes(9, littleEndian(Int64.min))),
      ONNXBytes.tensor("u64", type: 13, dims: [1], .bytes(9, littleEndian(UInt64.max))),
      ONNXBytes.tensor("bool", type: 9, dims: [3], .bytes(9, [0, 1, 2])),
      ONNXBytes.tensor("empty", type: 1, dims: [2, 0]))
    #expect(
      tensors.map(\.element) == [
        .f32, .f32, .f16, .bf16, .i8, .u8, .i16, .i32, .i32, .i64, .i64, .i64, .bool, .f32,
      ])
    let expected: [[Float]] = [[1.5, -2], [0.1], [0.5], [-0.75]]
    for (tensor, values) in zip(tensors, expected) { #expect(tensor.floats == values) }
    let integers: [[Int64]] = [
      [-128, 127], [0, 255], [-32768], [65535], [Int64(Int32.min)], [4_294_967_295], [.min], [-1],
      [0, 1, 1], [],
    ]
    for (tensor, values) in zip(tensors.dropFirst(4), integers) { #expect(tensor.integers == values) }
    #expect(tensors[1].shape == [1, 1] && tensors[10].shape == [] && tensors[13].shape == [2, 0])
    // A bool is 0 or 1 whatever the file says.
    #expect(tensors[12].withBytes { Array($0) } == [0, 1, 1])
  }

  @Test func typedData() throws {
    let tensors = try read(
      initializers:
        ONNXBytes.tensor("f32", type: 1, dims: [2], .bytes(4, littleEndian(1.5 as Float, -2))),
      ONNXBytes.tensor("f64", type: 11, dims: [1], .bytes(10, littleEndian(0.1))),
      ONNXBytes.tensor("f16", type: 10, dims: [1], .ints(5, [0x3800])),
      ONNXBytes.tensor("bf16", type: 16, dims: [1], .ints(5, [0xbf40])),
      ONNXBytes.tensor("i8", type: 3, dims: [2], .ints(5, [-128, 127])),
      ONNXBytes.tensor("u8", type: 2, dims: [2], .ints(5, [0, 255])),
      ONNXBytes.tensor("u16", type: 4, dims: [1], .ints(5, [65535])),
      ONNXBytes.tensor("i32", type: 6, dims: [1], .ints(5, [-5])),
      ONNXBytes.tensor("u32", type: 12, dims: [1], .ints(11, [4_294_967_295])),
      ONNXBytes.tensor("i64", type: 7, dims: [1], .ints(7, [.min])),
      ONNXBytes.tensor("u64", type: 13, dims: [1], .ints(11, [.max])),
      ONNXBytes.tensor("bool", type: 9, dims: [2], .ints(5, [0, 1])))
    #expect(
      tensors.map(\.element) == [.f32, .f32, .f16, .bf16, .i8, .u8, .i32, .i32, .i64, .i64, .i64, .bool])
    let floats: [[Float]] = [[1.5, -2], [0.1], [0.5], [-0.75]]
    for (tensor, values) in zip(tensors, floats) { #expect(tensor.floats == values) }
    let integers: [[Int64]] = [
      [-128, 127], [0, 255], [65535], [-5], [4_294_967_295], [.min], [.max], [0, 1],
    ]
    for (tensor, values) in zip(tensors.dropFirst(4), integers) { #expect(tensor.integers == values) }
  }

  @Test func constantsOutliveTheModel() throws {
    var tensor: Tensor?
    do {
      tensor = try read(
        initializers: ONNXBytes.tensor("w", type: 1, dims: [2], .bytes(9, littleEndian(3 as Float, 4))))[0]
    }
    #expect(tensor?.floats == [3, 4])
  }
}
