import IR
import Tensors

/// What outputs are worth by a metric, on samples that nothing was learned from.
package struct Score: Sendable {
  /// The mean, or a user's number.
  package var value: Double
  /// The same of the source.
  package var ofSource: Double
  /// Of the mean over samples; nil of what is no mean.
  package var standardError: Double?
  /// Signal to noise ratio, mean and worst, in dB, whatever the metric is.
  package var signalToNoise: Double
  package var worst: Double

  /// Whether a limit is kept.
  func keeps(_ limit: Double, of metric: Budget.Metric, byStandardError: Bool) -> Bool {
    let margin = byStandardError ? standardError ?? 0 : 0
    return metric.isAbsolute ? value - margin >= limit : ofSource - value + margin <= limit
  }

  /// `samples` are the titles of those that were held back, `names` those of the outputs.
  init(
    _ outputs: [SampleOutputs], samples: [String], names: [String], by metric: Budget.Metric
  ) throws(Diagnostic) {
    let ratios = outputs.map(\.signalToNoise)
    signalToNoise = meanOf(ratios)
    worst = ratios.min() ?? 0
    switch metric {
    case .sqnr: (value, ofSource, standardError) = (signalToNoise, 100, errorOfMean(ratios))
    case .cosine:
      let cosines = outputs.map(\.cosine)
      (value, ofSource, standardError) = (meanOf(cosines), 1, errorOfMean(cosines))
    case .top1:
      let shares = outputs.map(\.agreement)
      (value, ofSource, standardError) = (meanOf(shares), 1, errorOfMean(shares))
    case .custom(let name, let evaluate):
      func score(_ tensors: (SampleOutputs) -> [Tensor]) throws -> Double {
        try evaluate(zip(samples, outputs).map { ($0, zip(names, tensors($1)).map { ($0, $1) }) })
      }
      do {
        value = try score(\.quantized)
        ofSource = try score(\.exact)
      } catch {
        throw Diagnostic("\(error)", advice: "see that '\(name)' runs by itself")
      }
      standardError = nil
    }
  }
}

func meanOf(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }

/// The standard error of the mean; 0 of a single value.
func errorOfMean(_ values: [Double]) -> Double {
  let mean = meanOf(values)
  let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  let count = Double(values.count)
  return count > 1 ? (squares / (count - 1) / count).squareRoot() : 0
}

extension SampleOutputs {
  fileprivate var cosine: Double {
    let all = zip(exact, quantized).map { a, b in
      let (first, second) = (weightedPower(a, nil, nil), weightedPower(b, nil, nil))
      guard first > 0, second > 0 else { return first == second ? 1.0 : 0 }
      return (first + second - weightedPower(a, b, nil)) / 2 / (first * second).squareRoot()
    }
    return meanOf(all)
  }

  /// The share of places whose largest class is the source's.
  fileprivate var agreement: Double {
    guard let a = exact.first, let b = quantized.first, a.shape.rank > 0 else { return 1 }
    let (first, second) = (a.largestClasses, b.largestClasses)
    guard !first.isEmpty else { return 1 }
    return Double(zip(first, second).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }) / Double(first.count)
  }
}

extension Tensor {
  /// The class of the largest number at each place, the first of equal ones.
  fileprivate var largestClasses: [Int] {
    let axis = shape.rank >= 4 ? 1 : shape.rank - 1
    let (count, inner) = (shape[axis], channelStride(axis: axis))
    let numbers = floats
    return (0..<numbers.count / max(count, 1)).map { place in
      let start = place / inner * inner * count + place % inner
      return (0..<count).reduce(0) { numbers[start + $1 * inner] > numbers[start + $0 * inner] ? $1 : $0 }
    }
  }
}
