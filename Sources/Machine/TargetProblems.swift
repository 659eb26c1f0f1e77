import IR

extension Target {
  /// What is wrong with what the file says, key by key; nil when nothing is.
  var problem: String? {
    if format != "target/1" { return "'format' is \"\(format)\", expected \"target/1\"" }
    let checks: [() -> String?] = [
      { headProblem }, { listProblem }, { memoryProblem }, { figures.lazy.compactMap(\.problem).first },
      { keyProblem }, { numbersProblem }, { opProblem }, { fusionProblem }, { quantization?.problem },
      { panelProblem }, { costProblem }, { sourceProblem },
    ]
    return checks.lazy.compactMap { $0() }.first
  }

  private var headProblem: String? {
    if let problem = identifierProblem("name", name) { return problem }
    if title.isEmpty || title.utf8.count > 100 {
      return "'title' has \(title.utf8.count) bytes, expected 1 to 100"
    }
    guard (1950...2100).contains(year.value) else {
      return "'year' is \(year.value), expected a year from 1950 to 2100"
    }
    return nil
  }

  private var listProblem: String? {
    if engines.isEmpty { return "'engines' is empty, expected at least one" }
    let lists = [
      ("engines", engines.map(\.id)), ("memories", memories.map(\.id)),
      ("layouts", (layouts ?? []).map(\.id)),
      ("quantization.schemes", (quantization?.schemes ?? []).map(\.id)),
    ]
    for (list, ids) in lists {
      for (index, id) in ids.enumerated() {
        if let problem = identifierProblem("\(list)[\(index)].id", id) { return problem }
        if ids[..<index].contains(id) {
          return "'\(list)[\(index)].id' is \"\(id)\", as is that of another; expected one of its own"
        }
      }
    }
    return identifierProblem("fallback.engine", fallback.engine)
  }

  private var memoryProblem: String? {
    for (index, memory) in memories.enumerated() {
      if let problem = repetition(memory.holds, "memories[\(index)].holds") { return problem }
    }
    let holdsValues = plannedMemories.contains { $0.holds.contains(.activations) }
    return holdsValues
      ? nil : "'memories' has none that is planned and holds \"activations\", expected at least one"
  }

  /// Tables whose keys are words of their own.
  private var keyProblem: String? {
    for (index, engine) in engines.enumerated() {
      let place = "engines[\(index)]"
      for (table, keys) in [("macs_per_cycle", engine.macsPerCycle), ("peak_gops", engine.peakGops)] {
        let wrong = (keys ?? [:]).keys.sorted().first { !isPairOfFormats($0) }
        if let wrong { return "key '\(place).\(table).\(wrong)' is no pair of formats, such as i8xi8" }
      }
      if let problem = unknownKey("\(place).elementwise_per_cycle", engine.elementwisePerCycle, Format.names)
        ?? unknownKey("\(place).utilisation", engine.utilisation, WorkKind.names)
      {
        return problem
      }
    }
    for (index, layout) in (layouts ?? []).enumerated() {
      if let problem = unknownKey("layouts[\(index)].round_up", layout.roundUp, axisNames) { return problem }
    }
    return unknownKey("cost.ms_per_unit", cost?.msPerUnit, CostTerm.names)
      ?? unknownKey("limits.max_extent", limits.maxExtent, axisNames)
      ?? unknownKey("dtypes.computes_as", dtypes.computesAs, Format.names)
      ?? unknownKey("quantization.weight_sum_max", quantization?.weightSumMax, Format.names)
  }

  private var numbersProblem: String? {
    let lists = [
      ("activation", dtypes.activation), ("weight", dtypes.weight), ("bias", dtypes.bias),
      ("accumulator", dtypes.accumulator), ("weight_storage", dtypes.weightStorage ?? []),
      ("io", dtypes.io ?? []),
    ]
    for (key, formats) in lists {
      if let problem = repetition(formats, "dtypes.\(key)") { return problem }
    }
    return dtypes.activation.isEmpty ? "'dtypes.activation' is empty, expected at least one" : nil
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
        if let problem = rule.problem("ops.\(op).rules[\(index)]") { return problem }
      }
    }
    return nil
  }

  private var fusionProblem: String? {
    for (index, fusion) in (fusion ?? []).enumerated() {
      let lists = [("hosts", fusion.hosts, []), ("functions", fusion.functions, ["*"])]
      for (key, names, others) in lists {
        let place = "fusion[\(index)].\(key)"
        if let problem = repetition(names, place) { return problem }
        if names.isEmpty { return "'\(place)' is empty, expected at least one" }
        for (position, name) in names.enumerated() where Op.prototypes[name] == nil && !others.contains(name)
        {
          return "'\(place)[\(position)]' is \"\(name)\", expected an op of the IR, such as conv"
        }
      }
    }
    for (index, output) in (quantization?.fixedOutputs ?? []).enumerated()
    where Op.prototypes[output.op] == nil {
      return
        "'quantization.fixed_outputs[\(index)].op' is \"\(output.op)\", expected an op of the IR, such as conv"
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

  private var costProblem: String? {
    guard let cost else { return nil }
    let counts = [
      ("fitted_on_rows", cost.fittedOnRows.value), ("fitted_on_families", cost.fittedOnFamilies.value),
    ]
    return counts.first { $0.1 < 1 }.map { "'cost.\($0.0)' is \($0.1), expected a number from 1" }
  }

  private var sourceProblem: String? {
    var named = Set(figures.map(\.quantity.source))
    for support in ops.values {
      named.formUnion((support.rules ?? []).map(\.source))
      if let source = support.source { named.insert(source) }
    }
    named.formUnion((quantization?.schemes ?? []).map(\.source))
    named.formUnion((fusion ?? []).map(\.source))
    named.formUnion([cascade?.source, panels?.source].compactMap { $0 })
    guard let unknown = named.subtracting(sources.keys).sorted().first else { return nil }
    return "source '\(unknown)' is used but not listed under 'sources'"
  }
}

extension Target.Quantization {
  fileprivate var problem: String? {
    for (index, scheme) in schemes.enumerated() {
      let place = "quantization.schemes[\(index)]"
      if let problem = scheme.activation.problem("\(place).activation")
        ?? scheme.weight?.problem("\(place).weight")
      {
        return problem
      }
      if let bits = scheme.bias?.bits.value, !(1...64).contains(bits) {
        return "'\(place).bias.bits' is \(bits), expected 1 to 64"
      }
    }
    if let rounding = rescale.rounding { return repetition(rounding, "quantization.rescale.rounding") }
    return nil
  }
}

extension Target.Scale {
  fileprivate func problem(_ place: String) -> String? {
    let ranges = [("min", min, "max", max), ("zero_point_min", zeroPointMin, "zero_point_max", zeroPointMax)]
    for (low, least, high, most) in ranges {
      if let least, let most, least.value > most.value {
        return
          "'\(place).\(low)' is \(least.value), expected at most '\(high)', which is \(most.value)"
      }
    }
    return nil
  }
}

extension Target.Rule {
  /// What is wrong with the rule at a path.
  fileprivate func problem(_ place: String) -> String? {
    if let when, when.isEmpty { return "'\(place).when' is empty, expected conditions" }
    for (index, condition) in (when ?? []).enumerated() {
      if let problem = condition.bound.problem("\(place).when[\(index)]") { return problem }
    }
    return bound.problem(place)
  }
}

extension Bound {
  /// What is wrong with the bounds, after the path of what has them.
  fileprivate func problem(_ place: String) -> String? {
    if let multipleOf, multipleOf < 1 {
      return "'\(place).multiple_of' is \(multipleOf), expected a number from 1"
    }
    if let max, let min, min > max {
      return "'\(place).min' is \(min), expected at most 'max', which is \(max)"
    }
    if let oneOf, oneOf.isEmpty { return "'\(place).one_of' is empty, expected numbers" }
    if max == nil, min == nil, multipleOf == nil, oneOf == nil {
      return "'\(place)' has no bound, expected one of max, min, multiple_of, one_of"
    }
    return nil
  }
}

private let axisNames = ["N", "C", "H", "W"]

private func isPairOfFormats(_ key: String) -> Bool {
  let formats = key.split(separator: "x", omittingEmptySubsequences: false)
  return formats.count == 2 && formats.allSatisfy { Target.Format(rawValue: String($0)) != nil }
}

private func unknownKey<Value>(_ place: String, _ table: [String: Value]?, _ known: [String]) -> String? {
  let unknown = (table ?? [:]).keys.sorted().first { !known.contains($0) }
  return unknown.map { "key '\(place).\($0)' is unknown, expected one of \(known.joined(separator: ", "))" }
}

private func repetition<Word: Hashable>(_ words: [Word], _ place: String) -> String? {
  for (index, word) in words.enumerated() where words[..<index].contains(word) {
    let text = (word as? any RawRepresentable<String>)?.rawValue ?? "\(word)"
    return "'\(place)[\(index)]' is \"\(text)\", which stands there twice; remove one"
  }
  return nil
}

/// Names that commands and files give are short and plain.
private func identifierProblem(_ place: String, _ id: String) -> String? {
  let isPlain = id.utf8.allSatisfy { byte in
    (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || [0x2d, 0x2e, 0x5f].contains(byte)
  }
  guard isPlain, (1...40).contains(id.utf8.count), id.first?.isLetter == true else {
    return "'\(place)' is \"\(id)\", expected up to 40 of a-z, 0-9, '-', '.' and '_' after a letter"
  }
  return nil
}
