/// Numbers that stand for many, so that the sum of squared errors, each times its number's importance, is least.
///
/// The numbers are sorted into bins, which are clustered by dynamic programming: of all ways to cut an order of numbers into
/// clusters the best is found, not one that depends on where it starts. With few numbers each has a bin of its own, and the
/// clusters are the best there are; of many, they are moved to their numbers' means a few times after that.
package struct Clusters {
  /// In ascending order.
  package private(set) var centers: [Float]

  /// At most `count` clusters of finite numbers. Importance is nonnegative; nil where all are as important.
  package init(
    of numbers: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>? = nil, count: Int
  ) {
    var bins = Bins(of: numbers)
    bins.add(numbers, importance)
    bins.removeEmpty()
    if bins.weights.isEmpty {
      // Nothing is important; then everything is.
      bins = Bins(of: numbers)
      bins.add(numbers, nil)
      bins.removeEmpty()
    }
    centers = bins.bestCuts(into: count).map { bins.mean($0) }
    guard !bins.isExact else { return }
    for _ in 0..<4 {
      let before = centers
      moveToMeans(of: numbers, importance)
      if centers == before { break }
    }
  }

  /// The nearest of some centers in ascending order for each number; of two equally near ones the lower.
  static func nearest(
    _ centers: [Float], to numbers: UnsafeBufferPointer<Float>, _ body: (_ number: Int, _ center: Int) -> Void
  ) {
    let limits = zip(centers, centers.dropFirst()).map { $0 / 2 + $1 / 2 }
    limits.withUnsafeBufferPointer { limits in
      for index in 0..<numbers.count { body(index, position(of: numbers[index], in: limits, isIn: >)) }
    }
  }

  private mutating func moveToMeans(
    of numbers: UnsafeBufferPointer<Float>, _ importance: UnsafeBufferPointer<Float>?
  ) {
    var sums = [(weight: Double, sum: Double)](repeating: (0, 0), count: centers.count)
    sums.withUnsafeMutableBufferPointer { sums in
      Self.nearest(centers, to: numbers) { number, center in
        let weight = importance.map { Double($0[number]) } ?? 1
        sums[center].weight += weight
        sums[center].sum += weight * Double(numbers[number])
      }
    }
    for (index, entry) in sums.enumerated() where entry.weight > 0 {
      centers[index] = Float(entry.sum / entry.weight)
    }
  }
}

/// How many ascending limits a number is beyond.
private func position(
  of number: Float, in limits: UnsafeBufferPointer<Float>, isIn isBeyond: (Float, Float) -> Bool
) -> Int {
  var (low, high) = (0, limits.count)
  while low < high {
    let middle = (low + high) / 2
    if isBeyond(number, limits[middle]) { low = middle + 1 } else { high = middle }
  }
  return low
}

/// Ranges of numbers in ascending order, with the weight and the weighted sum of what lies in each.
private struct Bins {
  /// The least number of each.
  private let starts: [Float]
  private(set) var weights: [Double]
  private var sums: [Double]
  /// Whether no two different numbers share a bin.
  let isExact: Bool

  /// Up to so many numbers have bins of their own; of more, half of the bins hold equally many, half are equally wide, so that
  /// both what is dense and what lies far off is cut finely.
  private static let most = 2048
  /// Numbers that are sorted to find bins that hold equally many.
  private static let sampled = 1 << 16

  init(of numbers: UnsafeBufferPointer<Float>) {
    let stride = max(numbers.count / Self.sampled, 1)
    var sample = Swift.stride(from: 0, to: numbers.count, by: stride).map { numbers[$0] }
    let (low, high) = numbers.reduce((Float.infinity, -Float.infinity)) { (min($0.0, $1), max($0.1, $1)) }
    sample += [low, high]
    sample.sort()
    var distinct: [Float] = []
    for number in sample where distinct.last != number { distinct.append(number) }
    isExact = stride == 1 && distinct.count <= Self.most
    if isExact {
      starts = distinct
    } else {
      let half = Self.most / 2
      let dense = (0..<half).map { sample[$0 * sample.count / half] }
      let wide = (0..<half).map { low + (high / Float(half) - low / Float(half)) * Float($0) }
      var all: [Float] = []
      for start in (dense + wide).sorted() where all.last != start { all.append(start) }
      starts = all
    }
    weights = [Double](repeating: 0, count: starts.count)
    sums = weights
  }

  mutating func add(_ numbers: UnsafeBufferPointer<Float>, _ importance: UnsafeBufferPointer<Float>?) {
    starts.withUnsafeBufferPointer { starts in
      weights.withUnsafeMutableBufferPointer { weights in
        sums.withUnsafeMutableBufferPointer { sums in
          for index in 0..<numbers.count {
            let bin = max(position(of: numbers[index], in: starts, isIn: >=) - 1, 0)
            let weight = importance.map { Double($0[index]) } ?? 1
            weights[bin] += weight
            sums[bin] += weight * Double(numbers[index])
          }
        }
      }
    }
  }

  mutating func removeEmpty() {
    let kept = weights.indices.filter { weights[$0] > 0 }
    (weights, sums) = (kept.map { weights[$0] }, kept.map { sums[$0] })
  }

  func mean(_ range: Range<Int>) -> Float {
    Float(sums[range].reduce(0, +) / weights[range].reduce(0, +))
  }

  /// The cuts into at most `count` ranges of bins with the least sum of squared distances to their means.
  func bestCuts(into count: Int) -> [Range<Int>] {
    guard weights.count > count else { return weights.indices.map { $0..<($0 + 1) } }
    var search = CutSearch(weights: weights, sums: sums)
    for _ in 1..<count { search.addCut() }
    return search.ranges
  }
}

/// Dynamic programming over the number of ranges. The sum of squares about the means of ranges is least where the sum of their
/// (sum)² / weight is largest; the best last cut moves one way with the end, so that each row is found by halving.
private struct CutSearch {
  /// Of all bins before one.
  private let weights: [Double]
  private let sums: [Double]
  /// Of the bins before each, in as many ranges as there are rows of `cuts` and one.
  private var best: [Double]
  /// For one cut, two and so on: where the last range begins that ends before each bin.
  private var cuts: [[Int32]] = []

  init(weights: [Double], sums: [Double]) {
    func running(_ terms: [Double]) -> [Double] {
      var total = 0.0
      return [0]
        + terms.map {
          total += $0
          return total
        }
    }
    (self.weights, self.sums) = (running(weights), running(sums))
    best = zip(self.weights, self.sums).map { $0 > 0 ? $1 * $1 / $0 : 0 }
  }

  mutating func addCut() {
    let count = best.count
    var next = [Double](repeating: -.infinity, count: count)
    var row = [Int32](repeating: 0, count: count)
    weights.withUnsafeBufferPointer { weights in
      sums.withUnsafeBufferPointer { sums in
        best.withUnsafeBufferPointer { best in
          next.withUnsafeMutableBufferPointer { next in
            row.withUnsafeMutableBufferPointer { row in
              // Ends [low, high) whose last range begins within [first, last].
              var pending = [(low: 1, high: count, first: 0, last: count - 2)]
              while let part = pending.popLast() {
                guard part.low < part.high else { continue }
                let end = (part.low + part.high) / 2
                var (value, place) = (-Double.infinity, part.first)
                for start in part.first...max(min(part.last, end - 1), part.first) where start < end {
                  let (weight, sum) = (weights[end] - weights[start], sums[end] - sums[start])
                  let candidate = best[start] + sum * sum / weight
                  if candidate > value { (value, place) = (candidate, start) }
                }
                (next[end], row[end]) = (value, Int32(place))
                pending.append((part.low, end, part.first, place))
                pending.append((end + 1, part.high, place, part.last))
              }
            }
          }
        }
      }
    }
    best = next
    cuts.append(row)
  }

  var ranges: [Range<Int>] {
    var end = best.count - 1
    var ranges: [Range<Int>] = []
    for row in cuts.reversed() {
      ranges.append(Int(row[end])..<end)
      end = Int(row[end])
    }
    ranges.append(0..<end)
    return ranges.reversed().filter { !$0.isEmpty }
  }
}
