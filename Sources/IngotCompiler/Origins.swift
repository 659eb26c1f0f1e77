import Bundle
import IR
import Tensors

/// The values of a module before the passes, by the names that ``Module/nameValues()`` gave them.
///
/// Passes keep the name of a value for what computes the same, and give none to what they add. A value of a name and
/// type of the source is thus the source's, but for rounding.
struct SourceValues {
  private var types: [String: [String: TensorType]] = [:]
  private var positions: [String: Int] = [:]

  init(_ module: Module) {
    for (index, graph) in module.functions.enumerated() {
      positions[graph.name] = index
      var known: [String: TensorType] = [:]
      for value in graph.order.flatMap({ graph[$0].results }) {
        known[graph[value].name] = graph.type(of: value)
      }
      types[graph.name] = known
    }
  }

  /// What each instruction of a lowered function computes, given the value of the flat graph that it does.
  func origins(_ flat: FlatFunction, _ values: [ValueID?]) -> ProgramOrigins {
    let graph = flat.graph
    let calls = flat.calls.map { call in
      ProgramOrigins.Call(
        caller: call.caller, function: positions[call.function] ?? 0, name: call.name)
    }
    return ProgramOrigins(
      calls: calls,
      values: values.map { value in
        guard let value, let producer = graph.producer(of: value) else { return nil }
        // What a loop carries has the name of what it is after the last step.
        if case .loopStep = graph[producer].op { return nil }
        let call = flat.callOfValue[value]
        let function = call.map { flat.calls[$0].function } ?? graph.name
        let name = graph[value].name
        guard let type = types[function]?[name], type.element == graph.type(of: value).element,
          type.shape == graph.type(of: value).shape
        else { return nil }
        return ProgramOrigins.Value(call: call, name: name)
      })
  }
}
