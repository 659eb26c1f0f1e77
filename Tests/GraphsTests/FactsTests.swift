import Graphs
import IR
import Tensors
import Testing

/// Every variant of every graph holds what its facts say.
struct FactsTests {
  struct Entry: Sendable, CustomTestStringConvertible {
    var definition: GraphDefinition
    var variant: GraphVariant
    var testDescription: String { "\(definition.name)_\(variant.name)" }
  }

  static let entries = zoo.flatMap { definition in
    definition.variants.map { Entry(definition: definition, variant: $0) }
  }

  @Test(arguments: entries) func countsAreThoseOfTheFacts(_ entry: Entry) throws {
    let module = try entry.variant.module()
    let (statistics, facts) = (Statistics(module), entry.variant.facts)
    #expect(statistics.parameters == facts.parameters)
    #expect(statistics.macs == facts.macs)
    #expect(statistics.attentionMACs == facts.attentionMACs)
    if let folded = facts.foldedParameters {
      let norms = module.functions.reduce(0) { $0 + batchNormParameters($1) }
      #expect(statistics.parameters - norms == folded)
    }
  }

  /// What is ours is said, and only where something is.
  @Test(arguments: entries) func reconstructionsSayWhatIsOurs(_ entry: Entry) {
    #expect(entry.variant.facts.ours.isEmpty == (entry.variant.facts.status != .reconstruction))
  }

  @Test(arguments: entries) func graphsAreValid(_ entry: Entry) throws {
    try verify(entry.variant.module())
  }

  /// Scales and offsets of batch norms, which folding removes.
  private func batchNormParameters(_ graph: Graph) -> Int {
    graph.order.reduce(0) { sum, id in
      guard case .batchNorm = graph[id].op else { return sum }
      return sum + 2 * graph.shape(of: graph[id].operands[1]).elementCount
    }
  }
}
