import IR
import Importers
import Tensors
import Testing

/// The refusal of a model with these options.
private func refusal(_ text: String, _ options: ONNXImportOptions = ONNXImportOptions()) -> String {
  message { _ = try imported(text, options: options) }
}

/// The type of the first output.
private func outputType(_ text: String, _ options: ONNXImportOptions) throws -> TensorType {
  let graph = try imported(text, options: options)
  return graph.type(of: graph.outputs[0].value)
}

@Suite struct ONNXInputTests {
  @Test func dimensionsAreFixedByName() throws {
    let text = "(float[batch, 3, side, side] x) => (y) { y = Flatten(x) }"
    let options = ONNXImportOptions(dimensions: ["batch": 2, "side": 4])
    #expect(try outputType(text, options) == TensorType(.f32, [2, 48]))
    #expect(
      refusal(text, ONNXImportOptions(dimensions: ["batch": 2]))
        == "model.onnx: leaves a dimension open: 'side' ('x[2]', 'x[3]'); expected static shapes; fix it with --dim side=N"
    )
    #expect(
      refusal(text, ONNXImportOptions(dimensions: ["size": 2]))
        == "model.onnx: has no open dimension 'size', which --dim names; expected one of 'batch', 'side'")
    #expect(
      refusal(text, ONNXImportOptions(dimensions: ["batch": 0, "side": 1]))
        == "model.onnx: --dim batch=0 gives the extent 0; expected 1 to 2147483647")
    #expect(
      refusal("(float[2] x) => (y) { y = Relu(x) }", ONNXImportOptions(dimensions: ["n": 2]))
        == "model.onnx: has no open dimension 'n', which --dim names; expected no --dim, as all its input shapes are static"
    )
  }

  /// Exporters write these where they know nothing, so that two axes of one such name may differ.
  @Test(arguments: [#""?""#, #""-1""#, #""""#, #""  ""#, #""None""#, #""*""#, #""- 1""#, "?"])
  func namesThatNameNothing(name: String) throws {
    let text = "(float[\(name), 3, \(name), \(name)] x) => (y) { y = Relu(x) }"
    let type = TensorType(.f32, [1, 3, 48, 192])
    #expect(try outputType(text, ONNXImportOptions(shapes: ["x": [1, 3, 48, 192]])) == type)
    #expect(try outputType(text, ONNXImportOptions(dimensions: ["x.0": 1, "x[2]": 48, "x.3": 192])) == type)
    #expect(
      refusal(text, ONNXImportOptions(dimensions: ["x.0": 1]))
        == "model.onnx: leaves 2 dimensions open: 'x[2]', 'x[3]'; expected static shapes; fix them with --shape x=1,3,?,?"
    )
  }

  @Test(arguments: ["unk__749", "batch?", "N", "p2o.DynamicDimension.0", "_", "-x", "3d"])
  func namesThatNameSomething(name: String) throws {
    let text = "(float[\"\(name)\", \"\(name)\"] x) => (y) { y = Relu(x) }"
    #expect(try outputType(text, ONNXImportOptions(dimensions: [name: 5])) == TensorType(.f32, [5, 5]))
  }

  @Test func shapesFixNamesEverywhere() throws {
    let text = "(float[n, 3] x, float[n, ?] y, float[1, m] z) => (o) { a = Add(x, y)\n o = Add(a, z) }"
    let shapes = ["y": [7, 3], "z": [1, 3]]
    #expect(try outputType(text, ONNXImportOptions(shapes: shapes)) == TensorType(.f32, [7, 3]))
    #expect(
      refusal(text)
        == "model.onnx: leaves 3 dimensions open: 'n' ('x[0]', 'y[0]'), 'y[1]', 'm' ('z[1]'); expected static shapes; "
        + "fix them with --dim m=N --shape y=n,?")
    #expect(
      refusal(text, ONNXImportOptions(shapes: ["x": [6, 3], "y": [7, 3], "z": [1, 3]]))
        == "model.onnx: gets two extents for 'n': 6 by --shape x=6,3, 7 by --shape y=7,3; expected one")
    #expect(
      refusal(text, ONNXImportOptions(dimensions: ["n": 2], shapes: shapes))
        == "model.onnx: gets two extents for 'n': 2 by --dim n=2, 7 by --shape y=7,3; expected one")
    #expect(
      refusal("(float[n, n] x) => (y) { y = Relu(x) }", ONNXImportOptions(shapes: ["x": [2, 3]]))
        == "model.onnx: gets two extents for 'n': 2 by --shape x=2,3, 3 by --shape x=2,3; expected one")
  }

  @Test func shapesMustFit() throws {
    let text = "(float[n, 3] x, float s) => (y) { y = Mul(x, s) }"
    #expect(
      refusal(text, ONNXImportOptions(shapes: ["x": [2, 4]]))
        == "model.onnx: input 'x': has the shape [n, 3], which --shape x=2,4 does not fit; "
        + "expected the extents that are numbers as they are")
    #expect(
      refusal(text, ONNXImportOptions(shapes: ["x": [2, 3, 1]]))
        == "model.onnx: input 'x': has the shape [n, 3], which --shape x=2,3,1 does not fit; expected 2 extents"
    )
    #expect(
      refusal(text, ONNXImportOptions(shapes: ["x": [0, 3]]))
        == "model.onnx: --shape x=0,3 gives the extent 0; expected 1 to 2147483647")
    #expect(
      refusal(text, ONNXImportOptions(shapes: ["q": [2, 3]]))
        == "model.onnx: has no input 'q', which --shape names; expected one of 'x', 's'")
    #expect(
      try outputType(text, ONNXImportOptions(shapes: ["x": [2, 3], "s": []])) == TensorType(.f32, [2, 3]))
    #expect(
      refusal(text, ONNXImportOptions(shapes: ["x": [2, 3], "s": [1]]))
        == "model.onnx: input 's': has the shape [], which --shape s=1 does not fit; expected 0 extents")
  }

  @Test func shapesGiveRanks() throws {
    let untyped = Message(.text(1, "x"), .message(2, Message(.message(1, Message(.int(1, 1))))))
    let bytes = ONNXBytes.model(
      ONNXBytes.graph(
        nodes: [ONNXBytes.node("Relu", ["x"], ["y"])], inputs: [untyped], outputs: [Message(.text(1, "y"))]))
    func type(_ options: ONNXImportOptions) throws -> TensorType {
      let graph = try importONNX(
        try ONNXModel.read(bytes: Storage(bytes), path: "model.onnx"), options: options
      ).functions[0]
      return graph.type(of: graph.outputs[0].value)
    }
    #expect(try type(ONNXImportOptions(shapes: ["x": [2, 3]])) == TensorType(.f32, [2, 3]))
    #expect(try type(ONNXImportOptions(shapes: ["x": []])) == TensorType(.f32, []))
    #expect(
      message { _ = try type(ONNXImportOptions()) }
        == "model.onnx: leaves a dimension open: all of 'x'; expected static shapes; fix it with --shape x=N,N,…"
    )
  }

  @Test func inputsAreFixedToConstants() throws {
    let text = "(float[2, 6] x, int64[n] shape) => (y) { y = Reshape(x, shape) }"
    let given = ONNXImportOptions(constants: ["shape": Tensor([3, -1] as [Int64], shape: [2])])
    let graph = try imported(text, options: given)
    #expect(graph.inputs.map(\.name) == ["x"])
    #expect(graph.shape(of: graph.outputs[0].value) == [3, 4])
    #expect(
      refusal(text, ONNXImportOptions(dimensions: ["n": 2]))
        == "model.onnx: node 0 (Reshape): input 'shape' decides the shape; "
        + "expected a value that is known when the model is compiled; give it with --constant shape=FILE.npy")
    #expect(
      refusal(text, ONNXImportOptions(constants: ["size": Tensor(scalar: 1)]))
        == "model.onnx: has no input 'size', which --constant names; expected one of 'x', 'shape'")
    let matrix = Tensor([3, 4] as [Int64], shape: [1, 2])
    #expect(
      refusal(text, ONNXImportOptions(constants: ["shape": matrix]))
        == "model.onnx: input 'shape': has the shape [n], which --constant of shape [1, 2] does not fit; expected 1 extent"
    )
  }

  @Test func constantsFixTheirDimensions() throws {
    let text = "(float[n] x, float[n] w) => (y) { y = Add(x, w) }"
    let constants = ["w": Tensor([1, 2, 3] as [Float], shape: [3])]
    #expect(try outputType(text, ONNXImportOptions(constants: constants)) == TensorType(.f32, [3]))
    #expect(
      refusal(text, ONNXImportOptions(dimensions: ["n": 2], constants: constants))
        == "model.onnx: gets two extents for 'n': 2 by --dim n=2, 3 by --constant of shape [3]; expected one")
    #expect(
      refusal(text, ONNXImportOptions(shapes: ["w": [4]], constants: constants))
        == "model.onnx: gets two extents for 'n': 4 by --shape w=4, 3 by --constant of shape [3]; expected one"
    )
  }

  @Test func constantsMayHaveAnotherTypeThatHoldsThem() throws {
    let text = "(float[2, 6] x, int64[2] shape) => (y) { y = Reshape(x, shape) }"
    for tensor in [
      Tensor([3, 4] as [Float], shape: [2]), Tensor([3, 4] as [Int64], shape: [2], element: .i8),
      Tensor([3, 4] as [Float], shape: [2], element: .f16),
    ] {
      let options = ONNXImportOptions(constants: ["shape": tensor])
      #expect(try outputType(text, options) == TensorType(.f32, [3, 4]))
    }
    #expect(
      refusal(text, ONNXImportOptions(constants: ["shape": Tensor([3, 4.5] as [Float], shape: [2])]))
        == "model.onnx: input 'shape': --constant is f32[2] and holds 4.5 at [1], which i64 can't hold exactly; "
        + "expected elements of type i64; convert the array with .astype(numpy.int64) before saving it")
  }

  @Test(
    arguments: [
      ("int64", "-7", -7), ("int64[1]", "9007199254740993", 9_007_199_254_740_993), ("int8", "-128", -128),
      ("uint8", "255", 255), ("bool", "true", 1), ("bool[1, 1]", "False", 0), ("bool", "1", 1),
      ("uint32", "4294967295", 4_294_967_295), ("int32[n]", "3", 3),
    ] as [(String, String, Int64)])
  func scalars(type: String, text: String, value: Int64) throws {
    let graph = try imported(
      "(\(type) s, float x) => (y, z) { y = Identity(s)\n z = Relu(x) }",
      options: ONNXImportOptions(scalars: ["s": text]))
    #expect(graph.inputs.map(\.name) == ["x"])
    #expect(graph.constant(graph.outputs[0].value)?.integers == [value])
  }

  @Test(
    arguments: [
      ("float", "0.1", 0.1), ("float", "1e-3", 0.001), ("float16", "2", 2), ("float", "inf", .infinity),
      ("double", "-16777216", -16_777_216),
    ] as [(String, String, Float)])
  func realScalars(type: String, text: String, value: Float) throws {
    let graph = try imported(
      "(\(type) s) => (y) { y = Identity(s) }", options: ONNXImportOptions(scalars: ["s": text]))
    #expect(graph.constant(graph.outputs[0].value)?.floats == [value])
  }

  @Test(
    arguments: [
      ("int64", "1.5", "i64"), ("int64", "true", "i64"), ("int64", "9223372036854775808", "i64"),
      ("int8", "128", "i8"), ("uint8", "-1", "u8"), ("uint16", "65536", "an unsigned integer of 16 bits"),
      ("bool", "2", "bool"), ("float", "true", "f32"), ("float", "1e39", "f32"), ("float", "16777217", "f32"),
      ("float16", "65520", "f16"),
    ])
  func scalarsOfOtherTypes(type: String, text: String, name: String) throws {
    #expect(
      refusal("(\(type) s) => (y) { y = Identity(s) }", ONNXImportOptions(scalars: ["s": text]))
        == "model.onnx: input 's': --constant gives '\(text)'; expected a value of the input's type, \(name)")
  }

  @Test func numbersAreNoArrays() {
    #expect(
      refusal("(int64[2] s) => (y) { y = Identity(s) }", ONNXImportOptions(scalars: ["s": "1"]))
        == "model.onnx: input 's': --constant gives a number for the shape [2]; expected an array; "
        + "save it with numpy.save and say --constant s=FILE.npy")
  }

  @Test func portsHaveNamesOfTheirOwn() {
    func port(_ name: String) -> Message { ONNXBytes.value(name, type: 1, dims: [Message(.int(1, 2))]) }
    func refusal(inputs: [String], outputs: [String] = ["y"]) -> String {
      let bytes = ONNXBytes.model(
        ONNXBytes.graph(
          nodes: [ONNXBytes.node("Relu", [inputs[0]], ["y"])], inputs: inputs.map(port),
          outputs: outputs.map(port)))
      return message { _ = try importONNX(try ONNXModel.read(bytes: Storage(bytes), path: "model.onnx")) }
    }
    #expect(
      refusal(inputs: ["a", "b", "a"])
        == "model.onnx: input 2: defines 'a', which input 0 defines too; expected one definition of each name; "
        + "give one of the two another name")
    #expect(
      refusal(inputs: ["a"], outputs: ["y", "y"])
        == "model.onnx: output 1 'y': has the name of output 0; expected a different name for each output; "
        + "rename or remove one of them")
    #expect(
      refusal(inputs: ["a"], outputs: ["y", ""])
        == "model.onnx: output 1: has no name; expected a name for each output; "
        + "name it, and where it is read, with onnx.helper or in the exporter")
    let long = String(repeating: "n", count: 4097)
    #expect(
      refusal(inputs: [long]).hasSuffix(
        ": has a name of 4097 bytes; expected at most 4096; give it a shorter name"))
    #expect(
      refusal(inputs: ["a"], outputs: ["b"])
        == "model.onnx: output 'b': is defined by no node, initializer or input; expected a value of that name; "
        + "remove it from the model's outputs, or check what edited the graph")
  }
}
