import IR
import Importers
import Tensors
import Testing

/// Tensors whose elements are not read, strings for the most part: they may be there, and their shapes may be read.
@Suite struct ONNXOpaqueTests {
  private func refusal(_ text: String, options: ONNXImportOptions = ONNXImportOptions()) -> String {
    message { _ = try notes(text, options: options) }
  }

  @Test(arguments: [8, 14, 17, 23, 0, 99, -1]) func unusedInitializers(type: Int) throws {
    let weight = ONNXBytes.tensor("w", type: type, dims: [1], .bytes(9, [0]))
    let graph = ONNXBytes.graph(nodes: [], initializers: [weight])
    let model = try ONNXModel.read(bytes: Storage(ONNXBytes.model(graph)), path: "model.onnx")
    #expect(model.graph.initializers.isEmpty)
    #expect(model.graph.opaqueInitializers.map(\.name) == ["w"])
  }

  @Test(arguments: [
    // The main graph, a branch, a function that does not read it, and one that reads its shape.
    "(float[2] x) => (y) <string[2] w = {0}> { y = Abs(x) }",
    """
    (float[2] x, bool c) => (y) {
      y = If<then_branch = { => (t) <string[2] w = {0}> { t = Abs(x) } }, else_branch = { => (e) { e = Neg(x) } }>(c)
    }
    """,
    "(float[2] x) => (y) <string[2] w = {0}> { s = Shape(w)  t = Cast<to = 1>(s)  y = Add(x, t) }",
    "(float[2] x, string[2, 3] words) => (y) { s = Shape(words)  t = Cast<to = 1>(s)  y = Add(x, t) }",
    "(float[2] x, string[2, 3] words) => (y) { w = Identity(words)  s = Size(w)  t = Cast<to = 1>(s)  y = Add(x, t) }",
    "(float[2] x) => (y) { w = Constant<value = string[1] = {0}>()  s = Size(w)  t = Cast<to = 1>(s)  y = Add(x, t) }",
  ])
  func shapesAlone(text: String) throws {
    #expect(try imported(text).inputs.allSatisfy { $0.name != "words" })
  }

  @Test func inputsOfWhichOnlyTheShapeIsRead() throws {
    let text = "(float[2] x, string[N] words) => (y) { s = Shape(words)  t = Cast<to = 1>(s)  y = Add(x, t) }"
    var options = ONNXImportOptions(dimensions: ["N": 2])
    #expect(
      try notes(text, options: options).map(\.description) == [
        "note: model.onnx: input 'words': has element type STRING, and no output needs its elements: it is left out"
      ])
    options = ONNXImportOptions(shapes: ["words": [2]])
    #expect(try notes(text, options: options).count == 1)
    #expect(refusal(text).contains("the shape of 'words', which has element type STRING, is not known; "))
  }

  @Test func functionsThatDoNotReadThem() throws {
    for body in ["b = Abs(a)", "s = Shape(words)  t = Cast<to = 1>(s)  b = Add(a, t)"] {
      let function = "function local.F(a, words) => (b) { \(body) }\n"
      let graph = try imported(function + "(float[2] x, string[3] words) => (y) { y = local.F(x, words) }")
      #expect(graph.inputs.map(\.name) == ["x"])
    }
  }

  @Test(arguments: [
    (
      "y = Abs(words)",
      "node 0 (Abs): input 0, 'words', has element type STRING; expected a tensor of numbers or bools"
    ),
    ("y = Identity(words)", "output 'y': has element type STRING; expected a tensor of numbers or bools"),
    ("s = SequenceConstruct(x, words)  y = Abs(x)", ""),
    (
      "s = SequenceConstruct(x, words)  y = ConcatFromSequence<axis = 0>(s)",
      "node 0 (SequenceConstruct): input 1, 'words', has"
    ),
    (
      "w = Constant<value_string = \"a\">()  y = Cast<to = 1>(w)",
      "node 1 (Cast): input 0, 'w', has element type STRING"
    ),
    (
      "y = If<then_branch = { => (words) {} }, else_branch = { => (e) { e = Abs(x) } }>(c)",
      "node 0 (If): "
    ),
    (
      "y = If<then_branch = { => (t) { t = Abs(x) } }, else_branch = { => (e) { e = Abs(x) } }>(words)",
      "node 0 (If): input 0, 'words', has"
    ),
  ])
  func elementsThatAreRead(body: String, found: String) {
    let text = refusal("(string[2] words, float[2] x, bool c) => (y) { \(body) }")
    #expect(text.hasPrefix(found.isEmpty ? "no error" : "model.onnx: \(found)"), "\(text)")
  }
}
