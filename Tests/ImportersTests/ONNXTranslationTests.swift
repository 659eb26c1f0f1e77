import IR
import Importers
import Tensors
import TestSupport
import Testing

/// Imports a model in ONNX's textual syntax.
func imported(_ text: String, opset: Int = 17, options: ONNXImportOptions = ONNXImportOptions()) throws
  -> Graph
{
  let bytes = try ONNXText.model(text, opset: opset)
  let model = try ONNXModel.read(bytes: Storage(bytes), path: "model.onnx")
  let graph = try importONNX(model, options: options).functions[0]
  try verify(graph)
  return graph
}

@Suite struct ONNXTranslationTests {
  @Test(
    arguments: [
      "elementwise", "shape", "movement", "convolution", "contraction", "reduction", "normalization",
      "resize", "regions", "attention", "signal", "rearrangement", "control", "opsets", "sizes", "errors",
      "structure", "absent", "branches", "sequences", "empty-loops", "microsoft", "places",
      "quantization",
    ])
  func golden(family: String) throws {
    try checkGolden("Importers/\(family).txt") { golden in
      let opset = golden.argument.split(separator: " ").last.flatMap { Int($0) } ?? 17
      return try imported(golden.input, opset: opset).text
    }
  }

  @Test func inputsThatAreInitializersAreWeights() throws {
    let graph = try imported("(float[2] x, float[2] w) => (y) <float[2] w = {1, 2}> { y = Add(x, w) }")
    #expect(graph.inputs.map(\.name) == ["x"])
    #expect(graph.weights.map { graph[$0].name } == ["w"])
  }

  @Test func operatorSetsOutsideTheRangeAreRefused() {
    let text = "(float[2] x) => (y) { y = Relu(x) }"
    #expect(
      message { _ = try imported(text, opset: 0) }
        == "model.onnx: uses opset 0; expected 1 to 28; set the version of opset_import that the nodes "
        + "were written for")
    #expect(
      message { _ = try imported(text, opset: 29) }
        == "model.onnx: uses opset 29; expected 1 to 28; export it again with an older opset")
  }

  @Test func concatsOfMoreOperandsThanOneOpTakesAreJoinedInGroups() throws {
    let names = [String](repeating: "x, y", count: 5000).joined(separator: ", ")
    let graph = try imported("(float[2, 1] x, float[2, 1] y) => (z) { z = Concat<axis = 1>(\(names)) }")
    #expect(graph.order.map { graph[$0].operands.count } == [4000, 4000, 2000, 3])
    let (x, y): ([Float], [Float]) = ([1, 2], [3, 4])
    let result = try evaluate(graph, [Tensor(x, shape: [2, 1]), Tensor(y, shape: [2, 1])])[0]
    #expect(result.shape == [2, 10000])
    let rows = (0..<2).map { row in (0..<10000).map { $0 % 2 == 0 ? x[row] : y[row] } }
    #expect(result.floats == rows[0] + rows[1])
  }

  @Test func metadataSaysWhereTheModelCameFrom() throws {
    let bytes = try ONNXText.model("(float[2] x) => (y) { y = Relu(x) }", opset: 20)
    let module = try importONNX(try ONNXModel.read(bytes: Storage(bytes), path: "model.onnx"))
    #expect(module.metadata.map { "\($0.key)=\($0.value)" } == ["source=onnx", "opset=20", "producer=tests"])
  }

  @Test func constantsAreFoldedWithinBounds() throws {
    // 2^30 elements stay one small weight and a node.
    let graph = try imported(
      "(float[1] x) => (y) <int64[2] n = {32768}> { z = ConstantOfShape(n)\n y = Add(x, z) }")
    #expect(graph.weights.allSatisfy { (graph.constant($0)?.byteCount ?? 0) <= 4 })
    #expect(graph.shape(of: graph.outputs[0].value) == [32768, 32768])
  }
}
