import Bundle
import IR

/// Chooses how a function is cut into calls, by what `arena` says that a cut's program really needs.
///
/// The search reckons with sums of live bytes. A plan may need more, since free memory lies in pieces, or less, since
/// results are computed in place: cuts within several limits are planned, and the first one that keeps the limit, or the
/// smallest, is taken.
func chooseTiling(
  of function: FlatFunction, _ scheduling: Scheduling, _ cost: ScheduleCost,
  arena: (Tiling) throws(Diagnostic) -> Int
) throws(Diagnostic) -> Tiling {
  let whole = cost.untiled
  guard scheduling.goal == .small || scheduling.limit != nil else { return whole }
  let untiled = try arena(whole)
  if scheduling.goal != .small, scheduling.limit.map({ untiled <= $0 }) ?? true { return whole }
  guard scheduling.goal != .untiled else {
    throw tooLarge(function, untiled, scheduling, [], advice: "schedule it with --schedule fast")
  }
  let search = ScheduleSearch(
    function, cost: cost, limit: scheduling.goal == .fast ? scheduling.limit : nil)
  // Where the target tells cycles, small ones may take a tenth more of them than the fastest.
  let fastest = search.cheapest(within: .max)?.reduce(0) { $0 + $1.cost } ?? 0
  let isBounded = scheduling.goal == .small && scheduling.model != nil
  let least = isBounded ? search.leastPeak(costing: 1.1 * fastest) : search.leastPeak
  var best = (tiling: whole, bytes: untiled)
  for limit in limits(from: least, scheduling, untiled) {
    guard let cut = search.cheapest(within: limit) else { continue }
    var tiling = search.tiling(cut)
    tiling.limit = limit
    // Some ops compute each row apart, but not any two.
    guard let bytes = try? arena(tiling) else { continue }
    if scheduling.goal == .fast, let wanted = scheduling.limit, bytes <= wanted { return tiling }
    if bytes < best.bytes { best = (tiling, bytes) }
  }
  if let wanted = scheduling.limit, best.bytes > wanted {
    throw tooLarge(
      function, best.bytes, scheduling, search.leastCut.filter { $0.peak > wanted },
      advice: "allow it \(best.bytes) bytes, or use a smaller input")
  }
  return best.tiling
}

/// Limits to search cuts within: of the fast ones from what is allowed down, of small ones from the least up.
private func limits(from least: Int, _ scheduling: Scheduling, _ untiled: Int) -> [Int] {
  switch scheduling.goal {
  case .untiled: return []
  case .small: return [0.0, 0.01, 0.02, 0.04, 0.08].map { least + Int(Double(least) * $0) }
  case .fast:
    let wanted = Double(scheduling.limit ?? untiled)
    let shares = [0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2]
    return shares.map { Int(wanted * (1 - $0)) }.filter { $0 > least } + [least]
  }
}

/// `obstacles` are the stages that need more than is allowed.
private func tooLarge(
  _ function: FlatFunction, _ bytes: Int, _ scheduling: Scheduling, _ obstacles: [Stage], advice: String
) -> Diagnostic {
  let graph = function.graph
  var notes = obstacles.sorted { $0.peak > $1.peak }.prefix(5).map { stage in
    let nodes = stage.range.map { graph[graph.order[$0]] }
    let first = nodes.first.map { "\($0.op.name) '\($0.name)'" } ?? ""
    let last = nodes.count > 1 ? nodes.last.map { " to \($0.op.name) '\($0.name)' in stripes" } ?? "" : ""
    return "\(first)\(last) needs \(stage.peak) bytes with what is kept beside it"
  }
  if obstacles.count > 5 { notes.append("and \(obstacles.count - 5) more") }
  return Diagnostic(
    "function '\(graph.name)' needs at least \(bytes) bytes of memory '\(scheduling.memory)', of which \(scheduling.limit ?? 0) may be used",
    at: .pass("schedule"), advice: advice, notes: notes)
}
