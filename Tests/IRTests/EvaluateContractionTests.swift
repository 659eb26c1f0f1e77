import IR
import Tensors
import TestSupport
import Testing

@Suite struct EvaluateContractionTests {
  private static let contractions = opCases.filter {
    ["conv", "conv_transpose", "matmul", "pool"].contains($0.op.name)
  }

  @Test(arguments: contractions) func agreesWithTheDefiningSum(_ opCase: OpCase) throws {
    let operands = opCase.tensors
    let result = try opCase.op.evaluate(operands)[0]
    var activation: Unary?
    var sums: [Double]
    switch opCase.op {
    case .conv(let op):
      sums = naiveConv(op, operands, result.shape)
      activation = op.activation
    case .convTranspose(let op):
      sums = naiveConvTranspose(op, operands, result.shape)
      activation = op.activation
    case .matmul(let op):
      sums = naiveMatMul(op, operands, result.shape)
      activation = op.activation
    case .pool(let op): sums = naivePool(op, operands[0], result.shape)
    default: return
    }
    var reference = Tensor(sums.map { Float($0) }, shape: result.shape)
    if let activation { reference = try Op.unary(activation).evaluate([reference])[0] }
    reference = reference.converted(to: result.element)
    #expect(TensorDifference(result, reference: reference).relative <= OpCase.rounding(result.element))
  }

  @Test func matrixProductByHand() throws {
    let a = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    let b = Tensor([1, 0, 0, 1, 1, 1] as [Float], shape: [3, 2])
    let bias = Tensor([-10, 0.5] as [Float], shape: [2])
    #expect(try Op.matmul(MatMul()).evaluate([a, b])[0].floats == [4, 5, 10, 11])
    #expect(
      try Op.matmul(MatMul(activation: Unary(.relu))).evaluate([a, b, bias])[0].floats == [0, 5.5, 0, 11.5])
    #expect(try Op.matmul(MatMul(transposeB: true)).evaluate([a, a])[0].floats == [14, 32, 32, 77])
  }

  @Test func convolutionByHand() throws {
    let x = Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9] as [Float], shape: [1, 1, 3, 3])
    let w = Tensor([1, 0, 0, -1] as [Float], shape: [1, 1, 2, 2])
    #expect(try Op.conv(Conv()).evaluate([x, w])[0].floats == [-4, -4, -4, -4])
    let padded = try Op.conv(Conv(Window(pads: [1, 0, 0, 0]))).evaluate([x, w])[0]
    #expect(padded.shape == [1, 1, 3, 2])
    #expect(padded.floats == [-2, -3, -4, -4, -4, -4])
  }

  @Test func transposedConvolutionByHand() throws {
    let x = Tensor([1, 2] as [Float], shape: [1, 1, 2])
    let w = Tensor([1, 10, 100] as [Float], shape: [1, 1, 3])
    #expect(
      try Op.convTranspose(ConvTranspose(Window(strides: [2]))).evaluate([x, w])[0].floats == [
        1, 10, 102, 20, 200,
      ])
  }

  /// The transposed convolution is the adjoint of the convolution: ⟨conv(x), y⟩ = ⟨x, convTranspose(y)⟩.
  @Test func transposedConvolutionIsTheAdjoint() throws {
    let window = Window(strides: [2, 1], dilations: [1, 2], pads: [1, 0, 2, 1])
    let x = Tensor(random: .f32, [2, 4, 8, 7], seed: 1)
    let w = Tensor(random: .f32, [6, 2, 3, 2], seed: 2)
    let forward = try Op.conv(Conv(window, group: 2)).evaluate([x, w])[0]
    let y = Tensor(random: .f32, forward.shape, seed: 3)
    let back = try Op.convTranspose(ConvTranspose(window, group: 2, outputPadding: [0, 0])).evaluate([y, w])[
      0]
    #expect(back.shape == x.shape)
    func dot(_ a: Tensor, _ b: Tensor) -> Double {
      zip(a.floats, b.floats).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    #expect(abs(dot(forward, y) - dot(x, back)) < 1e-4)
  }

  @Test func poolingByHand() throws {
    let x = Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9] as [Float], shape: [1, 1, 3, 3])
    func pool(_ kind: Pool.Kind, _ window: Window, ceil: Bool = false) throws -> [Float] {
      try Op.pool(Pool(kind, kernel: [2, 2], window, ceil: ceil)).evaluate([x])[0].floats
    }
    let corner = Window(strides: [2, 2], pads: [1, 1, 0, 0])
    #expect(try pool(.max, corner) == [1, 3, 7, 9])
    #expect(try pool(.average, corner) == [1, 2.5, 5.5, 7])
    #expect(try pool(.averagePadded, corner) == [0.25, 1.25, 2.75, 7])
    let stepped = Window(strides: [2, 2])
    #expect(try pool(.max, stepped, ceil: true) == [5, 6, 8, 9])
    // What ceil mode adds beyond the padding never counts.
    #expect(try pool(.averagePadded, stepped, ceil: true) == [3, 4.5, 7.5, 9])
  }

  @Test func paddingNeverWinsAMaximum() throws {
    let x = Tensor([-5, -7, -6, -8] as [Int64], shape: [1, 1, 2, 2], element: .i8)
    let pool = Op.pool(Pool(.max, kernel: [3, 3], Window(pads: [1, 1, 1, 1])))
    #expect(try pool.evaluate([x])[0].integers == [-5, -5, -5, -5])
    #expect(
      try pool.evaluate([Tensor([1, .nan, 2, 3] as [Float], shape: [1, 1, 2, 2])])[0].floats.allSatisfy(
        \.isNaN))
  }

  @Test func positionsOfMaxima() throws {
    let x = Tensor([1, 7, 3, 4, 7, 9, 7, 9, 9] as [Float], shape: [1, 1, 3, 3])
    func positions(_ op: ArgPool, _ x: Tensor) throws -> [Int64] {
      try Op.argPool(op).evaluate([x])[0].integers
    }
    #expect(try positions(ArgPool(kernel: [2, 2]), x) == [1, 5, 7, 5])
    let corner = Window(strides: [2, 2], pads: [1, 1, 0, 0])
    #expect(try positions(ArgPool(kernel: [2, 2], corner), x) == [0, 1, 6, 5])
    // The second plane counts on; NaN wins, the first of two; a window of padding has no position.
    let planes = Tensor([-2, -1, .nan, .nan, -.infinity, -.infinity] as [Float], shape: [1, 2, 3])
    #expect(
      try positions(ArgPool(kernel: [2], Window(pads: [2, 0])), planes) == [-1, 0, 1, 2, -1, 3, 3, 4])
    let window = Window(strides: [1], pads: [0, 2])
    #expect(try positions(ArgPool(kernel: [1], window), planes) == [0, 1, 2, -1, -1, 3, 4, 5, -1, -1])
  }

  @Test func regionsByHand() throws {
    let x = Tensor((0..<16).map { Float($0) }, shape: [1, 1, 4, 4])
    func align(_ op: RoiAlign, _ roi: [Float]) throws -> [Float] {
      try Op.roiAlign(op).evaluate([
        x, Tensor(roi, shape: [1, 4]), Tensor([-1] as [Int64], shape: [1]),
      ])[0].floats
    }
    // Four samples at the middles of elements, in either way of counting them.
    for ratio in [0, 2] {
      let op = RoiAlign(height: 2, width: 2, samplingRatio: ratio)
      #expect(try align(op, [0, 0, 4, 4]) == [2.5, 4.5, 10.5, 12.5])
    }
    #expect(try align(RoiAlign(.avg, .outputHalfPixel, samplingRatio: 1), [1, 1, 2, 2]) == [7.5])
    #expect(try align(RoiAlign(samplingRatio: 1, spatialScale: 0.5), [2, 2, 6, 6]) == [7.5])
    // The largest weighted element, not the largest sample: a quarter of 10.
    #expect(try align(RoiAlign(.max, .outputHalfPixel, samplingRatio: 1), [1, 1, 2, 2]) == [2.5])
    // Beyond the border stands the outermost element, and nothing after another element.
    #expect(try align(RoiAlign(.avg, .outputHalfPixel, samplingRatio: 1), [3, 3, 4.5, 4.5]) == [15])
    #expect(try align(RoiAlign(.avg, .outputHalfPixel, samplingRatio: 1), [4, 3, 5, 4]) == [0])
    // Malformed regions have the size of one element, or no sample at all.
    #expect(try align(RoiAlign(.avg, .outputHalfPixel), [1.5, 1.5, 0, 0]) == [10])
    #expect(try align(RoiAlign(), [2, 2, 0, 0]) == [0])
  }

  @Test func regionsWithoutEnd() throws {
    let x = Tensor([Float](repeating: 1, count: 6), shape: [1, 1, 2, 3])
    let index = Tensor([0] as [Int64], shape: [1])
    let all = Tensor([-.infinity, -1e30, .infinity, 3e38] as [Float], shape: [1, 4])
    let average = try Op.roiAlign(RoiAlign()).evaluate([x, all, index])[0].floats[0]
    // Samples lie an element apart: 3 x 4 of the 2^31 x 2^31 are within an element of the image.
    #expect(average == 12 * 0x1p-62)
    #expect(try Op.roiAlign(RoiAlign(.max)).evaluate([x, all, index])[0].floats == [1])
    let none = Tensor([.nan, .nan, .nan, .nan] as [Float], shape: [1, 4])
    #expect(try Op.roiAlign(RoiAlign()).evaluate([x, none, index])[0].floats == [0])
    let error = #expect(throws: OpError.self) {
      try Op.roiAlign(RoiAlign()).evaluate([x, all, Tensor([1] as [Int64], shape: [1])])
    }
    #expect(error?.description == "index 1 lies outside the 1 images, expected -1 to 0")
  }

  @Test func longImagesGoThroughSeveralBlocks() throws {
    // 2^24 / (64 · 9) positions make one block; this image has more.
    let op = Conv(Window(pads: [4, 4]))
    let x = Tensor(random: .f32, [1, 64, 30_000], seed: 5)
    let w = Tensor(random: .f32, [1, 64, 9], seed: 6)
    let y = try Op.conv(op).evaluate([x, w])[0]
    let (xs, ws, ys) = (x.floats, w.floats, y.floats)
    for position in [0, 3, 29_125, 29_126, 29_127, 29_128, 29_999] {
      var sum = 0.0
      for channel in 0..<64 {
        for tap in 0..<9 where (0..<30_000).contains(position + tap - 4) {
          sum += Double(xs[channel * 30_000 + position + tap - 4]) * Double(ws[channel * 9 + tap])
        }
      }
      #expect(abs(Double(ys[position]) - sum) < 1e-4)
    }
  }
}
