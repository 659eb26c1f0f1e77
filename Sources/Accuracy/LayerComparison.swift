import Bundle
import IR
import Tensors

/// The kernel calls of a function against the values of the model, of which the bundle says which they compute.
struct LayerComparison {
  var layers: [LayerAgreement] = []
  /// Kernel calls that compute a value of the model; others are steps on the way to the next that does.
  var callsWithOrigin = 0
  /// Values that the bundle says it computes and the model lacks, or has in another type.
  var unknownValues: [String] = []

  /// Compares a function that runs no others, on inputs in its order.
  ///
  /// The bundle runs twice: once as it is, which gives accumulated errors, and once with the model's own values put in
  /// the place of every result, so that each call's error is that of the call alone, or of it and those before it
  /// since the last one whose value the model has.
  init(
    _ program: Program, _ origins: ProgramOrigins, _ graph: Graph, function: Int, _ inputs: [Tensor],
    _ runner: BundleRunner
  ) throws {
    var names: [Int: String] = [:]
    for (index, value) in origins.values.enumerated() {
      if let value, value.call == nil { names[index] = value.name }
    }
    let references = try Self.references(Set(names.values), graph, inputs)
    func agreements(feeding isFeeding: Bool) throws -> [Int: Agreement] {
      var found: [Int: Agreement] = [:]
      _ = try runner.run(function, inputs) { instruction, result in
        guard let name = names[instruction], let reference = references[name],
          reference.shape == result.shape, reference.element == result.element
        else { return nil }
        found[instruction] = Agreement(result, reference: reference)
        return isFeeding ? reference : nil
      }
      return found
    }
    let accumulated = try agreements(feeding: false)
    let own = try agreements(feeding: true)
    callsWithOrigin = names.count
    for (index, name) in names.sorted(by: { $0.key < $1.key }) {
      guard let own = own[index], let accumulated = accumulated[index] else {
        unknownValues.append(name)
        continue
      }
      let instruction = program.instructions[index]
      layers.append(
        LayerAgreement(
          function: graph.name, name: instruction.name.isEmpty ? name : instruction.name, value: name,
          op: instruction.operation, own: own, accumulated: accumulated))
    }
  }

  /// The values of some names as the definitions of the ops compute them.
  private static func references(
    _ names: Set<String>, _ graph: Graph, _ inputs: [Tensor]
  ) throws(Diagnostic) -> [String: Tensor] {
    var references: [String: Tensor] = [:]
    _ = try evaluate(graph, inputs) { event in
      for (value, tensor) in zip(graph[event.node].results, event.results)
      where names.contains(graph[value].name) {
        references[graph[value].name] = tensor
      }
    }
    return references
  }
}
