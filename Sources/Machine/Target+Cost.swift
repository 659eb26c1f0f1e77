extension Target {
  /// What one run takes, fitted to published times: milliseconds for each unit of what ops are made of.
  package struct Cost: Codable, Sendable, Equatable {
    /// What products are computed in of the networks that were measured; of others nothing is known.
    package var activation: Format
    package var msPerInference: Quantity
    /// By ``CostTerm``.
    package var msPerUnit: [String: Quantity]
    package var fittedOnRows: Whole
    package var fittedOnFamilies: Whole
    /// Median of the relative error of rows of a family of networks that the fit was done without.
    package var medianError: Quantity
    /// Spearman's, of the same.
    package var rankCorrelation: Quantity
    /// Of ten such rows eight lie between the estimate times these.
    package var intervalLow: Quantity
    package var intervalHigh: Quantity
    /// What is not to be trusted.
    package var caution: String
  }

  /// Time of one run in milliseconds.
  package struct Latency: Sendable, Hashable {
    package var estimate: Double
    package var low: Double
    package var high: Double
  }

  /// What can be said of the time, or why nothing can.
  package enum LatencyVerdict: Sendable, Hashable {
    case known(Latency)
    case unknown(because: String)
  }

  /// The time of a network by its placements.
  package func latency(_ placements: [Placement]) -> LatencyVerdict {
    guard let cost, let once = cost.msPerInference.value, let low = cost.intervalLow.value,
      let high = cost.intervalHigh.value
    else { return .unknown(because: "nothing was fitted for \(title)") }
    let total = placements.reduce(0) { $0 + Double($1.multiplyAdds) }
    func share(_ isCounted: (Placement) -> Bool) -> Double {
      total > 0 ? placements.reduce(0) { $0 + (isCounted($1) ? Double($1.multiplyAdds) : 0) } / total : 0
    }
    if share({ $0.engine == fallback.engine }) > Self.negligible {
      return .unknown(because: "nothing was fitted for what runs on '\(fallback.engine)'")
    }
    if share({ $0.format != cost.activation }) > Self.negligible {
      return .unknown(because: "only networks were measured that multiply in \(cost.activation.rawValue)")
    }
    var estimate = once
    for placement in placements {
      estimate += time(of: placement)?.milliseconds ?? 0
    }
    for border in borders(of: placements) {
      guard let border else { return .unknown(because: "nobody has published what handing work over takes") }
      estimate += border / 1000
    }
    return .known(Latency(estimate: estimate, low: estimate * low, high: estimate * high))
  }

  /// What an op takes on an engine, and what most of it is; nil where nothing was fitted. Never less than its
  /// multiply-adds take at the engine's peak, which hides in other terms where all networks had much of both.
  package func time(of placement: Placement) -> (milliseconds: Double, bottleneck: CostTerm)? {
    guard let cost, placement.engine != fallback.engine else { return nil }
    let parts = placement.terms.amounts.compactMap { term, amount in
      cost.msPerUnit[term.rawValue]?.value.map { (term: term, time: amount * $0) }
    }
    // Equal parts: the first by name.
    let sorted = parts.sorted { ($1.time, $0.term.rawValue) < ($0.time, $1.term.rawValue) }
    let sum = parts.reduce(0) { $0 + $1.time }
    if let least = timeAtPeak(placement), least.milliseconds > sum { return least }
    return sorted.first.map { (sum, $0.term) }
  }

  private func timeAtPeak(_ placement: Placement) -> (milliseconds: Double, bottleneck: CostTerm)? {
    let products: [CostTerm] = [.convGmacs, .pointwiseGmacs, .depthwiseGmacs, .attentionGmacs]
    guard let format = placement.format?.rawValue,
      let term = products.first(where: { placement.terms[$0] > 0 }),
      let engine = engines.first(where: { $0.id == placement.engine }),
      let peak = engine.peakGops?["\(format)x\(format)"]?.value
    else { return nil }
    return (2 * Double(placement.multiplyAdds) / (peak * 1e6), term)
  }

  /// Multiply-adds whose time may be missing from an estimate.
  private static let negligible = 0.01

  /// Microseconds of what goes to the fallback engine and comes from it, of each op there.
  private func borders(of placements: [Placement]) -> [Double?] {
    placements.filter { $0.engine == fallback.engine && $0.border.bytes > 0 }.map(\.border.microseconds)
  }
}
