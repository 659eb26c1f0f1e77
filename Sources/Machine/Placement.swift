package import IR
import Tensors

/// Where a node runs, and why it is not the engine when it isn't.
package struct Placement: Sendable, Equatable, Codable {
  package var node: String
  package var op: String
  package var engine: String
  /// A sentence; empty when the op runs natively and at full speed.
  package var reason: String
}

/// Places every node of a graph on a target's engines, in execution order.
package func place(_ graph: Graph, on target: Target) -> [Placement] {
  graph.order.compactMap { id in
    let node = graph[id]
    // Movements of a loop are no work of their own.
    if case .loopStep = node.op { return nil }
    let (engine, reason) = target.engine(for: node, in: graph)
    let name = node.name.isEmpty ? "%\(node.results[0].index)" : node.name
    return Placement(node: name, op: node.op.name, engine: engine, reason: reason)
  }
}

extension Target {
  /// The engine a node runs on, with the first rule that it breaks.
  func engine(for node: Node, in graph: Graph) -> (engine: String, reason: String) {
    guard let support = ops[node.op.name] ?? ops["*"] else {
      return (fallback.engine, "\(title) has no '\(node.op.name)'")
    }
    let engine = support.engine ?? engines[0].id
    if let reason = limitBroken(node, in: graph) { return (fallback.engine, reason) }
    for rule in support.rules ?? [] {
      guard let value = rule.field.value(node, in: graph), !rule.allows(value) else { continue }
      let reason = "\(rule.because) (\(rule.field.rawValue) is \(value), \(rule.bound))"
      switch rule.otherwise {
      case .fallback: return (fallback.engine, reason)
      case .decompose: return (engine, "runs as several operations: \(reason)")
      case .slow: return (engine, "runs slowly: \(reason)")
      }
    }
    switch support.run {
    case .native: return (engine, support.because ?? "")
    case .decompose:
      return (engine, "runs as several operations: \(support.because ?? "no single one exists")")
    case .fallback: return (fallback.engine, support.because ?? "\(title) can't run '\(node.op.name)'")
    }
  }

  private func limitBroken(_ node: Node, in graph: Graph) -> String? {
    for value in node.operands + node.results where graph.weight(value) == nil {
      let type = graph.type(of: value)
      if let limit = limits.maxRank.value, type.rank > Int(limit) {
        return "\(title) takes tensors of rank \(Int(limit)) at most, \(type) has rank \(type.rank)"
      }
      for (axis, name) in zip(type.shape.indices.reversed(), ["W", "H", "C"]) {
        if let limit = limits.maxExtent[name]?.value, type.shape[axis] > Int(limit) {
          return
            "\(title) takes extents of \(Int(limit)) at most along \(name), \(type) has \(type.shape[axis])"
        }
      }
      if family != .cpu, !type.element.isFloat, !activations.contains(type.element.rawValue) {
        return "\(title) does not compute on \(type.element.rawValue) tensors"
      }
    }
    return nil
  }
}

extension Target.Rule {
  func allows(_ value: Int) -> Bool {
    if let max, value > max.value { return false }
    if let min, value < min.value { return false }
    if let multipleOf, value % multipleOf.value != 0 { return false }
    if let oneOf, !oneOf.contains(where: { $0.value == value }) { return false }
    return true
  }

  /// The bound in words.
  var bound: String {
    var parts: [String] = []
    if let max { parts.append("at most \(max.value)") }
    if let min { parts.append("at least \(min.value)") }
    if let multipleOf { parts.append("a multiple of \(multipleOf.value)") }
    if let oneOf { parts.append("one of " + listed(oneOf.map { "\($0.value)" }, limit: 32)) }
    return "allowed is " + parts.joined(separator: ", ")
  }
}
