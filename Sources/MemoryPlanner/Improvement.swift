/// Tries to lower the peak of the plan that placing in `order` gives: again and again a buffer at the peak is
/// placed earlier, and the new order kept unless its peak is higher. Stops at `bound`, or when `work` pairs
/// of buffers have been compared. The choices are drawn from a fixed seed: equal problems get equal plans.
func improve(_ problem: Problem, order: [Int], fit: Fit, bound: Int, work: Double) -> Plan {
  var order = order
  var best = place(problem, in: order, fit: fit)
  let firstFree = order.firstIndex { problem.buffers[$0].fixedOffset == nil } ?? order.count
  let rounds = Int(min(2_000, work / max(1, Double(order.count) * Double(order.count))))
  var generator = Generator()
  for _ in 0..<rounds {
    if best.peak <= bound { break }
    let positions = (firstFree..<order.count).filter {
      best.offsets[order[$0]] + problem.footprints[order[$0]] == best.peak
    }
    guard let position = positions.isEmpty ? nil : positions[generator.next(below: positions.count)],
      position > firstFree
    else { continue }
    let earlier = firstFree + generator.next(below: position - firstFree)
    var candidate = order
    candidate.remove(at: position)
    candidate.insert(order[position], at: earlier)
    let plan = place(problem, in: candidate, fit: fit, abandonAt: best.peak + 1)
    if plan.peak <= best.peak {
      best = plan
      order = candidate
    }
  }
  return best
}

/// Xorshift with a fixed seed.
private struct Generator {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func next(below count: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(count))
  }
}
