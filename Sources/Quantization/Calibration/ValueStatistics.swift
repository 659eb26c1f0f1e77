package import Tensors

/// What calibration learns of one value: range, distribution, and the range of each channel. Its size does not depend on how
/// many samples it has seen.
package struct ValueStatistics: Sendable {
  package private(set) var minimum = Float.infinity
  package private(set) var maximum = -Float.infinity
  /// The least value above what masks hold.
  package private(set) var minimumUnmasked = Float.infinity
  /// The least and the largest value of each channel, 0 among them; empty if nobody asked.
  package private(set) var channelMinima: [Float]
  package private(set) var channelMaxima: [Float]
  private let channelAxis: Int
  private var histogram = Histogram()

  /// What it knows as plain numbers: the least, the largest and the least above masks, and the end of the histogram; the least and the
  /// largest of each channel; counts.
  package var numbers: (range: [Float], channels: [Float], counts: [Int64]) {
    (
      [minimum, maximum, minimumUnmasked, histogram.limit], channelMinima + channelMaxima,
      histogram.counts.map { Int64(clamping: $0) }
    )
  }

  /// Takes numbers as ``numbers`` has them, to which no more are added; nil where they are none that could have been found.
  package init?(numbers: (range: [Float], channels: [Float], counts: [Int64])) {
    guard numbers.range.count == 4, numbers.channels.count % 2 == 0, numbers.channels.allSatisfy(\.isFinite),
      numbers.counts.allSatisfy({ $0 >= 0 }), !numbers.range[2].isNaN,
      Self.isFound(numbers.range[0], numbers.range[1]),
      let histogram = Histogram(limit: numbers.range[3], counts: numbers.counts.map { UInt64($0) })
    else { return nil }
    (minimum, maximum, minimumUnmasked) = (numbers.range[0], numbers.range[1], numbers.range[2])
    channelMinima = Array(numbers.channels.prefix(numbers.channels.count / 2))
    channelMaxima = Array(numbers.channels.suffix(numbers.channels.count / 2))
    channelAxis = 1
    self.histogram = histogram
  }

  /// Whether these are the least and the largest of some finite numbers, or of none.
  private static func isFound(_ minimum: Float, _ maximum: Float) -> Bool {
    minimum.isFinite && maximum.isFinite
      ? minimum <= maximum : minimum == .infinity && maximum == -.infinity
  }

  /// Numbers at or below this stand for "nowhere" when they are added to what a softmax reads.
  static let mask: Float = -1000

  package init(channelAxis: Int = 1, channels: Int = 0) {
    self.channelAxis = channelAxis
    channelMinima = [Float](repeating: 0, count: channels)
    channelMaxima = channelMinima
  }

  /// The largest magnitude of each channel.
  package var channelMagnitudes: [Float] { zip(channelMinima, channelMaxima).map { max(-$0, $1) } }

  package var isEmpty: Bool { minimum > maximum }
  /// From the least to the largest value; 0 alone if there was none.
  package var range: ClosedRange<Float> { isEmpty ? 0...0 : minimum...maximum }

  package mutating func add(_ x: Tensor) {
    let (low, high) = (minimum, maximum)
    var (least, largest, unmasked) = (low, high, minimumUnmasked)
    x.withFloats { values in
      for value in values where value.isFinite {
        least = min(least, value)
        largest = max(largest, value)
        if value > Self.mask { unmasked = min(unmasked, value) }
      }
    }
    (minimum, maximum, minimumUnmasked) = (least, largest, unmasked)
    guard !isEmpty else { return }
    histogram.cover(max(abs(minimum), abs(maximum)))
    x.withFloats { histogram.add($0) }
    if !channelMaxima.isEmpty { addChannels(x) }
  }

  private mutating func addChannels(_ x: Tensor) {
    let inner = x.channelStride(axis: channelAxis)
    guard inner > 0 else { return }
    let count = channelMaxima.count
    channelMinima.withUnsafeMutableBufferPointer { minima in
      channelMaxima.withUnsafeMutableBufferPointer { maxima in
        x.withFloats { values in
          for (number, start) in stride(from: 0, to: values.count, by: inner).enumerated() {
            var (least, largest) = (minima[number % count], maxima[number % count])
            for index in start..<min(start + inner, values.count) where values[index].isFinite {
              least = min(least, values[index])
              largest = max(largest, values[index])
            }
            (minima[number % count], maxima[number % count]) = (least, largest)
          }
        }
      }
    }
  }

  /// The range that leaves a share of the values outside, half of it at either end.
  package func range(leavingOut share: Double) -> ClosedRange<Float> {
    guard !isEmpty else { return 0...0 }
    let (lower, upper) = histogram.bounds(leavingOut: share)
    return max(lower, minimum)...max(min(upper, maximum), max(lower, minimum))
  }

  /// How many values lie in each of so many equal parts of the whole range.
  package func counts(parts: Int) -> [UInt64] {
    isEmpty ? [] : histogram.counts(from: minimum, to: maximum, parts: parts)
  }

  /// The share of the values that lies outside of a range, but for what its ends share a bin with.
  package func share(outside range: ClosedRange<Float>) -> Double {
    isEmpty ? 0 : histogram.share(outside: range)
  }
}

/// Counts of values in bins of equal width around 0, which widen by powers of two when larger values come.
private struct Histogram: Sendable {
  private static let half = 2048
  private(set) var counts = [UInt64](repeating: 0, count: 2 * half)
  /// Values up to here have bins; a power of two.
  private(set) var limit: Float = 0x1p-60

  init() {}

  /// Nil where these are none that a histogram has.
  init?(limit: Float, counts: [UInt64]) {
    guard counts.count == 2 * Self.half, limit >= 0x1p-60, limit <= 0x1p127, limit.significand == 1,
      counts.reduce(0, { $0.addingReportingOverflow($1).partialValue }) < 1 << 62
    else { return nil }
    self.limit = limit
    self.counts = counts
  }

  mutating func cover(_ magnitude: Float) {
    while limit < magnitude && limit < 0x1p126 {
      limit *= 2
      var merged = [UInt64](repeating: 0, count: counts.count)
      for index in counts.indices {
        // Distances from the middle halve.
        merged[(index - Self.half) >> 1 + Self.half] += counts[index]
      }
      counts = merged
    }
  }

  mutating func add(_ values: UnsafeBufferPointer<Float>) {
    let scale = Float(Self.half) / limit
    let last = counts.count - 1
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values where value.isFinite {
        let bin = Int((value * scale).rounded(.down)) + Self.half
        counts[min(max(bin, 0), last)] += 1
      }
    }
  }

  func share(outside range: ClosedRange<Float>) -> Double {
    let scale = Double(Self.half) / Double(limit)
    let first = Int(max(Double(range.lowerBound) * scale, Double(-Self.half)).rounded(.down)) + Self.half
    let last = Int(min(Double(range.upperBound) * scale, Double(Self.half - 1)).rounded(.down)) + Self.half
    let total = counts.reduce(0, +)
    let inside = first <= last ? counts[first...last].reduce(0, +) : 0
    return total > 0 ? Double(total - inside) / Double(total) : 0
  }

  /// A bin counts where its middle lies.
  func counts(from lower: Float, to upper: Float, parts: Int) -> [UInt64] {
    var result = [UInt64](repeating: 0, count: parts)
    let width = Double(limit) / Double(Self.half)
    let part = max((Double(upper) - Double(lower)) / Double(parts), 1e-300)
    for (bin, count) in counts.enumerated() where count > 0 {
      let place = ((Double(bin - Self.half) + 0.5) * width - Double(lower)) / part
      result[min(max(Int(max(min(place, Double(parts)), 0)), 0), parts - 1)] += count
    }
    return result
  }

  func bounds(leavingOut share: Double) -> (lower: Float, upper: Float) {
    let total = counts.reduce(0, +)
    let outside = UInt64(Double(total) * share / 2)
    let width = limit / Float(Self.half)
    var (first, last) = (0, counts.count - 1)
    var seen: UInt64 = 0
    while first < last, seen + counts[first] <= outside {
      seen += counts[first]
      first += 1
    }
    seen = 0
    while last > first, seen + counts[last] <= outside {
      seen += counts[last]
      last -= 1
    }
    return (Float(first - Self.half) * width, Float(last + 1 - Self.half) * width)
  }
}
