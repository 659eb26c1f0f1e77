import Tensors

/// Checks V17 and V18; then recursion over calls ends, at a depth of ``Limits/callDepth``.
package func verifyCalls(_ module: Module) throws(Diagnostic) {
  for graph in module.functions {
    for id in graph.order {
      guard let callee = graph[id].op.callee else { continue }
      guard let function = module[callee] else {
        let known = module.functions.map(\.name)
        let advice =
          closest(to: callee, in: known).map { "did you mean \(symbol($0))?" }
          ?? "the functions are \(known.map(symbol).joined(separator: ", "))"
        throw failure(17, "the module has no function \(symbol(callee))", id, graph, advice: advice)
      }
      try checkSignature(id, graph, function)
    }
  }
  try module.checkCallsEnd()
}

private func checkSignature(_ id: NodeID, _ graph: Graph, _ callee: Graph) throws(Diagnostic) {
  let node = graph[id]
  var given = node.operands.map { graph.type(of: $0) }
  var wanted = node.results.map { graph.type(of: $0) }
  if case .loop(let loop) = node.op {
    given = loop.bodyInputs(given)
    wanted = loop.bodyOutputs
  }
  let inputs = callee.inputs.map { callee.type(of: $0.value) }
  let outputs = callee.outputs.map { callee.type(of: $0.value) }
  for (kind, found, expected) in [("inputs", given, inputs), ("outputs", wanted, outputs)] {
    guard found.count == expected.count else {
      throw failure(
        17, "gives \(found.count) \(kind) to \(symbol(callee.name)), expected \(expected.count)", id, graph)
    }
    for (index, (a, b)) in zip(found, expected).enumerated() where a.description != b.description {
      throw failure(
        17, "has \(a) for \(kind.dropLast()) \(index) of \(symbol(callee.name)), expected \(b)", id, graph)
    }
  }
}

extension Module {
  /// The function of a name.
  package subscript(name: String) -> Graph? { functions.first { $0.name == name } }

  /// The functions that a function reaches, itself last, each after all that it runs; functions that the
  /// module lacks are left out.
  package func reachable(from graph: Graph) -> [Graph] {
    var done: [Graph] = []
    var seen: Set<String> = []
    func visit(_ graph: Graph) {
      guard seen.insert(graph.name).inserted else { return }
      for id in graph.order {
        if let callee = graph[id].op.callee.flatMap({ self[$0] }) { visit(callee) }
      }
      done.append(graph)
    }
    visit(graph)
    return done
  }

  /// Removes functions without calls until none is left; what stays runs in a circle.
  fileprivate func checkCallsEnd() throws(Diagnostic) {
    var waiting = functions.map { graph in
      (name: graph.name, callees: Set(graph.order.compactMap { graph[$0].op.callee }))
    }
    var depth = 0
    while !waiting.isEmpty {
      depth += 1
      guard depth <= Limits.callDepth else {
        throw Diagnostic("[V18] calls are nested more than \(Limits.callDepth) deep")
      }
      let names = Set(waiting.map(\.name))
      let rest = waiting.filter { !$0.callees.isDisjoint(with: names) }
      guard rest.count < waiting.count else {
        throw Diagnostic(
          "[V18] \(rest.map { symbol($0.name) }.joined(separator: ", ")) run each other in a circle",
          advice: "repeat a function by 'loop'")
      }
      waiting = rest
    }
  }
}

private func failure(
  _ invariant: Int, _ message: String, _ id: NodeID, _ graph: Graph, advice: String = ""
) -> Diagnostic {
  let node = graph[id]
  return Diagnostic(
    "[V\(invariant)] \(symbol(graph.name)), node \(stringLiteral(node.name)): \(message)", at: node.location,
    op: node.op.name, advice: advice)
}
