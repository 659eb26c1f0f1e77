import IR

/// The graph without inputs that could not be imported, of strings for one, if nothing that its outputs need reads them.
func withoutUnreadInputs(_ graph: ONNXGraph, file: String, notes: inout [Note]) -> ONNXGraph {
  let isImportable = graph.inputs.map { input in
    if case .tensor = input.kind { return true }
    return false
  }
  guard isImportable.contains(false) else { return graph }
  let read = ONNXLiveness(graph.nodes, outputs: graph.outputs.map(\.name)).read
  var kept = graph
  kept.inputs = []
  for (input, isImportable) in zip(graph.inputs, isImportable) {
    if isImportable || read.contains(input.name) {
      kept.inputs.append(input)
    } else {
      let what =
        if case .unsupported(let type) = input.kind { "has element type \(type)" } else {
          "is no dense tensor"
        }
      notes.append(
        Note(
          .note,
          "\(file): input \(ImportError.quoted(input.name)): \(what), and no output needs it: it is left out")
      )
    }
  }
  return kept
}
