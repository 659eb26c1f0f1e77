import Tensors

/// What a loop gives.
package struct LoopResults: Sendable {
  /// The carried values after the last run.
  package var carried: [ValueID]
  /// The further outputs of all runs, stacked along a new first axis.
  package var stacked: [ValueID]
}

/// Running other functions. They are collected, so that ``GraphBuilder/finishModule(file:line:)`` gives the
/// whole module.
extension GraphBuilder {
  /// Runs the first function of a module once. `operands` in the order of its inputs.
  package mutating func call(
    _ callee: Module, _ operands: [ValueID], name: String = "", file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> [ValueID] {
    let function = try include(callee, file: file, line: line)
    let results = function.outputs.map { function.type(of: $0.value) }
    return try addAll(
      .call(FunctionCall(function.name, results: results)), operands,
      name: name.isEmpty ? function.name : name,
      file: file, line: line)
  }

  /// Runs the first function of a module `count` times; see ``Loop``. Its inputs are, in order, those of
  /// `carried`, a part of each of `stepped`, and `constant`; its first outputs the next carried values.
  package mutating func loop(
    _ body: Module, count: Int, carried: [ValueID], stepped: [ValueID] = [], constant: [ValueID] = [],
    name: String = "", file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> LoopResults {
    let function = try include(body, file: file, line: line)
    let results = function.outputs.enumerated().map { index, port in
      let type = function.type(of: port.value)
      return index < carried.count ? type : type.stacked(count)
    }
    let loop = Loop(
      function.name, count: count, carried: carried.count, stepped: stepped.count, results: results)
    let values = try addAll(
      .loop(loop), carried + stepped + constant, name: name.isEmpty ? function.name : name, file: file,
      line: line)
    return LoopResults(
      carried: Array(values.prefix(carried.count)), stacked: Array(values.dropFirst(carried.count)))
  }

  /// The graph, then all functions that it runs.
  package func finishModule(file: String = #fileID, line: Int = #line) throws(Diagnostic) -> Module {
    let module = Module([try finish(file: file, line: line)] + callees)
    try verifyCalls(module)
    return module
  }

  private mutating func include(_ module: Module, file: String, line: Int) throws(Diagnostic) -> Graph {
    for function in module.functions {
      guard function.name != graph.name else {
        throw Diagnostic(
          "the graph '\(graph.name)' can't run a function of its own name",
          at: .builder(file: file, line: line),
          advice: "give one of them another name")
      }
      guard let known = callees.first(where: { $0.name == function.name }) else {
        callees.append(function)
        continue
      }
      guard known.text == function.text else {
        throw Diagnostic(
          "two different functions are named '\(function.name)'", at: .builder(file: file, line: line),
          advice: "give one of them another name")
      }
    }
    return module.functions[0]
  }
}

extension Module {
  /// The same functions on another set of weights: weights are called `set/name` and functions `name@set`.
  /// Two calls of one function may so run on different weights.
  package func withWeights(_ set: String) -> Module {
    let names = Set(functions.map(\.name))
    return Module(
      functions.map { graph in
        var copy = graph
        copy.name = "\(graph.name)@\(set)"
        copy.renameWeights { "\(set)/\($0)" }
        copy.renameCallees { names.contains($0) ? "\($0)@\(set)" : $0 }
        return copy
      }, metadata: metadata)
  }
}
