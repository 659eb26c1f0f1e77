import Foundation

/// One option for each group of layers.
package typealias Assignment = [Int]

/// What the options of all groups cost, and what noise each makes by itself. Noise of different layers adds up, as none knows of the other.
package struct AssignmentProblem {
  package struct Entry {
    var bytes: Double
    var work: Double
    /// The share of the power of each output, of each sample.
    var noise: [Double]

    package init(bytes: Double, work: Double, noise: [Double]) {
      self.bytes = bytes
      self.work = work
      self.noise = noise
    }
  }

  /// By group and option.
  var entries: [[Entry]]
  /// What lies outside of the groups.
  var otherBytes = 0.0
  var otherWork = 0.0

  package init(entries: [[Entry]]) { self.entries = entries }

  package func bytes(_ assignment: Assignment) -> Double { otherBytes + sum(assignment, \.bytes) }
  package func work(_ assignment: Assignment) -> Double { otherWork + sum(assignment, \.work) }

  private func sum(_ assignment: Assignment, _ value: KeyPath<Entry, Double>) -> Double {
    zip(entries, assignment).reduce(0) { $0 + $1.0[$1.1][keyPath: value] }
  }

  /// The signal to noise ratio to expect, the mean over samples and outputs, in dB.
  package func signalToNoise(_ assignment: Assignment) -> Double {
    guard let count = entries.first?.first?.noise.count, count > 0 else { return 100 }
    var total = [Double](repeating: 0, count: count)
    for (group, option) in zip(entries, assignment) {
      for (index, noise) in group[option].noise.enumerated() { total[index] += noise }
    }
    return total.reduce(0) { $0 + min(-10 * log10(max($1, 1e-10)), 100) } / Double(count)
  }

  /// What an assignment may be.
  package struct Limits {
    /// In dB; nil to find the best.
    package var signalToNoise: Double?
    var bytes: Double?
    var work: Double?

    package init(signalToNoise: Double? = nil, bytes: Double? = nil, work: Double? = nil) {
      self.signalToNoise = signalToNoise
      self.bytes = bytes
      self.work = work
    }
  }

  /// The cheapest assignment within limits, by the mean of bytes and work against those of the first options; without a limit for noise the
  /// one with the least noise. Nil if there is none.
  ///
  /// Prices of noise that grow from nothing give the assignments of the convex hull, which a descent then makes cheaper one group at a
  /// time.
  package func solve(_ limits: Limits) -> Assignment? {
    let found = candidates(limits).filter { isWithin($0, limits) }
    guard limits.signalToNoise != nil else {
      return found.max { (signalToNoise($0), -cost($0)) < (signalToNoise($1), -cost($1)) }
    }
    return found.min { cost($0) < cost($1) }.map { cheaper($0, limits) }
  }

  /// Assignments none of which is both cheaper and better than another, from the cheapest to the finest.
  func frontier(_ limits: Limits) -> [Assignment] {
    var bound = limits
    bound.signalToNoise = nil
    let all = candidates(bound).filter { isWithin($0, bound) }.sorted { cost($0) < cost($1) }
    var best = -Double.infinity
    return all.filter { assignment in
      let ratio = signalToNoise(assignment)
      defer { best = max(best, ratio) }
      return ratio > best + 0.05
    }
  }

  package func cost(_ assignment: Assignment) -> Double {
    (bytes(assignment) / unit.bytes + work(assignment) / unit.work) / 2
  }

  private func isWithin(_ assignment: Assignment, _ limits: Limits) -> Bool {
    if let bytes = limits.bytes, self.bytes(assignment) > bytes { return false }
    if let work = limits.work, self.work(assignment) > work { return false }
    if let ratio = limits.signalToNoise, signalToNoise(assignment) < ratio { return false }
    return true
  }

  private var first: Assignment { [Int](repeating: 0, count: entries.count) }
  private var unit: (bytes: Double, work: Double) { (max(bytes(first), 1), max(work(first), 1)) }

  private func candidates(_ limits: Limits) -> [Assignment] {
    let unit = unit
    let scales = noiseScales
    // How much bytes count against work: where one is limited, others than equal parts may be what fits.
    let weights = limits.bytes == nil && limits.work == nil ? [0.5] : [0.5, 0, 0.05, 0.2, 0.8, 0.95, 1]
    var found: Set<Assignment> = [first]
    var ordered = [first]
    for weight in weights {
      for step in -60...60 {
        let price = pow(10, Double(step) / 10)
        let assignment = entries.map { options in
          options.indices.min {
            let (a, b) = (options[$0], options[$1])
            func sum(_ entry: Entry) -> Double {
              weight * entry.bytes / unit.bytes + (1 - weight) * entry.work / unit.work
                + price * zip(entry.noise, scales).reduce(0) { $0 + $1.0 * $1.1 }
            }
            return sum(a) < sum(b)
          }!
        }
        if found.insert(assignment).inserted { ordered.append(assignment) }
      }
    }
    return ordered
  }

  /// What makes outputs and samples of different noise count alike: the part that each has in the mean of logarithms.
  private var noiseScales: [Double] {
    guard let count = entries.first?.first?.noise.count, count > 0 else { return [] }
    var total = [Double](repeating: 0, count: count)
    for group in entries {
      for (index, noise) in group[0].noise.enumerated() { total[index] += noise }
    }
    return total.map { 1 / max($0, 1e-12) / Double(count) }
  }

  /// Cheaper options for one group after the other, those that save most first, as long as limits are kept.
  private func cheaper(_ assignment: Assignment, _ limits: Limits) -> Assignment {
    var best = assignment
    while true {
      var found: (assignment: Assignment, cost: Double)?
      for group in entries.indices {
        for option in entries[group].indices where option != best[group] {
          var other = best
          other[group] = option
          let cost = cost(other)
          if cost < found?.cost ?? self.cost(best) - 1e-12, isWithin(other, limits) { found = (other, cost) }
        }
      }
      guard let next = found?.assignment else { return best }
      best = next
    }
  }
}
