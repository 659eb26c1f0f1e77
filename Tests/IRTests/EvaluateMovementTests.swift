import IR
import Tensors
import TestSupport
import Testing

@Suite struct EvaluateMovementTests {
  private let x = Tensor((0..<6).map { Float($0) }, shape: [2, 3])

  private func floats(_ op: Op, _ operands: [Tensor]) throws -> [Float] {
    try op.evaluate(operands)[0].floats
  }

  @Test func movementsByHand() throws {
    #expect(try floats(.transpose(Transpose([1, 0])), [x]) == [0, 3, 1, 4, 2, 5])
    #expect(try floats(.reshape(Reshape([3, 2])), [x]) == [0, 1, 2, 3, 4, 5])
    #expect(try floats(.expand(Expand([2, 2, 3])), [x]) == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    #expect(try floats(.concat(Concat(axis: 1)), [x, x]) == [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5])
    #expect(try floats(.concat(Concat(axis: -2)), [x, x]) == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    #expect(try floats(.slice(Slice(starts: [1, 2], counts: [1, 2], steps: [1, -2])), [x]) == [5, 3])
    #expect(try floats(.slice(Slice(starts: [0, 1], counts: [2, 1])), [x]) == [1, 4])
  }

  /// y[i0, i1, ..] = x at the permuted index, element by element.
  @Test(arguments: opCases.filter { $0.op.name == "transpose" }) func transposesByDefinition(_ opCase: OpCase)
    throws
  {
    guard case .transpose(let op) = opCase.op else { return }
    let x = opCase.tensors[0]
    let y = try opCase.op.evaluate([x])[0]
    let (from, to) = (x.integers, y.integers)
    for index in to.indices {
      var rest = index
      var source = 0
      for axis in y.shape.indices.reversed() {
        source += rest % y.shape[axis] * x.shape.strides[op.permutation[axis]]
        rest /= y.shape[axis]
      }
      #expect(to[index] == from[source])
    }
  }

  @Test(
    arguments: [
      (.constant, [9, 9, 1, 2, 3, 9]), (.reflect, [3, 2, 1, 2, 3, 2]), (.edge, [1, 1, 1, 2, 3, 3]),
      (.wrap, [2, 3, 1, 2, 3, 1]),
    ] as [(Pad.Mode, [Float])])
  func paddingByHand(_ mode: Pad.Mode, _ expected: [Float]) throws {
    let row = Tensor([1, 2, 3] as [Float], shape: [3])
    #expect(try floats(.pad(Pad([2, 1], mode: mode, value: 9)), [row]) == expected)
  }

  @Test func paddingCropsAndFillsCorners() throws {
    #expect(try floats(.pad(Pad([0, -1, 1, 1], value: -1)), [x]) == [1, 2, -1, 4, 5, -1, -1, -1, -1])
    #expect(try floats(.pad(Pad([1, 0, 0, 1], mode: .edge)), [x]) == [0, 1, 2, 2, 0, 1, 2, 2, 3, 4, 5, 5])
    let bytes = Tensor([1, 2] as [Int64], shape: [2], element: .u8)
    #expect(try Op.pad(Pad([1, 0], value: 7)).evaluate([bytes])[0].integers == [7, 1, 2])
    let wide = Tensor([1] as [Int64], shape: [1])
    #expect(try Op.pad(Pad([0, 1], value: 1e15)).evaluate([wide])[0].integers == [1, 1_000_000_000_000_000])
  }

  @Test func gatherByHand() throws {
    let indices = Tensor([2, -3] as [Int64], shape: [2])
    #expect(try floats(.gather(Gather(axis: 1)), [x, indices]) == [2, 0, 5, 3])
    let rows = Tensor([1, 1, 0, -1] as [Int64], shape: [2, 2], element: .i32)
    let y = try Op.gather(Gather()).evaluate([x, rows])[0]
    #expect(y.shape == [2, 2, 3])
    #expect(y.floats == [3, 4, 5, 3, 4, 5, 0, 1, 2, 3, 4, 5])
  }

  @Test(arguments: [3, -4, Int64.max, Int64.min]) func gatherRefusesIndicesOutside(_ index: Int64) throws {
    let error = #expect(throws: OpError.self) {
      try Op.gather(Gather(axis: 1)).evaluate([x, Tensor([0, index] as [Int64], shape: [2])])
    }
    #expect(error?.message == "index \(index) lies outside axis 1 of [2, 3], expected -3 to 2")
  }

  @Test func nearestResizeByHand() throws {
    let row = Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 4])
    func resize(_ sizes: Int, _ coordinates: Resize.Coordinates, _ rounding: Resize.Rounding) throws
      -> [Float]
    {
      try floats(
        .resize(Resize(.nearest, sizes: [sizes], coordinates: coordinates, rounding: rounding)), [row])
    }
    #expect(try resize(8, .asymmetric, .floor) == [1, 1, 2, 2, 3, 3, 4, 4])
    #expect(try resize(8, .asymmetric, .ceil) == [1, 2, 2, 3, 3, 4, 4, 4])
    #expect(try resize(8, .halfPixel, .preferFloor) == [1, 1, 2, 2, 3, 3, 4, 4])
    // Coordinates 0.5 and 2.5 are ties.
    #expect(try resize(2, .halfPixel, .preferFloor) == [1, 3])
    #expect(try resize(2, .halfPixel, .preferCeil) == [2, 4])
    #expect(try resize(2, .alignCorners, .floor) == [1, 4])
    #expect(try resize(1, .pytorchHalfPixel, .floor) == [1])
  }

  @Test func linearResizeByHand() throws {
    let square = Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 2, 2])
    // The example of ONNX's Resize.
    #expect(
      try floats(.resize(Resize(.linear, sizes: [4, 4])), [square]) == [
        1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4,
      ])
    let corners = try floats(.resize(Resize(.linear, sizes: [3, 3], coordinates: .alignCorners)), [square])
    #expect(corners == [1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4])
    // A stated scale moves the samples; sizes alone would give [1, 2, 3].
    let row = Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 4])
    let stated = Resize(.linear, sizes: [3], scales: [0.5], coordinates: .asymmetric)
    #expect(try floats(.resize(stated), [row]) == [1, 3, 4])
  }

  @Test func cubicResizeKeepsSamplesAndLines() throws {
    let row = Tensor((0..<9).map { Float($0) }, shape: [1, 1, 9])
    let doubled = try floats(.resize(Resize(.cubic, sizes: [17], coordinates: .alignCorners)), [row])
    for position in stride(from: 0, to: 17, by: 2) { #expect(doubled[position] == Float(position / 2)) }
    for position in stride(from: 3, to: 14, by: 2) {
      #expect(abs(doubled[position] - Float(position) / 2) < 1e-6)
    }
    // Weights at a half: a/8·(..) = -0.09375, 0.59375, 0.59375, -0.09375 for a = -0.75; edges repeat.
    #expect(abs(doubled[1] - (0.59375 * 1 - 0.09375 * 2)) < 1e-6)
    var excluding = Resize(.cubic, sizes: [17], coordinates: .alignCorners)
    excluding.excludeOutside = true
    let renormalized = try floats(.resize(excluding), [row])
    #expect(abs(renormalized[1] - (0.59375 * 1 - 0.09375 * 2) / 1.09375) < 1e-6)
  }
}
