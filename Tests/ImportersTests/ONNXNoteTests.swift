import Foundation
import IR
import Importers
import Tensors
import Testing

/// What importing a model in ONNX's textual syntax notes.
func notes(_ text: String, opset: Int = 17, options: ONNXImportOptions = ONNXImportOptions()) throws -> [Note]
{
  let bytes = try ONNXText.model(text, opset: opset)
  return try importONNX(try ONNXModel.read(bytes: Storage(bytes), path: "model.onnx"), options: options).notes
}

@Suite struct ONNXNoteTests {
  @Test func nodesOutOfOrder() throws {
    let text = """
      (float[2] x, bool c) => (y) {
        y = Add(a, b)
        a = If<then_branch = { => (t) { t = Neg(u)  u = Relu(x) } }, else_branch = { => (e) { e = Abs(x) } }>(c)
        b = Abs(a)
      }
      """
    #expect(
      try notes(text).map(\.description) == [
        "note: model.onnx: node 1 (If) > then_branch > node 0 (Neg): reads 'u', which node 1 (Relu) defines only later; "
          + "nodes were put into execution order"
      ])
    #expect(try notes("(float[2] x) => (y) { a = Neg(x)  y = Abs(a) }").isEmpty)
  }

  @Test func inputsThatNothingReads() throws {
    let text = "(string[2] words, float[2] x, string[1] name) => (y) { a = Identity(name)  y = Abs(x) }"
    #expect(
      try notes(text).map(\.description) == [
        "note: model.onnx: input 'words': has element type STRING, and no output needs it: it is left out",
        "note: model.onnx: input 'name': has element type STRING, and no output needs it: it is left out",
      ])
    #expect(try imported(text).inputs.map(\.name) == ["x"])
  }

  /// The node of which the import warns that it computes in double.
  private func firstOfDoubles(_ text: String) throws -> String? {
    let found = try notes(text)
    #expect(found.count <= 1)
    guard let note = found.first else { return nil }
    #expect(note.severity == .warning)
    let parts = note.message.components(separatedBy: ": ")
    #expect(
      parts.dropFirst(2).joined(separator: ": ")
        == "is the first that computes in DOUBLE, for which fp32 stands in throughout: results have about 7 digits, not 16"
    )
    return parts[1]
  }

  @Test(arguments: [
    // Inputs, weights and constants, wherever they are read.
    ("(double[2] x) => (y) { a = Neg(x)  y = Abs(a) }", "node 0 (Neg)"),
    (
      "(float[2] x) => (y) <double[2] w = {0.1}> { a = Neg(x)  b = Add(w, w)  y = Cast<to = 1>(b) }",
      "node 1 (Add)"
    ),
    (
      """
      (float[2] x) => (y) {
        k = Constant<value = double[1] = {0.5}>()
        a = Cast<to = 11>(x)
        b = Add(a, k)
        y = Cast<to = 1>(b)
      }
      """, "node 1 (Cast)"
    ),
    (
      "(int64[1] n) => (y) { k = Constant<value = double[1] = {0.5}>()  a = Identity(n)  y = Mul(k, k) }",
      "node 2 (Mul)"
    ),
    // What rounds them to anything but fp32 reads all their digits.
    ("(double[2] x) => (y) { y = Cast<to = 7>(x) }", "node 0 (Cast)"),
    ("(float[2, 2] x) => (y) { y = EyeLike<dtype = 11>(x) }", "node 0 (EyeLike)"),
    (
      "(float[2] x) => (y) <int64[1] s = {2}> { a = ConstantOfShape<value = double[1] = {1}>(s)  y = Cast<to = 1>(a) }",
      "node 0 (ConstantOfShape)"
    ),
    (
      """
      function local.Wide(a) => (b) { c = Cast<to = @type>(a)  b = Neg(c) }
      (float[2] x) => (y) { y = local.Wide<type = 11>(x) }
      """, "node 0 (local::Wide) > node 0 (Cast)"
    ),
  ]) func doublesAreComputedInSingle(text: String, place: String) throws {
    #expect(try firstOfDoubles(text) == place)
  }

  @Test(arguments: [
    "(float[2] x) => (y) { y = Neg(x) }",
    // Once rounded to fp32, a double is what the model asks for.
    "(double[2] x) => (y) <double[2] w = {0.1}> { a = Cast<to = 1>(x)  b = Cast<to = 1>(w)  y = Add(a, b) }",
    "(float[2] x) => (y) { k = Constant<value = double[1] = {0.5}>()  b = Cast<to = 1>(k)  y = Add(x, b) }",
    // Nodes that no output needs compute nothing.
    "(float[2] x, double[2] w) => (y) { a = Neg(w)  y = Abs(x) }",
  ]) func otherNumbersAreNotWarnedOf(text: String) throws {
    #expect(try firstOfDoubles(text) == nil)
  }
}
