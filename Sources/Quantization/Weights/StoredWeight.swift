import IR
import Passes
import Tensors

/// The weight of a node in floating point, stored in fewer bits.
struct StoredWeight: Sendable {
  private let site: WeightSite
  private let encoded: EncodedWeight
  /// Which of the node's operands it is.
  let operand: Int

  /// What it stands for.
  var numbers: Tensor { encoded.numbers }

  /// Nil where the format stores weights in fp32, or can't hold this one, or the node has none.
  init?(of node: NodeID, _ format: LayerFormat, in graph: Graph) {
    guard let format = format.weights, let site = WeightSite(of: node, in: graph),
      let weight = graph.constant(site.value), let encoded = format.encode(weight, read: site.reading),
      let operand = graph[node].operands.firstIndex(of: site.value)
    else { return nil }
    self.site = site
    self.encoded = encoded
    self.operand = operand
  }

  /// Of its constants, as `stored` tells of each.
  func bytes(_ stored: (Tensor) -> Int) -> Int { encoded.operands.reduce(0) { $0 + stored($1) } }

  /// Lets all nodes that read the weight read it so.
  func write(_ context: inout PassContext) throws(Diagnostic) {
    guard context.graph.constant(site.value)?.element == .f32 else { return }
    try site.write(encoded, &context)
  }
}

/// The weights of layers in the formats that they may have. To find them takes long, to unpack them does not.
struct StoredWeights: Sendable {
  private var found: [NodeID: [LayerFormat: StoredWeight]] = [:]

  init(of nodes: [NodeID], _ formats: [LayerFormat], in graph: Graph) throws(Diagnostic) {
    let all = try concurrently(nodes.count) { (index) throws(Diagnostic) in
      formats.map { StoredWeight(of: nodes[index], $0, in: graph) }
    }
    for (node, weights) in zip(nodes, all) {
      for (format, weight) in zip(formats, weights) { found[node, default: [:]][format] = weight }
    }
  }

  /// Nil where the format can't hold the weight, or holds it as it is.
  subscript(node: NodeID, format: LayerFormat) -> StoredWeight? { found[node]?[format] }
}

extension Decisions {
  /// The weight of a node as its format stores it. All that read a weight must agree on how; else it stays in fp32.
  func storedWeight(of node: NodeID, in graph: Graph) -> StoredWeight? {
    let format = self[node]
    guard format.weights != nil, let site = WeightSite(of: node, in: graph),
      site.readers.allSatisfy({ self[$0] == format })
    else { return nil }
    return StoredWeight(of: node, format, in: graph)
  }
}

extension LayerFormat {
  /// How a layer in floating point stores its weights; nil for fp32, or integers.
  var weights: WeightFormat? {
    guard case .stored(let format) = self else { return nil }
    return format
  }
}
