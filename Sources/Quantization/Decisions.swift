package import IR

/// How each layer of a graph is to be computed: what a search finds, and what a recipe says.
struct Decisions {
  var variant = QuantizationVariant()
  /// Of nodes that do not compute on integers of 8 bits.
  private(set) var formats: [NodeID: LayerFormat] = [:]
  /// Why they do not.
  private(set) var reasons: [NodeID: String] = [:]
  /// Nodes whose formats users have chosen.
  private(set) var kept: Set<NodeID> = []
  /// Values that products read in another form than 8 bits.
  var inputs: [ValueID: InputFormat] = [:]
  /// Samples that layers are quantized on, and others of which neither they nor ranges know.
  var fitted = 0
  var heldBack = 0

  /// All on integers of 8 bits, but for what can't be, and for what users want to keep.
  init(_ graph: Graph, keeping layers: [KeptLayers] = []) {
    for node in graph.order {
      if let found = layers.last(where: { graph.isNamed(node, $0.pattern) }) {
        kept.insert(node)
        set(node, found.format, because: "it is to be kept: '\(found.pattern)'")
      }
    }
    for (node, reason) in RecurrentLayer.floating(in: graph) where !self[node].isFloating {
      set(node, .fp32, because: reason)
    }
  }

  subscript(node: NodeID) -> LayerFormat { formats[node] ?? .int8 }

  mutating func set(_ node: NodeID, _ format: LayerFormat, because reason: String? = nil) {
    formats[node] = format == .int8 ? nil : format
    reasons[node] = format == .int8 ? nil : reason
  }

  /// Those that come from rules, for nodes that no user has chosen for.
  mutating func add(_ format: LayerFormat, _ found: [NodeID: String]) {
    for (node, reason) in found where formats[node] == nil && !kept.contains(node) {
      set(node, format, because: reason)
    }
  }

  var floating: Set<NodeID> { Set(formats.filter { $0.value.isFloating }.keys) }

  func nodes(_ format: LayerFormat) -> Set<NodeID> { Set(formats.filter { $0.value == format }.keys) }

  func values(_ format: InputFormat) -> Set<ValueID> { Set(inputs.filter { $0.value == format }.keys) }

  /// How the values of the graph are stored.
  func analysis(_ graph: Graph) -> StorageAnalysis {
    StorageAnalysis(graph, floating: floating.union(nodes(.scaledRows)), split: nodes(.twoBytes))
  }
}

extension Graph {
  /// Whether a pattern fits the name of a node, or of what it gives.
  package func isNamed(_ node: NodeID, _ pattern: GlobPattern) -> Bool {
    pattern.matches(self[node].name) || self[node].results.contains { pattern.matches(self[$0].name) }
  }
}
