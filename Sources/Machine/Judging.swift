package import IR
import Tensors

/// Places every node of a graph on a target's engines, in execution order. What is made of weights alone is no work
/// of a run, and has no place.
package func place(_ graph: Graph, on target: Target) -> [Placement] {
  placed(graph, on: target).placements
}

/// The same with the pieces that run on the engines, and between them on what these fall back to.
package func placed(_ graph: Graph, on target: Target) -> PlacedGraph {
  let nodes = graph.order.filter { id in
    // Movements of a loop are no work of their own.
    if case .loopStep = graph[id].op { return false }
    return !graph.isConstant(graph[id].results[0])
  }
  let placements = target.limitingSegments(nodes.map { target.place(graph[$0], in: graph) })
  return PlacedGraph(graph, nodes, placements, on: target)
}

extension Target {
  func place(_ node: Node, in graph: Graph) -> Placement {
    let site = Site(node, in: graph)
    let (engine, verdict) = judge(site)
    return Placement(
      node: node.name.isEmpty ? "%\(node.results[0].index)" : node.name, op: node.op.name, engine: engine,
      verdict: verdict, remark: verdict == .native ? remark(site) : "",
      multiplyAdds: node.op.multiplyAdds(site.operands.map(\.type), site.results.map(\.type)),
      format: site.operands.first.flatMap { dtypes.format(of: $0.type.element) }, terms: costTerms(site))
  }

  /// Behind as many pieces of a network as the engines take, all stays on the fallback engine.
  fileprivate func limitingSegments(_ placements: [Placement]) -> [Placement] {
    guard let most = limits.maxSegments?.value else { return placements }
    var segments = 0
    var isInside = false
    return placements.map { placement in
      let isOnEngine = placement.engine != fallback.engine
      if isOnEngine, !isInside { segments += 1 }
      isInside = isOnEngine
      guard isOnEngine, segments > Int(most) else { return placement }
      var moved = placement
      moved.engine = fallback.engine
      moved.verdict = .fallback(Breach(.segments(segments, most: Int(most))))
      moved.remark = ""
      return moved
    }
  }

  /// How the op runs by the file: as it is listed, or as that which it is a form of.
  func support(of op: Op) -> (name: String, support: Support)? {
    for name in [op.name, op.judgedAs].compactMap({ $0 }) {
      if let support = ops[name] { return (name, support) }
    }
    return ops["*"].map { (op.name, $0) }
  }

  private func remark(_ site: Site) -> String {
    let known = support(of: site.op)?.support.because
    let rounding = site.rounding.flatMap { rounding in
      guard let allowed = quantization?.rescale.rounding, !allowed.contains(rounding) else {
        return String?.none
      }
      let words = allowed.map(\.rawValue).joined(separator: ", ")
      return "rounds \(rounding.rawValue), the chip by \(words): results may differ by one step"
    }
    return [known, rounding].compactMap { $0 }.joined(separator: "; ")
  }

  /// The engine that an op runs on, with the worst rule that it or a function inside it breaks, of equals the first.
  func judge(_ site: Site) -> (engine: String, verdict: Placement.Verdict) {
    if case .elementwise = site.op, support(of: site.op) == nil { return judgeSteps(of: site) }
    let own = judgeAlone(site)
    var verdict = own.verdict
    for part in site.parts { verdict = worst(verdict, judge(part, inside: site, on: own.engine)) }
    if case .fallback = verdict { return (fallback.engine, verdict) }
    return (own.engine, verdict)
  }

  /// A chip without chains of elementwise ops runs their steps one after the other.
  private func judgeSteps(of site: Site) -> (engine: String, verdict: Placement.Verdict) {
    var engine: String?
    var verdict = Placement.Verdict.decomposed(
      Breach(.listed(op: site.op.name, as: .decompose, because: "its steps run one after the other")))
    for part in site.parts {
      let found = judgeAlone(part)
      verdict = worst(verdict, found.verdict)
      engine = engine ?? found.engine
    }
    if case .fallback = verdict { return (fallback.engine, verdict) }
    return (engine ?? engines[0].id, verdict)
  }

  /// A function inside a fused op: it must be one that the engine applies there.
  private func judge(_ part: Site, inside host: Site, on engine: String) -> Placement.Verdict {
    let found = judgeAlone(part)
    if case .fallback = found.verdict { return found.verdict }
    guard engine != fallback.engine else { return found.verdict }
    if let fusion {
      let names = [host.op.name, host.op.judgedAs].compactMap { $0 }
      let functions = fusion.filter { entry in names.contains(where: entry.hosts.contains) }.flatMap(
        \.functions)
      if functions.contains("*") || functions.contains(part.op.name) { return found.verdict }
      let allowed = functions.isEmpty ? "none" : functions.joined(separator: ", ")
      let breach = Breach(
        .fusion(host: host.op.name, actual: part.op.name, allowed: allowed), part: part.part)
      return worst(found.verdict, .decomposed(breach))
    }
    guard found.engine != engine else { return found.verdict }
    let breach = Breach(.engine(actual: found.engine, allowed: engine), part: part.part)
    return worst(found.verdict, .decomposed(breach))
  }

  private func judgeAlone(_ site: Site) -> (engine: String, verdict: Placement.Verdict) {
    guard let (name, support) = support(of: site.op) else {
      // Formats tell more than names: a chip that does not compute on floats lists few functions.
      var rule = Breach.Rule.unlisted(op: site.op.name)
      if let limit = limitBroken(site), case .element = limit { rule = limit }
      return (fallback.engine, .fallback(Breach(rule, part: site.part)))
    }
    let listed = Breach(.listed(op: name, as: support.run, because: support.because), part: site.part)
    if support.run == .fallback { return (fallback.engine, .fallback(listed)) }
    var verdict = Placement.Verdict.native
    let broken = [
      constantsBroken(site, support, name: name), limitBroken(site), numberBroken(site, support, name: name),
    ]
    for rule in broken.compactMap({ $0 }) {
      verdict = worst(verdict, .fallback(Breach(rule, part: site.part)))
    }
    for rule in support.rules ?? [] {
      guard rule.applies(to: site), let value = rule.field.value(site), !rule.bound.allows(value) else {
        continue
      }
      let breach = Breach(
        .attribute(rule.field, actual: value, allowed: rule.bound, because: rule.because), part: site.part)
      switch rule.otherwise {
      case .fallback: verdict = worst(verdict, .fallback(breach))
      case .decompose: verdict = worst(verdict, .decomposed(breach))
      case .slow: verdict = worst(verdict, .slow(breach))
      }
    }
    if support.run == .decompose { verdict = worst(verdict, .decomposed(listed)) }
    if case .fallback = verdict { return (fallback.engine, verdict) }
    return (support.engine ?? engines[0].id, verdict)
  }

  private func worst(_ a: Placement.Verdict, _ b: Placement.Verdict) -> Placement.Verdict {
    b.severity > a.severity ? b : a
  }

  private func limitBroken(_ site: Site) -> Breach.Rule? {
    for value in site.operands + site.results where !value.isWeight {
      let type = value.type
      if let limit = limits.maxRank.value, type.rank > Int(limit) { return .rank(type, most: Int(limit)) }
      for (name, extent) in type.shape.namedExtents {
        if let limit = limits.maxExtent[name]?.value, extent > Int(limit) {
          return .extent(type, axis: name, actual: extent, most: Int(limit))
        }
      }
      if dtypes.format(of: type.element) == nil {
        return .element(type, allowed: dtypes.activation.map(\.rawValue))
      }
    }
    return nil
  }
}

extension Target.Rule {
  /// Whether all its conditions hold; one on an attribute that the op has not does not.
  func applies(to site: Site) -> Bool {
    (when ?? []).allSatisfy { condition in condition.field.value(site).map(condition.bound.allows) ?? false }
  }
}

extension Shape {
  /// The last axes as those of an image, and all before them together as N.
  fileprivate var namedExtents: [(name: String, extent: Int)] {
    let image = zip(["W", "H", "C"], extents.reversed()).map { (name: $0, extent: $1) }
    guard rank > 3 else { return image }
    let batch = extents.dropLast(3).reduce(1) {
      let (product, overflows) = $0.multipliedReportingOverflow(by: $1)
      return overflows ? .max : product
    }
    return image + [(name: "N", extent: batch)]
  }
}
