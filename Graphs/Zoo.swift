package import IR

/// The networks that come with the compiler, each a graph that a checkpoint fills.
package let zoo: [GraphDefinition] = [
  efficientFormerV2, mobileR2L, snapFusion, textCraftor, snapVideo, snapGenV, asCAN, e2GAN,
  denoisedNeuralWeights,
  clgt, samplers,
]

/// The architecture of a name, and its variant. `variant` may be left out when there is one only, or when
/// `name` is that of the architecture and the variant joined by `_`.
package func findGraph(
  _ name: String, variant: String? = nil
) throws(Diagnostic) -> (definition: GraphDefinition, variant: GraphVariant) {
  for definition in zoo {
    if definition.name == name {
      if let found = definition.variants.first(where: { $0.name == variant }) { return (definition, found) }
      if variant == nil, definition.variants.count == 1 { return (definition, definition.variants[0]) }
      let found =
        variant.map { "graph '\(name)' has no variant '\($0)'" } ?? "graph '\(name)' has several variants"
      throw Diagnostic(
        found, advice: "choose one of \(definition.variants.map(\.name).joined(separator: ", "))")
    }
    if variant == nil,
      let found = definition.variants.first(where: { "\(definition.name)_\($0.name)" == name })
    {
      return (definition, found)
    }
  }
  throw Diagnostic(
    "there is no graph '\(name)'", advice: "the graphs are \(zoo.map(\.name).joined(separator: ", "))")
}
