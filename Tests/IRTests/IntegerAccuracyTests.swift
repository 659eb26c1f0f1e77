import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// How far softmax and norms of integers lie from the same in double, on the same integers.
@Suite struct IntegerAccuracyTests {
  @Test(arguments: [8, 64, 256, 1024, 4096], [ElementType.i8, .u8, .i16])
  func softmax(_ length: Int, _ result: ElementType) throws {
    // Logits of ±30 in steps of 30 / 32767, spread evenly and as of attention.
    let step = 30.0 / 32767
    for spread in [1.0, 0.1] {
      let x = integers(.i16, [8, length], seed: UInt64(length)) { 32767 * spread * $0 }
      let (multiplier, shift) = try #require(Rescaling.fixed(step * 65536 / log(2)))
      let zero: Int64 = result == .i8 ? -128 : 0
      let y = try Op.softmaxInteger(SoftmaxInteger()).evaluate([
        x, scalar(0, .i16), scalar(Int64(multiplier), .i32), scalar(Int64(shift), .i8), scalar(zero, result),
      ])[0].integers.map { Double($0 - zero) }
      let levels = result == .i16 ? 32768.0 : 256
      let top = Double((result.integerRange ?? 0...0).upperBound - zero)
      var wanted: [Double] = []
      for row in rows(x, length) {
        let powers = row.map { exp((Double($0) - Double(row.max() ?? 0)) * step) }
        let sum = powers.reduce(0, +)
        wanted += powers.map { min($0 / sum * levels, top) }
      }
      let worst = zip(y, wanted).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= 0.51, "\(result), \(length), spread \(spread): \(worst) steps")
    }
  }

  @Test(arguments: [64, 384, 1024, 4096], NormInteger.Kind.allCases)
  func norms(_ channels: Int, _ kind: NormInteger.Kind) throws {
    // Some channels are 50 times as large as the others, and one of them is off its mean.
    let x = integers(.i16, [8, channels], seed: UInt64(channels)) { $0 * 600 }
    var values = x.integers
    for row in 0..<8 {
      for channel in stride(from: 5, to: channels, by: 61) {
        let place = row * channels + channel
        values[place] = min(max(values[place] * 50 + 900, -32768), 32767)
      }
    }
    let gamma = integers(.i16, [channels], seed: 3) { 16000 + 15000 * $0 }
    let beta = integers(.i32, [channels], seed: 4) { 20000 * $0 }
    let epsilon = 1e-5 / (1e-3 * 1e-3)
    var wanted: [Double] = []
    for row in rows(Tensor(values, shape: [8, channels]), channels) {
      let mean = kind == .rms ? 0 : row.reduce(0) { $0 + Double($1) } / Double(channels)
      let variance = row.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(channels)
      for (index, value) in row.enumerated() {
        let z = (Double(value) - mean) / (variance + epsilon).squareRoot()
        wanted.append(z * Double(gamma.integers[index]) / 32768 + Double(beta.integers[index]) / 65536)
      }
    }
    let scale = (wanted.map(abs).max() ?? 1) / 32767
    let (multiplier, shift) = try #require(Rescaling.fixed(1 / 65536 / scale))
    let shape: Shape = kind == .group ? [8, channels, 1] : [8, channels]
    let y = try Op.normInteger(NormInteger(kind, epsilon: epsilon)).evaluate([
      Tensor(values, shape: shape, element: .i16), scalar(0, .i16), gamma, beta,
      scalar(Int64(multiplier), .i32),
      scalar(Int64(shift), .i8), scalar(0, .i16),
    ])[0].integers.map { Double($0) * scale }
    // No i16 is nearer than the exact result rounded to one.
    func ratio(_ values: [Double]) -> Double {
      let noise = zip(values, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return 10 * log10(wanted.reduce(0) { $0 + $1 * $1 } / noise)
    }
    let best = ratio(wanted.map { ($0 / scale).rounded() * scale })
    #expect(ratio(y) >= max(best - 0.3, 60), "\(kind) of \(channels): \(ratio(y)) dB, at best \(best)")
    let worst = zip(y, wanted).map { abs($0 - $1) / scale }.max() ?? 0
    #expect(worst <= 0.75, "\(kind) of \(channels): \(worst) steps")
  }

  /// Numbers made of normally distributed ones.
  private func integers(_ element: ElementType, _ shape: Shape, seed: UInt64, _ scale: (Double) -> Double)
    -> Tensor
  {
    var generator = SplitMix64(seed: seed)
    let range = element.integerRange ?? 0...0
    let values = (0..<shape.elementCount).map { _ in
      let normal = (-2 * log(max(generator.unit(), 1e-12))).squareRoot() * cos(2 * .pi * generator.unit())
      return min(max(Int64(scale(normal / 3).rounded()), range.lowerBound), range.upperBound)
    }
    return Tensor(values, shape: shape, element: element)
  }

  private func scalar(_ value: Int64, _ element: ElementType) -> Tensor {
    Tensor([value], shape: [], element: element)
  }

  private func rows(_ x: Tensor, _ length: Int) -> [ArraySlice<Int64>] {
    let values = x.integers
    return stride(from: 0, to: values.count, by: length).map { values[$0..<($0 + length)] }
  }
}
