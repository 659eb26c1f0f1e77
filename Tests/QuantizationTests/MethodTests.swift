import Quantization
import Tensors
import TestSupport
import Testing

/// Inputs whose elements go together, which is what lets one weight make up for another.
private func correlatedRows(_ count: Int, length: Int, seed: UInt64) -> [Float] {
  var random = SplitMix64(seed: seed)
  return (0..<count).flatMap { _ -> [Float] in
    let common = Float(random.unit() * 2 - 1)
    return (0..<length).map { Float($0 + 1) * 0.1 * (common + 0.3 * Float(random.unit() - 0.5)) }
  }
}

private func outputError(_ weights: [Float], _ integers: [Int8], _ scales: [Float], _ rows: [Float]) -> Float
{
  let length = weights.count / scales.count
  var sum: Float = 0
  for row in stride(from: 0, to: rows.count, by: length) {
    for output in scales.indices {
      var error: Float = 0
      for index in 0..<length {
        let weight = weights[output * length + index]
        error += rows[row + index] * (weight - Float(integers[output * length + index]) * scales[output])
      }
      sum += error * error
    }
  }
  return sum
}

@Test func compensatedRoundingHalvesTheErrorOfNearest() throws {
  // More than one block of weights.
  let (length, outputs) = (150, 4)
  let weights = Tensor(random: .f32, [outputs, length], seed: 9).floats
  let scales = [Float](repeating: 1 / 15, count: outputs)
  let rows = correlatedRows(600, length: length, seed: 4)
  let rounding = try #require(CompensatedRounding(rows: rows, length: length))
  var integers = [Int8](repeating: 0, count: weights.count)
  weights.withUnsafeBufferPointer { weights in
    integers.withUnsafeMutableBufferPointer { rounding.round(weights, scales: scales, into: $0) }
  }
  let nearest = weights.map { Int8(($0 * 15).rounded(.toNearestOrEven)) }
  #expect(outputError(weights, integers, scales, rows) < 0.5 * outputError(weights, nearest, scales, rows))
  for (weight, integer) in zip(weights, integers) { #expect(abs(weight * 15 - Float(integer)) < 8) }
}

@Test func roundingLearnsNothingFromNothing() {
  #expect(CompensatedRounding(rows: [], length: 4) == nil)
  #expect(CompensatedRounding(rows: [Float](repeating: 0, count: 64), length: 4) == nil)
  #expect(CompensatedRounding(rows: [1, 2, 3], length: 4) == nil)
}

/// Rows that all point one way have a singular second moment, which damping mends.
@Test func singularMomentsAreDamped() {
  #expect(CompensatedRounding(rows: (0..<64).flatMap { [Float($0), Float($0)] }, length: 2) != nil)
}

@Test func biasIsMovedByTheWeightedMeanError() {
  var plain = BiasCorrection(channels: 2, axis: 1)
  let exact = Tensor([1, 2, 10, 20] as [Float], shape: [1, 2, 2])
  let quantized = Tensor([0, 2, 13, 21] as [Float], shape: [1, 2, 2])
  plain.add(exact: exact, quantized: quantized, weights: nil)
  #expect(plain.correction == [0.5, -2])
  var weighted = BiasCorrection(channels: 2, axis: 1)
  weighted.add(
    exact: exact, quantized: quantized, weights: Tensor([3, 1, 0, 1] as [Float], shape: [1, 2, 2]))
  #expect(weighted.correction == [0.75, -1])
  #expect(BiasCorrection(channels: 1, axis: 1).correction == [0])
}
