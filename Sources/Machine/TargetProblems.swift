import IR
import Tensors

extension Target {
  /// What is wrong with what the file says, key by key; nil when nothing is.
  var problem: String? {
    if format != "target/1" { return "'format' is \"\(format)\", expected \"target/1\"" }
    if title.isEmpty || title.utf8.count > 100 {
      return "'title' has \(title.utf8.count) bytes, expected 1 to 100"
    }
    if !(1950...2100).contains(year.value) {
      return "'year' is \(year.value), expected a year from 1950 to 2100"
    }
    return engineProblem ?? memoryProblem ?? figures.lazy.compactMap(\.problem).first ?? activationProblem
      ?? opProblem ?? panelProblem ?? sourceProblem
  }

  private var engineProblem: String? {
    if engines.isEmpty { return "'engines' is empty, expected at least one" }
    return duplicate(engines.map(\.id), of: "engines") ?? duplicate(memories.map(\.id), of: "memories")
  }

  private var memoryProblem: String? {
    let holdsValues = plannedMemories.contains { $0.holds.contains("activations") }
    return holdsValues
      ? nil : "'memories' has none that is planned and holds \"activations\", expected at least one"
  }

  private func duplicate(_ ids: [String], of list: String) -> String? {
    for (index, id) in ids.enumerated() where ids[..<index].contains(id) {
      return "'\(list)[\(index)].id' is \"\(id)\", as is that of another; expected one of its own"
    }
    return nil
  }

  private var activationProblem: String? {
    let known = ElementType.allCases.map(\.rawValue)
    guard let index = activations.firstIndex(where: { !known.contains($0) }) else { return nil }
    return
      "'activations[\(index)]' is \"\(activations[index])\", expected one of \(known.joined(separator: ", "))"
  }

  private var opProblem: String? {
    let places = engines.map(\.id) + [fallback.engine]
    for (op, support) in ops.sorted(by: { $0.key < $1.key }) {
      guard op == "*" || Op.prototypes[op] != nil else {
        return "key 'ops.\(op)' names no op; expected '*' or an op of the IR, such as conv"
      }
      if let engine = support.engine, !places.contains(engine) {
        return "'ops.\(op).engine' is \"\(engine)\", expected one of \(places.joined(separator: ", "))"
      }
      for (index, rule) in (support.rules ?? []).enumerated() {
        if let problem = rule.problem { return "'ops.\(op).rules[\(index)]\(problem)" }
      }
    }
    return nil
  }

  private var panelProblem: String? {
    guard let panels else { return nil }
    let extents = [
      ("rows", panels.rows.value), ("columns", panels.columns.value), ("least_rows", panels.leastRows.value),
      ("groups", panels.groups.value),
    ]
    guard let (key, extent) = extents.first(where: { !(1...64).contains($0.1) }) else { return nil }
    return "'panels.\(key)' is \(extent), expected 1 to 64"
  }

  private var sourceProblem: String? {
    let rules = ops.values.flatMap { $0.rules ?? [] }
    let named = Set(figures.map(\.quantity.source) + rules.map(\.source) + (panels.map { [$0.source] } ?? []))
    guard let unknown = named.subtracting(sources.keys).sorted().first else { return nil }
    return "source '\(unknown)' is used but not listed under 'sources'"
  }
}

extension Target.Rule {
  /// What is wrong with the bounds, after the rule's path and a quote's first half.
  fileprivate var problem: String? {
    if let divisor = multipleOf?.value, divisor < 1 {
      return ".multiple_of' is \(divisor), expected a number from 1"
    }
    if let max = max?.value, let min = min?.value, min > max {
      return ".min' is \(min), expected at most 'max', which is \(max)"
    }
    if let oneOf, oneOf.isEmpty { return ".one_of' is empty, expected numbers" }
    if max == nil, min == nil, multipleOf == nil, oneOf == nil {
      return "' has no bound, expected one of max, min, multiple_of, one_of"
    }
    return nil
  }
}
