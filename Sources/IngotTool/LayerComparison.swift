import Bundle
import IR
import IngotCompiler
import Tensors

/// How one layer's results by the interpreter and by the reference compare.
struct LayerAgreement: Encodable {
  var function: String
  /// What computes it.
  var op: String
  var agreement: Agreement

  private enum CodingKeys: String, CodingKey {
    case function, op
  }

  func encode(to encoder: any Encoder) throws {
    try agreement.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(function, forKey: .function)
    try container.encode(op, forKey: .op)
  }
}

/// Results of a bundle's kernel calls compared with those of the graph that they were made of.
struct LayerComparison {
  var contents: BundleContents
  /// The model compiled again, which tells what each kernel call computes.
  var compiled: CompiledBundle

  /// Whether a function's program is the one that this compiler makes.
  func isOfThisCompiler(_ function: Int) -> Bool {
    contents.programs.indices.contains(function) && compiled.programs[function] == contents.programs[function]
  }

  /// The layers of a function; none of one that runs others, whose program holds the layers of all of them.
  /// `results` are those of its instructions.
  func layers(_ function: Int, _ inputs: [Tensor], _ results: [Int: Tensor]) throws -> [LayerAgreement] {
    let graph = compiled.module.functions[function]
    guard !graph.runsFunctions else { return [] }
    var references: [ValueID: Tensor] = [:]
    _ = try evaluate(graph, inputs) { node, tensors in
      for (value, tensor) in zip(graph[node].results, tensors) { references[value] = tensor }
    }
    return compiled.values[function].enumerated().compactMap { index, value in
      guard let value, let result = results[index], let reference = references[value],
        result.shape == reference.shape
      else { return nil }
      let name = compiled.programs[function].instructions[index].name
      let op = graph.producer(of: value).map { graph[$0].op.name } ?? ""
      return LayerAgreement(
        function: graph.name, op: op, agreement: Agreement(name, result, reference: reference))
    }
  }
}
