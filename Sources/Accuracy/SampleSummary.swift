/// How an output compares over several samples.
package struct OutputSummary: Sendable, Encodable {
  package var name: String
  /// The mean over the samples that differ at all; infinite if none does.
  package var meanSnrDb: Double
  package var worstSnrDb: Double
  /// The sample with the worst signal to noise.
  package var worstSnrSample: String
  package var worstRelative: Double
  /// The sample with the largest relative difference.
  package var worstRelativeSample: String

  enum CodingKeys: String, CodingKey {
    case name
    case meanSnrDb = "mean_snr_db"
    case worstSnrDb = "worst_snr_db"
    case worstSnrSample = "worst_snr_sample"
    case worstRelative = "worst_relative"
    case worstRelativeSample = "worst_relative_sample"
  }
}

/// How a bundle compares over several samples.
package struct SampleSummary: Sendable, Encodable {
  package var count: Int
  /// The sample whose outputs and layers are shown: the worst.
  package var shown: String
  package var outputs: [OutputSummary]
}

/// Gathers the verifications of samples one after the other, and keeps only the worst of them.
struct SampleTally {
  private(set) var worst: Verification?
  /// The number of the worst sample, from 0.
  private(set) var worstIndex = 0
  private var titles: [String] = []
  private var agreements: [String: [Agreement]] = [:]
  private var names: [String] = []

  mutating func add(_ result: Verification, title: String) {
    titles.append(title)
    names = result.outputs.map(\.name)
    for output in result.outputs { agreements[output.name, default: []].append(output.agreement) }
    guard let worst, !(worst.passed == result.passed ? worst.worst < result.worst : worst.passed) else {
      self.worst = result
      worstIndex = titles.count - 1
      return
    }
  }

  var summary: SampleSummary {
    SampleSummary(count: titles.count, shown: titles[worstIndex], outputs: names.map(output))
  }

  private func output(_ name: String) -> OutputSummary {
    let all = agreements[name] ?? []
    // What is not a number is worse than any.
    func rank(_ value: Double) -> Double { value.isNaN ? -.infinity : value }
    let noisiest = all.indices.min { rank(all[$0].snrDb) < rank(all[$1].snrDb) } ?? 0
    let farthest = all.indices.min { rank(-all[$0].relative) < rank(-all[$1].relative) } ?? 0
    let different = all.map(\.snrDb).filter { $0 != .infinity }
    return OutputSummary(
      name: name,
      meanSnrDb: different.isEmpty ? .infinity : different.reduce(0, +) / Double(different.count),
      worstSnrDb: all[noisiest].snrDb, worstSnrSample: titles[noisiest],
      worstRelative: all[farthest].relative, worstRelativeSample: titles[farthest])
  }
}
