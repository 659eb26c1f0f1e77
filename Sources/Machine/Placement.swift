package import IR
import Tensors

/// Where a node runs, and why it is not natively where it isn't.
package struct Placement: Sendable, Hashable {
  package enum Verdict: Sendable, Hashable {
    /// On the engine, as one operation at full speed.
    case native
    /// On the engine, slower than it could.
    case slow(Breach)
    /// On the engine, as several operations.
    case decomposed(Breach)
    /// On the fallback engine.
    case fallback(Breach)

    package var name: String {
      switch self {
      case .native: "native"
      case .slow: "slow"
      case .decomposed: "decomposed"
      case .fallback: "fallback"
      }
    }

    /// The rule that was broken; nil of a native op.
    package var breach: Breach? {
      switch self {
      case .native: nil
      case .slow(let breach), .decomposed(let breach), .fallback(let breach): breach
      }
    }

    /// How far from native; the worst rule that an op breaks decides.
    var severity: Int {
      switch self {
      case .native: 0
      case .slow: 1
      case .decomposed: 2
      case .fallback: 3
      }
    }
  }

  /// The node's name, or its value's number where it has none.
  package var node: String
  package var op: String
  package var engine: String
  package var verdict: Verdict
  /// What the target says of the op where it runs natively; may be empty.
  package var remark: String

  /// A sentence; empty when the op runs natively and there is nothing to say of it.
  package var reason: String {
    switch verdict {
    case .native: remark
    case .slow(let breach): "runs slowly: \(breach.sentence)"
    case .decomposed(let breach): "runs as several operations: \(breach.sentence)"
    case .fallback(let breach): breach.sentence
    }
  }
}

/// Places every node of a graph on a target's engines, in execution order.
package func place(_ graph: Graph, on target: Target) -> [Placement] {
  graph.order.compactMap { id in
    let node = graph[id]
    // Movements of a loop are no work of their own.
    if case .loopStep = node.op { return nil }
    return target.place(node, in: graph)
  }
}

extension Target {
  func place(_ node: Node, in graph: Graph) -> Placement {
    let (engine, verdict) = judge(Site(node, in: graph))
    let support = ops[node.op.name] ?? ops["*"]
    return Placement(
      node: node.name.isEmpty ? "%\(node.results[0].index)" : node.name, op: node.op.name, engine: engine,
      verdict: verdict, remark: verdict == .native ? support?.because ?? "" : "")
  }

  /// The engine that an op runs on, with the worst rule that it or a function inside it breaks, of equals the first.
  func judge(_ site: Site) -> (engine: String, verdict: Placement.Verdict) {
    let own = judgeAlone(site)
    var verdict = own.verdict
    for part in site.parts {
      var found = judgeAlone(part)
      if case .fallback = found.verdict {
      } else if found.engine != own.engine, own.engine != fallback.engine {
        let breach = Breach(.engine(actual: found.engine, allowed: own.engine), part: part.part)
        found.verdict = worst(found.verdict, .decomposed(breach))
      }
      verdict = worst(verdict, found.verdict)
    }
    if case .fallback = verdict { return (fallback.engine, verdict) }
    return (own.engine, verdict)
  }

  private func judgeAlone(_ site: Site) -> (engine: String, verdict: Placement.Verdict) {
    let name = site.op.name
    guard let support = ops[name] ?? ops["*"] else {
      return (fallback.engine, .fallback(Breach(.unlisted(op: name), part: site.part)))
    }
    var verdict = Placement.Verdict.native
    if let limit = limitBroken(site) { verdict = .fallback(Breach(limit, part: site.part)) }
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
    let breach = Breach(.listed(op: name, as: support.run, because: support.because), part: site.part)
    switch support.run {
    case .native: break
    case .decompose: verdict = worst(verdict, .decomposed(breach))
    case .fallback: verdict = worst(verdict, .fallback(breach))
    }
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
      if !dtypes.computes(on: type.element) {
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

extension Target.Numbers {
  /// Whether the engines have a format for what elements are, be it another.
  func computes(on element: ElementType) -> Bool {
    guard let format = Target.Format(rawValue: element.rawValue) else { return false }
    return activation.contains(format) || computesAs?[format.rawValue].map(activation.contains) ?? false
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
