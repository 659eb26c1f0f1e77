import Tensors

/// Checks V15 and V16; then recursion over calls ends, at a depth of ``Limits/callDepth``.
package func verifyCalls(_ module: Module) throws(Diagnostic) {
  if let error = Diagnostic(all: callProblems(in: module)) { throw error }
}

/// Every breach of V15, and the first of V16.
func callProblems(in module: Module) -> [Diagnostic] {
  var problems: [Diagnostic] = []
  let functions = Dictionary(module.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  for graph in module.functions {
    for id in graph.order {
      guard let callee = graph[id].op.callee else { continue }
      guard let function = functions[callee] else {
        let known = module.functions.map(\.name)
        let advice =
          closest(to: callee, in: known).map { "did you mean \(symbol($0))?" }
          ?? "the functions are \(listed(known.map(symbol)))"
        problems.append(
          failure(15, "the module has no function \(symbol(callee))", id, graph, advice: advice))
        continue
      }
      problems += signatureProblems(id, graph, function)
    }
  }
  do { try checkCallsEnd(module.functions) } catch { problems.append(error) }
  return problems
}

private func signatureProblems(_ id: NodeID, _ graph: Graph, _ callee: Graph) -> [Diagnostic] {
  var problems: [Diagnostic] = []
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
      problems.append(
        failure(
          15, "has \(found.count) values for \(kind) of \(symbol(callee.name)), expected \(expected.count)",
          id, graph))
      continue
    }
    for (index, (a, b)) in zip(found, expected).enumerated() where a != b {
      problems.append(
        failure(
          15, "has \(a) for \(kind.dropLast()) \(index) of \(symbol(callee.name)), expected \(b)", id, graph))
    }
  }
  return problems
}

extension Graph {
  /// Whether a node of it runs another function.
  package var runsFunctions: Bool { firstCall(of: self) != nil }
}

extension Module {
  /// The function of a name.
  package subscript(name: String) -> Graph? { functions.first { $0.name == name } }

  /// The functions that a function reaches, itself last, each after all that it runs; functions that the
  /// module lacks are left out.
  package func reachable(from graph: Graph) -> [Graph] {
    let named = Dictionary(functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var done: [Graph] = []
    var seen: Set<String> = []
    func visit(_ graph: Graph) {
      guard seen.insert(graph.name).inserted else { return }
      for id in graph.order {
        if let callee = graph[id].op.callee.flatMap({ named[$0] }) { visit(callee) }
      }
      done.append(graph)
    }
    visit(graph)
    return done
  }
}

/// Sets functions aside whose calls all lead to functions set aside before; what stays runs in a circle.
private func checkCallsEnd(_ functions: [Graph]) throws(Diagnostic) {
  var waiting = functions
  for _ in 0..<Limits.callDepth {
    let names = Set(waiting.map(\.name))
    let rest = waiting.filter { firstCall(of: $0, in: names) != nil }
    guard !rest.isEmpty else { return }
    if rest.count == waiting.count { throw circle(in: rest) }
    waiting = rest
  }
  let message = "functions run functions more than \(Limits.callDepth) deep"
  let graph = waiting[0]
  guard let call = firstCall(of: graph) else { throw Diagnostic("[V16] \(symbol(graph.name)): \(message)") }
  throw failure(16, message, call.node, graph)
}

/// The error that functions, each of which runs one of them, run each other in a circle.
private func circle(in functions: [Graph]) -> Diagnostic {
  let named = Dictionary(functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  let names = Set(named.keys)
  var path = [functions[0]]
  var seen: Set<String> = []
  while let last = path.last, seen.insert(last.name).inserted,
    let next = firstCall(of: last, in: names).flatMap({ named[$0.callee] })
  {
    path.append(next)
  }
  let last = path[path.count - 1]
  let ring = path.drop { $0.name != last.name }.map { symbol($0.name) }
  let message = "\(ring.joined(separator: " runs ")), in a circle"
  guard let call = firstCall(of: last, in: names) else { return Diagnostic("[V16] \(message)") }
  return failure(16, message, call.node, last, advice: "repeat a function by 'loop'")
}

/// The first node that runs a function, one of these if they are given.
private func firstCall(of graph: Graph, in names: Set<String>? = nil) -> (node: NodeID, callee: String)? {
  for id in graph.order {
    if let callee = graph[id].op.callee, names?.contains(callee) ?? true { return (id, callee) }
  }
  return nil
}

private func failure(
  _ invariant: Int, _ message: String, _ id: NodeID, _ graph: Graph, advice: String = ""
) -> Diagnostic {
  let node = graph[id]
  return Diagnostic(
    "[V\(invariant)] \(symbol(graph.name)), node \(stringLiteral(node.name)): \(message)", at: node.location,
    op: node.op.name, advice: advice)
}
