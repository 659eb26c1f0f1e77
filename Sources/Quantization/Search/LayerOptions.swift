import IR
import Tensors

/// A way to compute layers.
struct LayerOption: Hashable {
  var format: LayerFormat
  /// How products read their input; nil for 8 bits, or floating point.
  var input: InputFormat?

  var description: String { input.map { "\(format), input in \($0.rawValue)" } ?? format.description }
}

/// Layers that read one value or one weight, which all compute in one way: to read it in several costs more.
struct LayerGroup {
  var nodes: [NodeID]
  var options: [LayerOption]
}

extension Graph {
  /// The layers for which a format can be chosen.
  func layersToChooseFor(_ decisions: Decisions) -> [NodeID] {
    order.filter { isLayer($0) && !decisions.kept.contains($0) && !decisions[$0].isFloating }
  }

  /// Some layers in groups, with the formats of weights that all of a group can have. What rules treat in several ways stays as it is.
  func groups(
    of layers: [NodeID], _ decisions: Decisions, _ formats: [LayerFormat], _ weights: StoredWeights
  ) -> [LayerGroup] {
    var groupOfValue: [ValueID: Int] = [:]
    var groups: [[NodeID]] = []
    for node in layers {
      let inputs =
        self[node].operands.enumerated().filter { isProductOperand(node, $0.offset) }.map(\.element)
        + [WeightSite(of: node, in: self)?.value].compactMap { $0 }
      let found = Set(inputs.compactMap { groupOfValue[$0] }).sorted()
      let index = found.first ?? groups.count
      if found.isEmpty { groups.append([]) }
      groups[index].append(node)
      for other in found.dropFirst() {
        groups[index] += groups[other]
        groups[other] = []
        for (value, group) in groupOfValue where group == other { groupOfValue[value] = index }
      }
      for input in inputs { groupOfValue[input] = index }
    }
    return groups.compactMap { nodes in
      let own = Set(nodes.map { decisions[$0] })
      guard let first = own.first, own.count == 1 else { return nil }
      // From the cheapest to the finest.
      var options = [LayerOption(format: first)]
      if first == .int8, nodes.allSatisfy({ Product($0, in: self) != nil }) {
        options.append(LayerOption(format: .int8, input: .twoBytes))
      }
      for format in formats where nodes.allSatisfy({ weights[$0, format] != nil }) {
        options.append(LayerOption(format: format))
      }
      return LayerGroup(nodes: nodes.sorted(), options: options + [LayerOption(format: .fp32)])
    }
  }
}
