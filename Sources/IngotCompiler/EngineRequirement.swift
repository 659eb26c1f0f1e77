package import IR
package import Machine
import Tensors

/// How much of the multiply-adds an engine must do.
package struct EngineRequirement: Sendable, Hashable {
  /// An engine of the target; `npu` stands for all but that to which these fall back.
  package var engine: String
  /// From 0 to 1.
  package var share: Double

  package init(engine: String, share: Double) {
    self.engine = engine
    self.share = share
  }

  /// Reads `npu>=0.99`; nil where text is no such thing.
  package init?(_ text: String) {
    let parts = text.split(separator: ">=", omittingEmptySubsequences: false)
    guard parts.count == 2, let share = Double(parts[1]), (0...1).contains(share), !parts[0].isEmpty else {
      return nil
    }
    self.init(engine: String(parts[0]), share: share)
  }

  /// Refuses placements of which too little is on the engine, with the ops elsewhere, the largest first.
  package func check(_ placements: [Placement], on target: Target) throws(Diagnostic) {
    let engines = target.engines.map(\.id) + [target.fallback.engine]
    guard engine == "npu" || engines.contains(engine) else {
      throw Diagnostic(
        "'\(target.name)' has no engine '\(engine)'",
        advice: "require a share of one of \((["npu"] + engines).joined(separator: ", "))")
    }
    func counts(_ placement: Placement) -> Bool {
      engine == "npu" ? placement.engine != target.fallback.engine : placement.engine == engine
    }
    // Where nothing is multiplied, ops count.
    let isOfOps = placements.allSatisfy { $0.multiplyAdds == 0 }
    func work(_ placement: Placement) -> Double { isOfOps ? 1 : Double(placement.multiplyAdds) }
    let total = placements.reduce(0) { $0 + work($1) }
    let others = placements.filter { !counts($0) && work($0) > 0 }
    let elsewhere = others.reduce(0) { $0 + work($1) }
    let reached = total > 0 ? 1 - elsewhere / total : 1
    guard reached < share else { return }
    // Equal ones stay in the order in which they run.
    let sorted = others.enumerated().sorted {
      (work($1.element), $0.offset) < (work($0.element), $1.offset)
    }.map(\.element)
    let lines = sorted.prefix(Self.shown).map { placement in
      "\(placement.node) (\(placement.op)): \(percent(work(placement) / total)) on '\(placement.engine)'; \(placement.reason)"
    }
    let rest = sorted.count > Self.shown ? ["and \(sorted.count - Self.shown) more"] : []
    var error = Diagnostic(
      "'\(engine)' has \(percent(reached)) of the \(isOfOps ? "ops" : "multiply-adds"), expected at least \(percent(share))",
      advice: "'ingot explain' shows every op with its reason; these are elsewhere")
    error.notes = lines + rest
    throw error
  }

  private static let shown = 20

  private func percent(_ share: Double) -> String {
    let tenths = (share * 1000).rounded(.down) / 10
    return "\(tenths) %"
  }
}
