import Foundation
import IR
import Importers
import Tensors
import TestSupport
import Testing

/// Fourier transforms against their defining sums in double precision.
@Suite struct ONNXFourierTests {
  /// Primes, products of two factors, and lengths whose factors are split again.
  static let lengths = [1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 15, 16, 21, 22, 30, 49, 60, 64, 97, 194, 1001]

  @Test(arguments: lengths) func complexSignals(_ length: Int) throws {
    let x = Tensor(random: .f32, [2, length, 2], .uniform(-1, 1), seed: 1)
    for isInverse in [false, true] {
      let found = try transform("DFT<axis = 1, inverse = \(isInverse ? 1 : 0)>(x)", x)
      #expect(found.shape == [2, length, 2])
      #expect(distance(found, sums(x, length, isInverse)) < 2e-6, "inverse: \(isInverse)")
    }
  }

  @Test(arguments: lengths) func realSignals(_ length: Int) throws {
    let x = Tensor(random: .f32, [2, length, 1], .uniform(-1, 1), seed: 2)
    let whole = sums(complex(x), length, false)
    #expect(distance(try transform("DFT<axis = 1>(x)", x), whole) < 2e-6)
    let half = try transform("DFT<axis = 1, onesided = 1>(x)", x)
    #expect(half.shape == [2, length / 2 + 1, 2])
    let kept = whole.map { Array($0.prefix(half.shape[1] * 2)) }
    #expect(distance(half, kept) < 2e-6)
  }

  /// A half spectrum of any numbers stands for a real signal; what its own mirror images have as imaginary
  /// parts does not matter.
  @Test(arguments: lengths.filter { $0 % 2 == 0 }) func halfSpectra(_ length: Int) throws {
    let count = length / 2 + 1
    let half = Tensor(random: .f32, [2, count, 2], .uniform(-1, 1), seed: 3)
    let found = try transform("DFT<axis = 1, inverse = 1, onesided = 1>(x)", half)
    #expect(found.shape == [2, length, 1])
    var whole: [Float] = []
    for row in 0..<2 {
      for index in 0..<length {
        let source = (row * count + min(index, length - index)) * 2
        let sign: Float = 2 * index % length == 0 ? 0 : index < count ? 1 : -1
        whole += [half.floats[source], sign * half.floats[source + 1]]
      }
    }
    let expected = sums(Tensor(whole, shape: [2, length, 2]), length, true)
    let real = expected.map { row in stride(from: 0, to: row.count, by: 2).map { row[$0] } }
    #expect(distance(found, real) < 2e-6)
  }

  /// The transform's length may differ from the signal's, and the axis need not be the second.
  @Test func otherLengthsAndAxes() throws {
    for length in [6, 10, 21] {
      let x = Tensor(random: .f32, [3, 10, 2], .uniform(-1, 1), seed: 4)
      let text = "(float[3, 10, 2] x) => (y) <int64 n = {\(length)}, int64 a = {1}> { y = DFT(x, n, a) }"
      let found = try evaluate(try imported(text, opset: 20), [x])[0]
      var fitted: [Float] = []
      for row in 0..<3 {
        let values = x.floats[(row * 20)..<(row * 20 + 20)]
        fitted += (Array(values) + [Float](repeating: 0, count: 24)).prefix(2 * length)
      }
      #expect(
        distance(found, sums(Tensor(fitted, shape: [3, length, 2]), length, false)) < 2e-6, "\(length)")
    }
    let x = Tensor(random: .f32, [10, 3, 2], .uniform(-1, 1), seed: 5)
    let turned = try Op.transpose(Transpose([1, 0, 2])).evaluate([x])[0]
    let found = try evaluate(
      try imported("(float[10, 3, 2] x) => (y) { y = DFT<axis = 0>(x) }", opset: 17), [x])[0]
    let moved = try Op.transpose(Transpose([1, 0, 2])).evaluate([found])[0]
    #expect(distance(moved, sums(turned, 10, false)) < 2e-6)
  }

  private func transform(_ call: String, _ x: Tensor) throws -> Tensor {
    let extents = x.shape.extents.map(String.init).joined(separator: ", ")
    return try evaluate(try imported("(float[\(extents)] x) => (y) { y = \(call) }", opset: 17), [x])[0]
  }

  private func complex(_ x: Tensor) -> Tensor {
    Tensor(x.floats.flatMap { [$0, 0] }, shape: [x.shape[0], x.shape[1], 2])
  }

  /// For each row, real and imaginary parts of the sums.
  private func sums(_ x: Tensor, _ length: Int, _ isInverse: Bool) -> [[Double]] {
    let turns = (0..<length).map { 2 * Double.pi * Double($0) / Double(length) * (isInverse ? 1 : -1) }
    let (cosines, sines) = (turns.map { cos($0) }, turns.map { sin($0) })
    let scale = isInverse ? 1 / Double(length) : 1
    let values = x.floats.map { Double($0) }
    return (0..<x.shape[0]).map { row in
      (0..<length).flatMap { output in
        var (real, imaginary) = (0.0, 0.0)
        for input in 0..<length {
          let (a, b) = (values[(row * length + input) * 2], values[(row * length + input) * 2 + 1])
          let turn = input * output % length
          real += a * cosines[turn] - b * sines[turn]
          imaginary += a * sines[turn] + b * cosines[turn]
        }
        return [real * scale, imaginary * scale]
      }
    }
  }

  /// The largest difference in units of the largest expected value.
  private func distance(_ found: Tensor, _ expected: [[Double]]) -> Double {
    let wanted = expected.flatMap { $0 }
    guard found.elementCount == wanted.count else { return .infinity }
    let largest = wanted.map { abs($0) }.max() ?? 0
    return zip(found.floats, wanted).map { abs(Double($0) - $1) }.max()! / max(largest, 1e-30)
  }
}
