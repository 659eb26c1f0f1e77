import IR
import Importers
import Tensors
import Testing

private func run(_ text: String, opset: Int = 17, _ inputs: Tensor...) throws -> [Tensor] {
  try evaluate(try imported(text, opset: opset), inputs)
}

/// 0, 1, 2, … in a shape.
private func ramp(_ shape: Shape, _ element: ElementType = .f32) -> Tensor {
  Tensor((0..<shape.elementCount).map { Float($0) }, shape: shape, element: element)
}

private func integers(_ values: [Int64], _ shape: Shape) -> Tensor { Tensor(values, shape: shape) }

/// What compositions of core ops compute, against values worked out by hand.
@Suite struct ONNXTranslationNumericTests {
  @Test func gatherNDWithBatchesAndNegativeIndices() throws {
    let results = try run(
      "(float[2, 2, 2] x, int64[2, 1] i) => (y) { y = GatherND<batch_dims = 1>(x, i) }", ramp([2, 2, 2]),
      integers([-1, 0], [2, 1]))
    #expect(results[0].shape == [2, 2])
    #expect(results[0].floats == [2, 3, 4, 5])
  }

  @Test func gatherElementsAlongEitherAxis() throws {
    let text =
      "(float[2, 3] x, int64[2, 2] i) => (y, z) { y = GatherElements<axis = 1>(x, i)\n z = GatherElements(x, i) }"
    let results = try run(text, ramp([2, 3]), integers([0, -1, 1, 0], [2, 2]))
    #expect(results[0].floats == [0, 2, 4, 3])
    #expect(results[1].floats == [0, 4, 3, 1])
  }

  @Test func einsumWithDiagonalsEllipsesAndSums() throws {
    let x = ramp([2, 3])
    #expect(
      try run("(float[2, 3] x) => (y) { y = Einsum<equation = \"ij->j\">(x) }", x)[0].floats == [3, 5, 7])
    #expect(
      try run("(float[2, 2, 2] x) => (y) { y = Einsum<equation = \"...ii->...i\">(x) }", ramp([2, 2, 2]))[0]
        .floats
        == [0, 3, 4, 7])
    let outer = try run(
      "(float[2, 3] x, float[2] v) => (y) { y = Einsum<equation = \"ij, i\">(x, v) }", x, ramp([2]))
    #expect(outer[0].floats == [3, 4, 5])
    let chain = try run(
      "(float[2, 3] x, float[3, 2] w, float[2] v) => (y) { y = Einsum<equation = \"ij,jk,k->i\">(x, w, v) }",
      x,
      ramp([3, 2]), ramp([2]))
    #expect(chain[0].floats == [13, 40])
  }

  @Test func integerProductsAreExact() throws {
    let large: Int64 = 1 << 40
    let results = try run(
      "(int64[1, 2] a, int64[2, 1] b) => (y) { y = MatMul(a, b) }", integers([large, 1], [1, 2]),
      integers([1 << 20, 7], [2, 1]))
    #expect(results[0].integers == [(1 << 60) + 7])
  }

  @Test func quantizingByTheRangeOfTheData() throws {
    let x = Tensor([0, 2, -3, -2.5, 1.34, 0.5] as [Float], shape: [6])
    let results = try run("(float[6] x) => (y, s, z) { y, s, z = DynamicQuantizeLinear(x) }", x)
    #expect(results[0].integers == [153, 255, 0, 26, 221, 179])
    #expect(results[0].element == .u8)
    #expect(abs(results[1].floats[0] - 0.019607844) < 1e-9)
    #expect(results[2].integers == [153])
  }

  @Test func quantizingByChannelAndByBlock() throws {
    let x = ramp([2, 4], .i8)
    let text = """
      (int8[2, 4] x) => (y, z) <float[2] s = {1, 10}, int8[2] o = {0, 4}, float[2, 2] b = {1, 2, 3, 4}> {
        y = DequantizeLinear<axis = 0>(x, s, o)
        z = DequantizeLinear<axis = 1, block_size = 2>(x, b)
      }
      """
    let results = try run(text, opset: 21, x)
    #expect(results[0].floats == [0, 1, 2, 3, 0, 10, 20, 30])
    #expect(results[1].floats == [0, 1, 4, 6, 12, 15, 24, 28])
  }

  /// Constant weights are multiplied in fp32, others as integers: the sums are the same.
  @Test func quantizedRecurrentSumsAreExact() throws {
    let (w, r) = ("int8[1, 2, 8] w = {100}", "int8[1, 2, 8] r = {-77}")
    let scales = "float[1, 8] ws = {0.01}, float[1] rs = {0.02}, int8[1] z = {3}"
    let call = "com.microsoft.DynamicQuantizeLSTM<hidden_size = 2>(x, w, r, _, _, _, _, _, ws, z, rs, z)"
    let x = Tensor([0.3, -1.7, 0.9, 2.2, -0.1, 0.7] as [Float], shape: [3, 1, 2])
    let known = try run("(float[3, 1, 2] x) => (y) <\(w), \(r), \(scales)> { y = \(call) }", x)
    let found = try run(
      "(float[3, 1, 2] x, int8[1, 2, 8] w, int8[1, 2, 8] r) => (y) <\(scales)> { y = \(call) }", x,
      Tensor([Int64](repeating: 100, count: 16), shape: [1, 2, 8], element: .i8),
      Tensor([Int64](repeating: -77, count: 16), shape: [1, 2, 8], element: .i8))
    #expect(known[0].shape == [3, 1, 1, 2])
    #expect(known[0].isIdentical(to: found[0]))
  }

  @Test func quantizedRecurrentWeightsStayIntegers() throws {
    let graph = try imported(
      """
      (float[3, 1, 2] x) => (y) <int8[1, 2, 8] w = {100}, int8[1, 2, 8] r = {-77}, float[1] s = {0.01}> {
        y = com.microsoft.DynamicQuantizeLSTM<hidden_size = 2>(x, w, r, _, _, _, _, _, s, _, s, _)
      }
      """)
    let matrices = graph.weights.map { graph.type(of: $0) }.filter { $0.shape == [2, 8] }
    #expect(!matrices.isEmpty && matrices.allSatisfy { $0.element == .i8 })
  }

  @Test func resizingAxesThatAreNotSpatial() throws {
    let text = "(float[2, 1, 2] x) => (y) <int64[3] s = {4, 1, 2}> { y = Resize(x, _, _, s) }"
    let results = try run(text, ramp([2, 1, 2]))
    #expect(results[0].shape == [4, 1, 2])
    #expect(results[0].floats == [0, 1, 0, 1, 2, 3, 2, 3])
  }

  @Test func oneHotAndHardmax() throws {
    let hot = try run(
      "(int64[2] x) => (y) <int64 d = {3}, float[2] v = {2, 5}> { y = OneHot<axis = 0>(x, d, v) }",
      integers([-1, 0], [2]))
    #expect(hot[0].floats == [2, 5, 2, 2, 5, 2])
    let largest = try run(
      "(float[2, 2] x) => (y) { y = Hardmax(x) }", Tensor([1, 1, 0, 3] as [Float], shape: [2, 2]))
    #expect(largest[0].floats == [1, 0, 0, 1])
  }

  @Test func croppingAndPaddingAroundTheMiddle() throws {
    let text = "(float[3, 3] x) => (y) <int64[2] s = {1, 5}> { y = CenterCropPad(x, s) }"
    #expect(try run(text, opset: 18, ramp([3, 3]))[0].floats == [0, 3, 4, 5, 0])
  }
}
