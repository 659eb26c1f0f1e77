/// The order in which buffers are offered to the greedy placement. Ties go to the larger buffer, then to the
/// one that starts earlier, then to the one that stands earlier in the problem.
enum PlacementOrder: CaseIterable {
  /// Largest first: what is hard to place finds an empty arena.
  case size
  /// Largest size × lifetime first.
  case area
  /// Those live at the fullest step first, so that the step which sets the bound is packed without gaps.
  case contention
  /// As `contention`, the larger area first among equals.
  case contentionThenArea
  /// Longest-lived first, so that they lie at the bottom and leave whole gaps above.
  case lifetime
  /// In order of execution.
  case firstStep
  /// In reverse order of execution.
  case lastStep

  /// The problem's buffers in this order, those with fixed offsets before all others.
  func indices(of problem: Problem, _ liveBytes: LiveBytes) -> [Int] {
    let entries = problem.buffers.indices.map { index in
      let buffer = problem.buffers[index]
      let keys = keys(of: buffer, liveBytes)
      return (
        isFree: buffer.fixedOffset == nil ? 1 : 0, primary: keys.0, secondary: keys.1,
        size: -problem.footprints[index], firstStep: buffer.firstStep, index: index
      )
    }
    let sorted = entries.sorted {
      ($0.isFree, $0.primary, $0.secondary, $0.size, $0.firstStep, $0.index)
        < ($1.isFree, $1.primary, $1.secondary, $1.size, $1.firstStep, $1.index)
    }
    return sorted.map(\.index)
  }

  /// Smaller keys come first. Doubles hold products and spans that an `Int` cannot.
  private func keys(of buffer: Buffer, _ liveBytes: LiveBytes) -> (Double, Double) {
    let lifetime = Double(buffer.lastStep) - Double(buffer.firstStep) + 1
    let area = Double(buffer.size) * lifetime
    switch self {
    case .size: return (-Double(buffer.size), -lifetime)
    case .area: return (-area, 0)
    case .contention: return (-Double(liveBytes.maximum(during: buffer)), 0)
    case .contentionThenArea: return (-Double(liveBytes.maximum(during: buffer)), -area)
    case .lifetime: return (-lifetime, 0)
    case .firstStep: return (Double(buffer.firstStep), 0)
    case .lastStep: return (-Double(buffer.lastStep), 0)
    }
  }
}
