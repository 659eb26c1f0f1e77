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
  /// The layers for which a format can be chosen, in groups.
  ///
  /// Formats of few bits, which take long to find, are among the options where they are wanted.
  func layerGroups(_ decisions: Decisions, fewBits: Bool) -> [LayerGroup] {
    let layers = order.filter { isLayer($0) && !decisions.kept.contains($0) && !decisions[$0].isFloating }
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
    return groups.filter { !$0.isEmpty }.map { nodes in
      LayerGroup(nodes: nodes.sorted(), options: options(of: nodes, decisions, fewBits: fewBits))
    }
  }

  /// From the cheapest to the finest.
  private func options(
    of nodes: [NodeID], _ decisions: Decisions, fewBits: Bool
  ) -> [LayerOption] {
    let own = Set(nodes.map { decisions[$0] })
    var options = own.count == 1 ? [LayerOption(format: own.first!)] : []
    let areProducts = nodes.allSatisfy { Product($0, in: self) != nil }
    if own == [.int8], areProducts { options.append(LayerOption(format: .int8, input: .twoBytes)) }
    let palettes: [LayerFormat] = fewBits ? [3, 4, 6].map { .stored(.palette(bits: $0)) } : []
    for format in palettes + [.int4, .int8Weights, .fp16] {
      guard nodes.allSatisfy({ StoredWeight(of: $0, format, in: self) != nil }) else { continue }
      options.append(LayerOption(format: format))
    }
    return options + [LayerOption(format: .fp32)]
  }
}
