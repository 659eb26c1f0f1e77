import Tensors

// What holds of every graph and module between passes. Errors cite the number.
//
//   V1   Functions have names; those of a module differ.
//   V2   Input names are not empty and differ, and so do output names.
//   V3   Input number i of the graph is a value that says it is input i, and no other value says so.
//   V4   Outputs are values of the graph.
//   V5   The order lists every node of the graph once.
//   V6   Operands are inputs, weights or results of earlier nodes.
//   V7   A node's results are values that name it and their position, and no other value does.
//   V8   The users of a value are the nodes that read it, once for each operand.
//   V9   The op accepts its operands, and its results have the element types and shapes that it infers.
//   V10  Weight names are not empty, differ within a function and find their weight.
//   V11  Contents of a weight have the element type and shape of its value.
//   V12  Rank, extents and element counts keep to `Limits`.
//   V13  Integer attributes, but for those of slices, and lengths of names keep to `Limits`.
//   V14  A function's value of a weight has the type that the module's table gives the weight.
//   V15  Functions that nodes run are in the module, and take and give what the nodes do.
//   V16  No function reaches itself through the functions that it runs, and these keep to `Limits`.
//   V17  Sizes of an output name axes of it, in ascending order, and outputs that are one i64 each.

/// Checks every invariant of every function and of the module. The error tells of all that is wrong.
package func verify(_ module: Module) throws(Diagnostic) {
  var problems: [Diagnostic] = []
  var names: Set<String> = []
  for graph in module.functions {
    if !names.insert(graph.name).inserted {
      problems.append(Diagnostic("[V1] two functions of the module are named \(symbol(graph.name))"))
    }
    problems += weightProblems(of: graph, in: module) + graph.problems
  }
  if let error = Diagnostic(all: problems + callProblems(in: module)) { throw error }
}

/// Checks every invariant of a graph. The error tells of all that is wrong.
package func verify(_ graph: Graph) throws(Diagnostic) {
  if let error = Diagnostic(all: graph.problems) { throw error }
}

extension Graph {
  /// Every breach of an invariant; none in a sound graph.
  package var problems: [Diagnostic] {
    var verifier = GraphVerifier(self)
    verifier.run()
    return verifier.problems
  }
}

/// Breaches of V14.
private func weightProblems(of graph: Graph, in module: Module) -> [Diagnostic] {
  graph.weights.compactMap { value in
    let type = graph.type(of: value)
    guard let name = graph.weight(value)?.name, let entry = module.weights[name], entry.type != type else {
      return nil
    }
    return Diagnostic(
      "[V14] weight \(symbol(name)) of \(symbol(graph.name)) is \(type), the module's is \(entry.type)")
  }
}

extension Diagnostic {
  /// One error for all: the first, with the others as notes. Nil if there are none.
  init?(all problems: [Diagnostic]) {
    guard var error = problems.first else { return nil }
    for problem in problems.dropFirst().prefix(Self.noteLimit) {
      var line = problem
      line.notes = []
      error.notes += ["also: \(line)"] + problem.notes
    }
    let left = problems.count - 1 - Self.noteLimit
    if left > 0 { error.notes.append("and \(left) more") }
    self = error
  }

  /// How many further errors are told of in full.
  private static let noteLimit = 50
}
