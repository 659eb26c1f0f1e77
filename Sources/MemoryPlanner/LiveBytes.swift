extension Problem {
  /// The largest sum of live footprints at any step. No plan has a smaller peak, except that a buffer fixed
  /// above it can force a larger one.
  package var lowerBound: Int { fullestStep.bytes }

  /// The first step at which the most bytes are live, and how many; step 0 of a problem without buffers.
  package var fullestStep: (step: Int, bytes: Int) {
    // Steps are inclusive, so that what ends at one goes after what begins there.
    var changes: [(step: Int, isEnd: Int, bytes: Int)] = []
    for (buffer, footprint) in zip(buffers, footprints) {
      changes.append((buffer.firstStep, 0, footprint))
      changes.append((buffer.lastStep, 1, -footprint))
    }
    changes.sort { ($0.step, $0.isEnd) < ($1.step, $1.isEnd) }
    var (live, fullest) = (0, (step: 0, bytes: 0))
    for change in changes {
      live += change.bytes
      if live > fullest.bytes { fullest = (change.step, live) }
    }
    return fullest
  }
}
