import IR
import Tensors

extension MixedSearch {
  /// What each layer alone costs and does to the outputs, by its format.
  func problem(
    _ groups: [LayerGroup], _ plan: QuantizationPlan, _ weights: StoredWeights
  ) throws(Diagnostic) -> AssignmentProblem {
    let layers = LayerNoise(graph: graph, functions: learner.functions, plan: plan, weights: weights)
    let places = groups.indices.flatMap { group in groups[group].options.indices.map { (group, $0) } }
    var noise = [[Double]](repeating: [], count: places.count)
    let chosen = spread(Self.samples, of: learner.fitted)
    for (number, sample) in chosen.enumerated() {
      learner.progress("measuring layers", Double(number) / Double(chosen.count))
      let outputs = try OutputNoise(
        graph, functions: learner.functions, inputs: try learner.samples.read(sample))
      let found = try concurrently(places.count) { [graph] (index) throws(Diagnostic) in
        let (group, option) = (groups[places[index].0], groups[places[index].0].options[places[index].1])
        guard option.format != .fp32 else { return graph.outputs.map { _ in 0.0 } }
        var results: [NodeID: [Tensor]] = [:]
        for node in group.nodes { results[node] = try layers.results(of: node, option, outputs) }
        return try outputs.shares(changing: results)
      }
      for index in noise.indices { noise[index] += found[index] }
    }
    var entries = groups.map { _ in [AssignmentProblem.Entry]() }
    for (index, place) in places.enumerated() {
      let option = groups[place.0].options[place.1]
      var entry = AssignmentProblem.Entry(bytes: 0, work: 0, noise: noise[index])
      for node in groups[place.0].nodes {
        entry.bytes += bytes(node, option, plan, weights) + programBytes(option)
        entry.work += Double(graph.multiplyAdds(of: node)) * option.format.width(option.input)
      }
      entries[place.0].append(entry)
    }
    let inGroups = Set(groups.flatMap(\.nodes))
    var problem = AssignmentProblem(entries: entries)
    for node in graph.order where !inGroups.contains(node) {
      let format = plan.decisions[node]
      problem.otherWork += Double(graph.multiplyAdds(of: node)) * format.width(nil)
      problem.otherBytes += bytes(node, LayerOption(format: format), plan, weights)
    }
    return problem
  }

  /// What the instructions around a layer take beside those of floating point, packed: about 50 bytes each.
  private func programBytes(_ option: LayerOption) -> Double {
    switch option.format {
    case .int8: option.input == nil ? 50 : 200
    case .twoBytes: 400
    case .scaledRows: 600
    case .stored, .fp32: 0
    }
  }

  /// What the weights of a node take as they are stored.
  private func bytes(
    _ node: NodeID, _ option: LayerOption, _ plan: QuantizationPlan, _ weights: StoredWeights
  ) -> Double {
    let constants = graph[node].operands.compactMap { graph.constant($0) }
    let all = constants.reduce(0) { $0 + budget.storedBytes($1) }
    if let stored = weights[node, option.format] {
      let own = graph.constant(graph[node].operands[stored.operand])!
      return Double(all - budget.storedBytes(own) + stored.bytes(budget.storedBytes))
    }
    guard !option.format.isFloating else { return Double(all) }
    if let product = plan.products[node] {
      let parts = [product.weights.integers] + [product.weights.second].compactMap { $0 }
      return Double(parts.reduce(8 * product.weights.scales.count) { $0 + budget.storedBytes($1) })
    }
    if let recurrent = plan.recurrents[node] {
      return Double(budget.storedBytes(recurrent.rows.weights) + 12 * recurrent.rows.bias.elementCount)
    }
    return Double(all) / 2
  }
}
