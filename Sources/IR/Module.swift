package import Tensors

/// Everything one compile works on: functions, the weights that they name, and metadata.
///
/// The module owns each weight once. Functions are stored without weights and are handed out with the module's at
/// hand, so that each reads as a graph that stands alone. Two functions that name one weight are tied by that; what
/// no function names is not in the module.
package struct Module: Sendable {
  /// The functions, without weights.
  private var bodies: [Graph] = []
  /// The weights that functions name.
  package private(set) var weights = WeightTable()
  /// Facts for the manifest, in order.
  package var metadata: [(key: String, value: String)]
  /// What the user should know of how it was read, in order. Neither text nor bundle holds them.
  package var notes: [Note] = []

  /// Weights of one name and contents become one. Of those with other contents the first keeps its name, others get
  /// their function's in front.
  package init(_ functions: [Graph], metadata: [(key: String, value: String)] = []) {
    self.metadata = metadata
    replaceFunctions(functions)
  }

  /// The functions, each with the module's weights at hand.
  package var functions: [Graph] {
    bodies.map { body in
      var graph = body
      graph.table = weights
      return graph
    }
  }

  /// Changes functions, each with the weights as they were before. What they make of a weight becomes one weight
  /// again where it is the same, and else one for each, as in ``init(_:metadata:)``.
  package mutating func rewriteFunctions<Failure>(
    _ body: (inout Graph) throws(Failure) -> Void
  ) throws(Failure) {
    var changed = functions
    for index in changed.indices { try body(&changed[index]) }
    replaceFunctions(changed)
  }

  /// Gives a weight contents of its shape, which are converted to its type.
  package mutating func bind(_ name: String, to tensor: Tensor) {
    guard let type = weights[name]?.type else { return }
    weights.bind(name, to: tensor.converted(to: type.element))
  }

  /// Names of all weights, in the order in which functions name them.
  package var weightNames: [String] {
    var seen: Set<String> = []
    return bodies.flatMap(\.weightNames).filter { seen.insert($0).inserted }
  }

  private mutating func replaceFunctions(_ functions: [Graph]) {
    var taken = Set(functions.flatMap(\.weightNames))
    bodies = functions
    weights = WeightTable()
    for index in bodies.indices {
      weights.join(&bodies[index], taken: &taken)
      bodies[index].table = WeightTable()
    }
  }
}
