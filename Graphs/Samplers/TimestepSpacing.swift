package import IR

/// Which of the time steps of training a sampler visits: table 2 of *Common Diffusion Noise Schedules and
/// Sample Steps are Flawed*, Lin et al., arXiv 2305.08891, with the roundings of diffusers.
package enum TimestepSpacing: String, Sendable, CaseIterable {
  /// Multiples of a whole step, from 0 up, plus an offset.
  case leading
  /// Multiples of a step that need not be whole, from the last time down.
  case trailing
  /// From the first time to the last, both included; not rounded.
  case linspace

  /// Times for `steps` steps of a network trained with `count`, in the order of sampling, noise first.
  ///
  /// With `excludesFirst` the grid of ``leading`` and ``linspace`` has a point more, the least noisy one,
  /// that is then left out, as DPM-Solver does since its last step ends there.
  package func times(
    steps: Int, of count: Int, offset: Int = 0, excludesFirst: Bool = false
  ) throws(Diagnostic) -> [Double] {
    let points = excludesFirst ? steps + 1 : steps
    guard steps >= 1, points <= count else {
      throw Diagnostic(
        "a sampler can't have \(steps) steps, expected 1 to \(excludesFirst ? count - 1 : count)",
        advice: "the network was trained with \(count)")
    }
    var times: [Double]
    switch self {
    case .leading: times = (0..<points).map { Double($0 * (count / points) + offset) }
    case .linspace:
      let step = Double(count - 1) / Double(max(points - 1, 1))
      times = (0..<points).map { Double($0) * step }
    case .trailing:
      let step = Double(count) / Double(steps)
      return (0..<steps).map { (Double(count) - Double($0) * step).rounded(.toNearestOrEven) - 1 }
    }
    if excludesFirst { times.removeFirst() }
    guard let last = times.last, last <= Double(count - 1) else {
      throw Diagnostic(
        "offset \(offset) moves the first of \(steps) steps beyond the last time, \(count - 1)",
        advice: "take fewer steps or a smaller offset")
    }
    return times.reversed()
  }
}
