package import Samples

extension Verifier {
  /// Verifies on every sample; gives the worst, with a summary of all. `progress` is told each sample's index.
  package func verify(
    _ samples: any SampleSource, progress: (Int) -> Void = { _ in }
  ) throws -> Verification {
    var tally = SampleTally()
    for sample in 0..<samples.count {
      progress(sample)
      tally.add(try verify(samples.read(sample)), title: samples.title(of: sample))
    }
    guard var worst = tally.worst else { preconditionFailure("a source has at least one sample") }
    worst.samples = tally.summary
    worst.notes += samples.notes
    return worst
  }
}
