extension Module {
  /// Gives every value that a node computes a name that no other value of its function has, so that names tell
  /// values apart however passes renumber them. Equal modules get equal names.
  package mutating func nameValues() {
    rewriteFunctions { $0.nameValues() }
  }
}

extension Graph {
  /// The first value of a name keeps it; others, and those without one, are called after it or after their node or
  /// op, with a number.
  fileprivate mutating func nameValues() {
    let results = order.flatMap { self[$0].results }
    var taken = Set(inputs.map { self[$0.value].name } + weights.map { self[$0].name })
    var unnamed: [ValueID] = []
    for value in results where self[value].name.isEmpty || !taken.insert(self[value].name).inserted {
      unnamed.append(value)
    }
    var counts: [String: Int] = [:]
    for value in unnamed {
      let node = producer(of: value).map { self[$0] }
      let names = [self[value].name, node?.name ?? "", node?.op.name ?? ""]
      let base = names.first { !$0.isEmpty } ?? ""
      var name = base
      while !taken.insert(name).inserted {
        counts[base, default: 0] += 1
        name = "\(base).\(counts[base] ?? 0)"
      }
      rename(value, to: name)
    }
  }
}
