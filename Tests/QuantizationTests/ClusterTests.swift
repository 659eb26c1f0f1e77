import Quantization
import Tensors
import TestSupport
import Testing

private func clusters(_ numbers: [Float], _ importance: [Float]? = nil, _ count: Int) -> [Float] {
  numbers.withUnsafeBufferPointer { numbers in
    guard let importance else { return Clusters(of: numbers, count: count).centers }
    return importance.withUnsafeBufferPointer {
      Clusters(of: numbers, importance: $0, count: count).centers
    }
  }
}

private func error(_ numbers: [Float], _ importance: [Float]?, _ centers: [Float]) -> Double {
  numbers.indices.reduce(0.0) { sum, index in
    let nearest = centers.map { abs(Double($0) - Double(numbers[index])) }.min() ?? .infinity
    return sum + nearest * nearest * Double(importance?[index] ?? 1)
  }
}

/// The least error of all cuts of the sorted numbers into so many ranges.
private func leastError(_ numbers: [Float], _ importance: [Float]?, _ count: Int) -> Double {
  let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
  let (x, w) = (order.map { Double(numbers[$0]) }, order.map { Double(importance?[$0] ?? 1) })
  func cost(_ range: Range<Int>) -> Double {
    let weight = range.reduce(0) { $0 + w[$1] }
    guard weight > 0 else { return 0 }
    let mean = range.reduce(0) { $0 + w[$1] * x[$1] } / weight
    return range.reduce(0) { $0 + w[$1] * (x[$1] - mean) * (x[$1] - mean) }
  }
  var best = (0...x.count).map { cost(0..<$0) }
  for _ in 1..<count {
    best = (0...x.count).map { end in
      (0...end).map { best[$0] + cost($0..<end) }.min() ?? 0
    }
  }
  return best[x.count]
}

/// Of few numbers the best clusters there are, whatever the importance.
@Test(arguments: 0..<12)
func clustersAreTheBest(seed: Int) {
  var draw = Draw(seed: UInt64(seed))
  let count = draw.number(1...40)
  let numbers = (0..<count).map { _ in Float(draw.number(-9...9)) / 4 + (draw.number(0...9) == 0 ? 100 : 0) }
  let importance = seed % 2 == 0 ? nil : numbers.indices.map { _ in Float(draw.number(0...5)) }
  for entries in [1, 2, 4, 8] {
    let centers = clusters(numbers, importance, entries)
    #expect(centers.count <= entries && !centers.isEmpty && centers == centers.sorted())
    let least = leastError(numbers, importance, entries)
    #expect(error(numbers, importance, centers) <= least + 1e-6 * max(least, 1))
  }
}

/// Of many numbers nearly so: a normal distribution has a known least error for its number of levels, also where few numbers lie
/// far off.
@Test(arguments: [(4, 0.11748), (16, 0.009501), (64, 0.000660)], [false, true])
func clustersOfManyNumbers(levels: (count: Int, error: Double), hasOutliers: Bool) {
  let uniform = Tensor(random: .f32, [12, 80_000], .uniform(0, 1), seed: 3).floats
  var numbers = (0..<80_000).map { index in
    (0..<12).reduce(Float(-6)) { $0 + uniform[$1 * 80_000 + index] }
  }
  if hasOutliers { numbers[777] = 2000 }
  let centers = clusters(numbers, nil, levels.count + (hasOutliers ? 1 : 0))
  #expect(error(numbers, nil, centers) / 80_000 <= levels.error * 1.03)
}

/// What matters is met better than what does not.
@Test func importantNumbersAreMet() {
  let numbers: [Float] = [0, 1, 2, 3, 4, 5, 6, 7]
  let centers = clusters(numbers, [100, 0, 0, 100, 1, 0, 0, 1], 3)
  #expect(centers.contains(0) && centers.contains { abs($0 - 3) < 0.02 })
  #expect(clusters(numbers, [Float](repeating: 0, count: 8), 2) == [1.5, 5.5])
}
