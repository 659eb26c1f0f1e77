import IR
import Importers
import Tensors
import Testing

/// The outputs of a model, cut to the sizes that the inputs give.
private func run(_ text: String, opset: Int = 17, _ inputs: Tensor...) throws -> [Tensor] {
  let graph = try imported(text, opset: opset)
  return graph.cutToSize(try evaluate(graph, inputs))
}

private func floats(_ values: [Float], _ shape: Shape) -> Tensor { Tensor(values, shape: shape) }
private func bools(_ values: [Int64]) -> Tensor { Tensor(values, shape: [values.count], element: .bool) }

/// Results whose size depends on data, against values worked out by hand.
@Suite struct ONNXDataSizeTests {
  /// Boxes 0 to 2 overlap, box 3 lies apart.
  private let detector = """
    (float[1, 4, 4] boxes, float[1, 2, 4] scores) => (found, best, class) <
      int64 most = {2}, float iou = {0.5}, float score = {0.25}, int64 one = {1}, int64[2] last = {1, 2},
      int64[1] zero = {0}, int64[1] flat = {-1}
    > {
      s = NonMaxSuppression(boxes, scores, most, iou, score)
      plain = Squeeze(boxes, zero)
      table = Squeeze(scores, zero)
      place = Gather<axis = 1>(s, last)
      class, box = Split<axis = 1>(place)
      row = Reshape(box, flat)
      found = Gather(plain, row)
      best = GatherND(table, place)
    }
    """
  private let boxes = floats([0, 0, 2, 2, 0, 0, 2, 1.8, 2, 2.2, 0, 0, 5, 5, 6, 6], [1, 4, 4])

  @Test func aDetectorFindsAsManyBoxesAsThereAre() throws {
    let results = try run(detector, boxes, floats([0.5, 0.75, 0.25, 0.9, 0.1, 0.2, 0.3, 0.1], [1, 2, 4]))
    #expect(results[0].shape == [3, 4])
    #expect(results[0].floats == [5, 5, 6, 6, 0, 0, 2, 1.8, 2, 2.2, 0, 0])
    #expect(results[1].floats == [0.9, 0.75, 0.3])
    #expect(results[2].shape == [3, 1])
    #expect(results[2].integers == [0, 0, 1])
    #expect(results[3].integers == [3])
  }

  @Test func aDetectorMayFindNothing() throws {
    let results = try run(detector, boxes, floats([Float](repeating: 0.25, count: 8), [1, 2, 4]))
    #expect(results.map(\.shape) == [[0, 4], [0], [0, 1], []])
  }

  @Test func elementsThatAreNotZeroAreFoundByRow() throws {
    let text = """
      (float[2, 3] x) => (i, y) {
        i = NonZero(x)
        t = Transpose(i)
        y = GatherND(x, t)
      }
      """
    let results = try run(text, floats([0, 2, 0, 3, 0, -1], [2, 3]))
    #expect(results[0].shape == [2, 3])
    #expect(results[0].integers == [0, 1, 1, 1, 0, 2])
    #expect(results[1].floats == [2, 3, -1])
    #expect(try run(text, Tensor(zeros: .f32, [2, 3])).map(\.shape) == [[2, 0], [0], []])
  }

  @Test func aScalarIsFoundOrNot() throws {
    let text = "(bool[] x) => (y) { y = NonZero(x) }"
    #expect(try run(text, Tensor([1] as [Int64], shape: [], element: .bool))[0].shape == [0, 1])
    #expect(try run(text, Tensor([0] as [Int64], shape: [], element: .bool))[0].shape == [0, 0])
  }

  @Test func masksMayBeShorterThanTheirAxis() throws {
    let text =
      "(float[2, 3] x, bool[2] m) => (y, z) {\n y = Compress<axis = -1>(x, m)\n z = Compress(x, m)\n}"
    let results = try run(text, floats([1, 2, 3, 4, 5, 6], [2, 3]), bools([0, 1]))
    #expect(results[0].shape == [2, 1])
    #expect(results[0].floats == [2, 5])
    #expect(results[1].floats == [2])
  }

  @Test func differentRowsAreSortedOrInOrder() throws {
    let x = floats([2, 1, 1, .nan, 2, 0, .nan, 1], [4, 2])
    func text(_ sorted: Int) -> String {
      "(float[4, 2] x) => (y, i, inverse, n) { y, i, inverse, n = Unique<axis = 0, sorted = \(sorted)>(x) }"
    }
    let sorted = try run(text(1), x)
    #expect(sorted.map(\.integers).dropFirst() == [[1, 2, 0, 3], [2, 0, 1, 3], [1, 1, 1, 1], [4]])
    let repeated = floats([2, 1, .nan, 0, 2, 1, .nan, -0.0], [4, 2])
    let ordered = try run(text(0), repeated)
    #expect(ordered[0].shape == [2, 2])
    #expect(ordered.map(\.integers).dropFirst() == [[0, 1], [0, 1, 0, 1], [2, 2], [2]])
    #expect(try run(text(1), repeated).map(\.integers).dropFirst() == [[0, 1], [0, 1, 0, 1], [2, 2], [2]])
  }

  /// Beyond the size the difference is 100, which is no index; it must not be looked up.
  @Test func indicesBeyondTheSizeAreNotLookedUp() throws {
    let text = """
      (bool[9] m, float[100] x) => (y, z) <int64 end = {100}, int64[1] flat = {-1}> {
        i = NonZero(m)
        j = Sub(end, i)
        k = Reshape(j, flat)
        y = Gather(x, k)
        z = GatherElements(x, k)
      }
      """
    let x = floats((0..<100).map { Float($0) }, [100])
    let results = try run(text, bools([0, 1, 0, 0, 0, 0, 0, 1, 0]), x)
    #expect(results[0].floats == [99, 93])
    #expect(results[1].floats == [99, 93])
  }

  @Test func firstElementsAreAtMostAsManyAsThereAre() throws {
    let text = """
      (bool[6] m) => (y) <int64[1] zero = {0}, int64[1] two = {2}, int64[1] axis = {1}> {
        i = NonZero(m)
        y = Slice(i, zero, two, axis)
      }
      """
    #expect(try run(text, bools([0, 1, 0, 1, 1, 0]))[0].integers == [1, 3])
    #expect(try run(text, bools([0, 0, 0, 0, 1, 0]))[0].integers == [4])
    #expect(try run(text, bools([0, 0, 0, 0, 0, 0]))[0].shape == [1, 0])
  }
}
