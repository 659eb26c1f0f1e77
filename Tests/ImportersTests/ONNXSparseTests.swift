import IR
import Importers
import Tensors
import Testing

/// Sparse constants, read as the dense ones that they stand for.
@Suite struct ONNXSparseTests {
  private func sparse(
    _ values: Message, _ indices: Message, dims: [Int]
  ) -> Message {
    Message([.message(1, values), .message(2, indices)] + dims.map { .int(3, $0) })
  }

  private func values(_ numbers: Float...) -> Message {
    ONNXBytes.tensor("w", type: 1, dims: [numbers.count], .bytes(4, numbers.flatMap { littleEndian($0) }))
  }

  private func indices(_ dims: [Int], _ numbers: [Int]) -> Message {
    ONNXBytes.tensor("", type: 7, dims: dims, .ints(7, numbers))
  }

  private func read(_ sparse: Message) throws -> ONNXInitializer {
    let graph = Message(.message(15, sparse))
    return try ONNXModel.read(bytes: Storage(ONNXBytes.model(graph)), path: "model.onnx").graph.initializers[
      0]
  }

  @Test func bothFormatsOfIndices() throws {
    let expected: [Float] = [0, 0, 5, 0, 0, 7]
    let linear = try read(sparse(values(5, 7), indices([2], [2, 5]), dims: [2, 3]))
    #expect(linear.name == "w" && linear.tensor.shape == [2, 3] && linear.tensor.floats == expected)
    let rows = try read(sparse(values(5, 7), indices([2, 2], [0, 2, 1, 2]), dims: [2, 3]))
    #expect(rows.tensor.shape == [2, 3] && rows.tensor.floats == expected)
    let vector = try read(sparse(values(5), indices([1, 1], [3]), dims: [4]))
    #expect(vector.tensor.floats == [0, 0, 0, 5])
  }

  @Test func withoutValues() throws {
    let zeros = try read(sparse(values(), indices([0, 2], []), dims: [2, 3]))
    #expect(zeros.tensor.floats == [Float](repeating: 0, count: 6))
    let empty = try read(sparse(values(), indices([0], []), dims: [2, 0]))
    #expect(empty.tensor.shape == [2, 0])
  }

  @Test(
    arguments: [
      (2, [200], .u8), (3, [-5], .i8), (4, [65535], .i32), (5, [-300], .i16), (6, [-70000], .i32),
      (9, [1], .bool),
    ] as [(Int, [Int], ElementType)])
  func integers(type: Int, numbers: [Int], element: ElementType) throws {
    let values = ONNXBytes.tensor("w", type: type, dims: [1], .ints(5, numbers))
    let tensor = try read(sparse(values, indices([1], [1]), dims: [3])).tensor
    #expect(tensor.element == element)
    #expect(tensor.integers == [0, Int64(numbers[0]), 0])
  }

  @Test func widerTypes() throws {
    let long = ONNXBytes.tensor("w", type: 7, dims: [1], .ints(7, [1 << 40]))
    #expect(try read(sparse(long, indices([1], [1]), dims: [2])).tensor.integers == [0, 1 << 40])
    let half = ONNXBytes.tensor("w", type: 10, dims: [1], .ints(5, [0x3800]))
    #expect(try read(sparse(half, indices([1], [0]), dims: [2])).tensor.floats == [0.5, 0])
    let double = try read(
      sparse(
        ONNXBytes.tensor("w", type: 11, dims: [1], .bytes(9, littleEndian(0.5))), indices([1], [0]), dims: [2]
      ))
    #expect(double.tensor.floats == [0.5, 0] && double.isDouble)
    let unsigned = try read(
      sparse(ONNXBytes.tensor("w", type: 13, dims: [1], .ints(11, [7])), indices([1], [0]), dims: [2]))
    #expect(unsigned.tensor.integers == [7, 0] && unsigned.unsignedBits == 64)
  }

  @Test func asTheValueOfAConstant() throws {
    let value = sparse(values(5, 7), indices([2], [0, 3]), dims: [2, 2])
    let graph = ONNXBytes.graph(
      nodes: [
        ONNXBytes.node(
          "Constant", [], ["c"],
          attributes: [ONNXBytes.attribute("sparse_value", type: 11, .message(22, value))]),
        ONNXBytes.node("Add", ["x", "c"], ["y"]),
      ],
      inputs: [ONNXBytes.value("x", type: 1, dims: [Message(.int(1, 2)), Message(.int(1, 2))])],
      outputs: [Message(.text(1, "y"))])
    let model = try ONNXModel.read(bytes: Storage(ONNXBytes.model(graph)), path: "model.onnx")
    let imported = try importONNX(model).functions[0]
    #expect(imported.weights.compactMap { imported.constant($0)?.floats } == [[5, 0, 0, 7]])
  }

  @Test func whatIsWrong() {
    func refusal(_ sparse: Message) -> String { message { _ = try read(sparse) } }
    let advice = "; sort values and indices together, and add up or drop what stands twice"
    let two = values(5, 7)
    for (index, expected) in [(-1, "0 to 5"), (6, "0 to 5"), (Int.max, "0 to 5")] {
      #expect(
        refusal(sparse(two, indices([2], [0, index]), dims: [2, 3]))
          == "model.onnx: tensor 'w': is sparse and has the index \(index) for value 1; expected \(expected)")
    }
    #expect(
      refusal(sparse(two, indices([2, 2], [0, 0, 0, 3]), dims: [2, 3]))
        == "model.onnx: tensor 'w': is sparse and has the index 3 along axis 1 for value 1; expected 0 to 2")
    #expect(
      refusal(sparse(two, indices([2, 2], [1, 0, 1, 0]), dims: [2, 3]))
        == "model.onnx: tensor 'w': is sparse and has two values for element 3; expected indices that ascend, each once"
        + advice)
    for places in [indices([2, 2], [1, 2, 0, 2]), indices([2], [5, 2])] {
      #expect(
        refusal(sparse(two, places, dims: [2, 3]))
          == "model.onnx: tensor 'w': is sparse and has value 1 for element 2, after one for element 5; "
          + "expected indices that ascend, each once" + advice)
    }
    for dims in [[3], [2, 3], [1], []] {
      #expect(
        refusal(sparse(two, indices(dims, [Int](repeating: 0, count: dims.reduce(1, *))), dims: [2, 3]))
          == "model.onnx: tensor 'w': is sparse and has indices of type i64\(Shape(dims)); expected i64[2] or i64[2, 2] for 2 values of [2, 3]"
      )
    }
    #expect(
      refusal(sparse(two, ONNXBytes.tensor("", type: 6, dims: [2], .ints(5, [0, 1])), dims: [2, 3]))
        .contains("indices of type i32[2]"))
    #expect(
      refusal(Message(.message(1, two)))
        == "model.onnx: tensor 'w': is sparse and has no values or no indices; expected both")
    #expect(
      refusal(sparse(ONNXBytes.tensor("", type: 1, dims: [0]), indices([0], []), dims: [2]))
        == "model.onnx: tensor '': has no name; expected initializers with names")
    for dims in [[], [-1], [1 << 40, 1 << 40], [Int.min]] {
      #expect(refusal(sparse(two, indices([2], [0, 1]), dims: dims)).contains("impossible shape"))
    }
    #expect(
      refusal(sparse(two, indices([2], [0, 1]), dims: [1 << 30, 2]))
        .contains("takes 2147483648 elements of 4 bytes as a dense tensor; expected at most 2684"))
  }

  /// Each alone fits, all together do not.
  @Test func allOfThemAreBounded() {
    let one = sparse(values(5), indices([1], [0]), dims: [40 << 20])
    let graph = Message(.message(15, one), .message(15, one))
    #expect(
      message { _ = try ONNXModel.read(bytes: Storage(ONNXBytes.model(graph)), path: "model.onnx") }
        .contains("takes 41943040 elements of 4 bytes as a dense tensor"))
  }
}
