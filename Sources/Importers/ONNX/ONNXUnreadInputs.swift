import IR

/// The graph without inputs that could not be imported, of strings for one, if nothing that its outputs need reads them.
/// Of those that stay only shapes can be read, so that they are no inputs of the bundle either.
func withoutUnreadInputs(_ graph: ONNXGraph, file: String, notes: inout [Note]) -> ONNXGraph {
  let isImportable = graph.inputs.map { input in
    if case .tensor = input.kind { return true }
    return false
  }
  guard isImportable.contains(false) else { return graph }
  let read = ONNXLiveness(graph.nodes, outputs: graph.outputs.map(\.name)).read
  let initializers = Set(graph.opaqueInitializers.map(\.name))
  var kept = graph
  kept.inputs = []
  for (input, isImportable) in zip(graph.inputs, isImportable) {
    if isImportable || read.contains(input.name) { kept.inputs.append(input) }
    guard !isImportable, !initializers.contains(input.name) else { continue }
    let what =
      if case .unsupported(let type, _) = input.kind { "has element type \(type)" } else {
        "is no dense tensor"
      }
    let part = read.contains(input.name) ? "its elements" : "it"
    notes.append(
      Note(
        .note,
        "\(file): input \(ImportError.quoted(input.name)): \(what), and no output needs \(part): it is left out"
      ))
  }
  return kept
}
