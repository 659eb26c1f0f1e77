import IR
import Importers
import Tensors
import TestSupport
import Testing

private func run(_ text: String, opset: Int = 19, _ inputs: Tensor...) throws -> [Tensor] {
  try evaluate(try imported(text, opset: opset), inputs)
}

private func close(_ found: [Float], _ expected: [Double]) -> Bool {
  let largest = expected.map(abs).max() ?? 1
  return found.count == expected.count
    && zip(found, expected).allSatisfy { abs(Double($0) - $1) <= 1e-5 * largest }
}

/// Deformable convolutions, positions of maxima, determinants and old operators, against their definitions.
@Suite struct ONNXRegionNumericTests {
  /// What a position between elements holds, with zeros outside.
  private func sample(_ x: [Float], _ height: Int, _ width: Int, _ h: Double, _ w: Double) -> Double {
    var sum = 0.0
    for row in 0..<height {
      for column in 0..<width {
        let weight = max(0, 1 - abs(h - Double(row))) * max(0, 1 - abs(w - Double(column)))
        if weight > 0 { sum += weight * Double(x[row * width + column]) }
      }
    }
    return sum
  }

  @Test(arguments: [1, 2, 4], [1, 2]) func deformableConvolution(offsetGroups: Int, groups: Int) throws {
    let text = """
      (float[2, 4, 6, 7] x, float[6, \(4 / groups), 3, 2] w, float[2, \(12 * offsetGroups), 4, 7] o, float[6] b,
       float[2, \(6 * offsetGroups), 4, 7] m) => (y) {
        y = DeformConv<group = \(groups), offset_group = \(offsetGroups), strides = [2, 1], dilations = [1, 2],
          pads = [2, 1, 1, 1]>(x, w, o, b, m)
      }
      """
    let x = Tensor(random: .f32, [2, 4, 6, 7], seed: 1)
    let w = Tensor(random: .f32, [6, 4 / groups, 3, 2], seed: 2)
    let o = Tensor(random: .f32, [2, 12 * offsetGroups, 4, 7], .uniform(-3, 3), seed: 3)
    let b = Tensor(random: .f32, [6], seed: 4)
    let m = Tensor(random: .f32, [2, 6 * offsetGroups, 4, 7], seed: 5)
    let y = try run(text, x, w, o, b, m)[0]
    #expect(y.shape == [2, 6, 4, 7])
    let (xs, ws, os, bs, ms) = (x.floats, w.floats, o.floats, b.floats, m.floats)
    var expected: [Double] = []
    for n in 0..<2 {
      for output in 0..<6 {
        for row in 0..<4 {
          for column in 0..<7 {
            let position = row * 7 + column
            var sum = Double(bs[output])
            for input in 0..<(4 / groups) {
              let channel = output / (6 / groups) * (4 / groups) + input
              let plane = Array(xs[((n * 4 + channel) * 42)...].prefix(42))
              for tap in 0..<6 {
                let group = (n * offsetGroups + channel / (4 / offsetGroups)) * 6 + tap
                let h = Double(row * 2 - 2 + tap / 2) + Double(os[(group * 2) * 28 + position])
                let w = Double(column - 1 + tap % 2 * 2) + Double(os[(group * 2 + 1) * 28 + position])
                let weight = Double(ws[(output * (4 / groups) + input) * 6 + tap])
                sum += weight * Double(ms[group * 28 + position]) * sample(plane, 6, 7, h, w)
              }
            }
            expected.append(sum)
          }
        }
      }
    }
    #expect(close(y.floats, expected))
  }

  /// Without offsets it is a convolution, in one, two and three dimensions, and where an extent is 1.
  @Test(arguments: [
    ("[1, 2, 9]", "[3, 2, 4]", "[1, 4, 6]"), ("[1, 2, 1, 5]", "[3, 2, 1, 3]", "[1, 6, 1, 3]"),
    ("[1, 2, 4, 3, 5]", "[3, 2, 2, 1, 2]", "[1, 12, 3, 3, 4]"),
  ]) func withoutOffsets(x: String, w: String, o: String) throws {
    let text = """
      (float\(x) x, float\(w) w, float\(o) o) => (y, z) {
        y = DeformConv(x, w, o)
        z = Conv(x, w)
      }
      """
    let graph = try imported(text, opset: 19)
    let shapes = graph.inputs.map { graph.shape(of: $0.value) }
    let results = try evaluate(
      graph,
      [
        Tensor(random: .f32, shapes[0], seed: 1), Tensor(random: .f32, shapes[1], seed: 2),
        Tensor(zeros: .f32, shapes[2]),
      ])
    #expect(results[0].shape == results[1].shape)
    #expect(close(results[0].floats, results[1].floats.map { Double($0) }))
  }

  @Test func positionsInColumnMajorOrder() throws {
    let text = """
      (float[1, 2, 2, 3, 4] x) => (i, j) {
        y, i = MaxPool<kernel_shape = [1, 1, 1]>(x)
        z, j = MaxPool<kernel_shape = [1, 1, 1], storage_order = 1>(x)
      }
      """
    let results = try run(text, Tensor(random: .f32, [1, 2, 2, 3, 4], seed: 1))
    #expect(results[0].integers == (0..<48).map { Int64($0) })
    var expected: [Int64] = []
    for plane in 0..<2 {
      for d in 0..<2 {
        for h in 0..<3 {
          for w in 0..<4 { expected.append(Int64(plane * 24 + d + h * 2 + w * 6)) }
        }
      }
    }
    #expect(results[1].integers == expected)
  }

  /// The sum over all permutations.
  private func determinant(_ x: [Double], _ size: Int) -> Double {
    if size == 0 { return 1 }
    var sum = 0.0
    for column in 0..<size {
      let minor = (size..<(size * size)).filter { $0 % size != column }.map { x[$0] }
      sum += (column % 2 == 0 ? 1 : -1) * x[column] * determinant(minor, size - 1)
    }
    return sum
  }

  @Test(arguments: 0...8) func determinants(size: Int) throws {
    let x = Tensor(random: .f32, [3, 2, size, size], seed: UInt64(size))
    let y = try run("(float[3, 2, \(size), \(size)] x) => (y) { y = Det(x) }", x)[0]
    #expect(y.shape == [3, 2])
    let values = x.floats.map { Double($0) }
    let expected = (0..<6).map { determinant(Array(values[($0 * size * size)...].prefix(size * size)), size) }
    #expect(close(y.floats, expected))
  }

  /// Zeros as pivots, whole columns of them, and rows that depend on each other.
  @Test func determinantsOfSpecialMatrices() throws {
    let matrices: [[Float]] = [
      [0, 2, 1, 3, 0, 1, 0, 1, 0], [0, 1, 2, 0, 3, 4, 0, 5, 6], [1, 2, 3, 2, 4, 6, 1, 1, 1],
      [0, 0, 1, 0, 1, 0, 1, 0, 0], [2, 0, 0, 0, 3, 0, 0, 0, 4], [.infinity, 0, 0, 0, 1, 0, 0, 0, 1],
    ]
    let x = Tensor(matrices.flatMap { $0 }, shape: [6, 3, 3])
    let y = try run("(float[6, 3, 3] x) => (y) { y = Det(x) }", x)[0].floats
    #expect(Array(y.prefix(5)) == [3, 0, 0, -1, 24])
    #expect(y[5] == .infinity)
  }

  @Test func slopesOfChannelsBeforeOpset7() throws {
    let x = Tensor([-1, -1, -1, 1] as [Float], shape: [1, 2, 2])
    let text = "(float[1, 2, 2] x) => (y) <float[2] s = {2, 3}> { y = PRelu(x, s) }"
    #expect(try run(text, opset: 6, x)[0].floats == [-2, -2, -3, 1])
    #expect(try run(text, opset: 7, x)[0].floats == [-2, -3, -2, 1])
  }
}
