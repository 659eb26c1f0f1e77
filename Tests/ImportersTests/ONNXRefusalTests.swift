import Importers
import Tensors
import Testing

private func refusal(_ bytes: [UInt8]) -> String {
  message { _ = try ONNXModel.read(bytes: Storage(bytes), path: "model.onnx") }
}

private func refusal(initializer: Message) -> String {
  refusal(ONNXBytes.model(ONNXBytes.graph(initializers: [initializer])))
}

@Suite struct ONNXRefusalTests {
  @Test func otherFiles() {
    #expect(refusal([]) == "model.onnx: is empty; expected an ONNX model")
    #expect(
      refusal(Array("Just some text\u{1}".utf8))
        == "model.onnx: has a field of 117 bytes where 13 are left at byte 0; expected an ONNX model; "
        + "the file may be damaged or of another kind; fetch or export it again")
    #expect(
      refusal(Message(.int(1, 8)).bytes)
        == "model.onnx: has no graph; expected an ONNX model; the file may be of another kind; fetch or export it again"
    )
    #expect(
      message { _ = try ONNXModel.read(path: "/nonexistent.onnx") }
        == "/nonexistent.onnx: No such file or directory; check the path")
  }

  @Test(
    arguments: [
      ([0x3a, 0x00, 0x12, 0x05, 0x61], "a field of 5 bytes where 1 are left at byte 2"),
      ([0x08], "a number that ends outside its message at byte 1"),
      ([0x08] + [UInt8](repeating: 0x80, count: 11), "a number of more than ten bytes at byte 1"),
      ([0x00, 0x00], "an invalid field number at byte 0"),
      ([0x0b], "the wire type 3 at byte 0"),
      ([0x0a, 0x00], "a wrong encoding of 'ir_version' at byte 0"),
      ([0x3a, 0x00, 0x3a, 0x00], "a second 'graph' where one is allowed at byte 2"),
      ([0x0d, 0x00], "a field that ends outside its message at byte 0"),
    ] as [([UInt8], String)])
  func damagedMessages(bytes: [UInt8], found: String) {
    #expect(
      refusal(bytes)
        == "model.onnx: has \(found); expected an ONNX model; the file may be damaged or of another kind; "
        + "fetch or export it again")
  }

  @Test func nestingIsBounded() {
    var graph = ONNXBytes.graph()
    for _ in 0..<2000 {
      graph = ONNXBytes.graph(nodes: [
        ONNXBytes.node("If", [], [], attributes: [ONNXBytes.attribute("body", type: 5, .message(6, graph))])
      ])
    }
    #expect(
      refusal(ONNXBytes.model(graph))
        == "model.onnx: nests its messages more than 64 levels deep; expected fewer levels")
  }

  @Test func memoryIsBounded() {
    // Two bytes of file for each node of a hundred and more in memory.
    var nodes = [UInt8](repeating: 0, count: 2 << 20)
    for index in stride(from: 0, to: nodes.count, by: 2) { nodes[index] = 0x0a }
    let model = Message(.bytes(7, nodes)).bytes
    #expect(
      refusal(model)
        == "model.onnx: unpacks to far more memory than the file has bytes; expected an ONNX model")
  }

  @Test func sizesAndShapes() {
    let advice = "; the file may be damaged; export it again"
    #expect(
      refusal(initializer: ONNXBytes.tensor("w", type: 1, dims: [2, 3], .bytes(9, [0, 0, 0, 0])))
        == "model.onnx: tensor 'w': has 4 bytes of data; expected 24 for FLOAT[2, 3]" + advice)
    #expect(
      refusal(initializer: ONNXBytes.tensor("w", type: 7, dims: [2], .ints(7, [1])))
        == "model.onnx: tensor 'w': has 1 values in int64_data; expected 2 for the shape [2]" + advice)
    #expect(
      refusal(initializer: ONNXBytes.tensor("w", type: 1, dims: [1 << 40, 1 << 40]))
        .hasPrefix("model.onnx: tensor 'w': has the impossible shape [1099511627776, 1099511627776]"))
    #expect(
      refusal(initializer: ONNXBytes.tensor("w", type: 1, dims: [-1])).contains("impossible shape [-1]"))
    #expect(
      refusal(initializer: ONNXBytes.tensor("w", type: 1, dims: [Int](repeating: 1, count: 33)))
        == "model.onnx: tensor 'w': has rank 33; expected at most 32")
    #expect(
      refusal(initializer: ONNXBytes.tensor("w", type: 1, dims: [1 << 33])).contains(
        "far more bytes than the file"))
  }

  @Test func valuesOutOfRange() {
    #expect(
      refusal(initializer: ONNXBytes.tensor("w", type: 12, dims: [1], .ints(11, [1 << 32])))
        .contains("holds the value 4294967296; expected values up to 4294967295"))
    #expect(
      refusal(initializer: ONNXBytes.tensor("w", type: 3, dims: [1], .ints(5, [128])))
        == "model.onnx: tensor 'w': holds the value 128; expected values from -128 to 127")
  }

  @Test func namesAndStructure() {
    #expect(
      refusal(initializer: ONNXBytes.tensor("", type: 1, dims: [0]))
        == "model.onnx: tensor '': has no name; expected initializers with names")
    #expect(
      refusal(ONNXBytes.model(ONNXBytes.graph(nodes: [Message(.text(3, "n\n1"))])))
        == "model.onnx: node 0 'n\\n1' (): names no operator; expected an op_type")
    let attribute = ONNXBytes.attribute("a", type: 2, .int(3, 1))
    let node = ONNXBytes.node("Relu", [], [], name: "r", attributes: [attribute, attribute])
    #expect(
      refusal(ONNXBytes.model(ONNXBytes.graph(nodes: [node])))
        == "model.onnx: node 0 'r' (Relu), attribute 'a': occurs twice; expected one value")
    let empty = ONNXBytes.node("Constant", [], [], attributes: [ONNXBytes.attribute("value", type: 4)])
    #expect(
      refusal(ONNXBytes.model(ONNXBytes.graph(nodes: [empty])))
        == "model.onnx: node 0 (Constant), attribute 'value': has no value; expected the value that its type announces"
    )
  }

  /// Two names that differ after a NUL byte alone would be one as C strings.
  @Test func nulBytes() {
    for (inputs, outputs, name, field) in [
      (["x\0a"], ["y"], "", "input"), (["x"], ["y\0"], "", "output"), (["x"], ["y"], "\0", "name"),
    ] {
      #expect(
        refusal(
          ONNXBytes.model(ONNXBytes.graph(nodes: [ONNXBytes.node("Relu", inputs, outputs, name: name)]))
        )
        .contains("with a NUL byte, as a '\(field)' at byte"))
    }
    let weight = ONNXBytes.tensor("w\0", type: 1, dims: [1], .bytes(9, [0, 0, 0, 0]))
    #expect(refusal(initializer: weight).hasPrefix("model.onnx: has 'w\\u{0}', with a NUL byte, as a 'name'"))
  }
}
