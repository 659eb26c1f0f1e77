import IR

/// The decisions about one function, by names: with the same network and samples they give the same bundle.
package struct Recipe: Equatable, Sendable {
  package var function: String
  package var variant: QuantizationVariant
  /// Samples that layers are quantized on, and others that none of them has seen.
  package var fitted: Int
  package var heldBack: Int
  /// Formats of layers, and of other nodes in floating point, in the order of execution.
  package var layers: [(name: String, format: LayerFormat)]
  /// Values that products read in another form than 8 bits.
  package var inputs: [(name: String, format: InputFormat)]

  package init(
    function: String, variant: QuantizationVariant, fitted: Int, heldBack: Int,
    layers: [(name: String, format: LayerFormat)], inputs: [(name: String, format: InputFormat)]
  ) {
    self.function = function
    self.variant = variant
    self.fitted = fitted
    self.heldBack = heldBack
    self.layers = layers
    self.inputs = inputs
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.function == b.function && a.variant == b.variant && a.fitted == b.fitted && a.heldBack == b.heldBack
      && a.layers.elementsEqual(b.layers, by: ==) && a.inputs.elementsEqual(b.inputs, by: ==)
  }
}

extension Recipe {
  init(_ decisions: Decisions, of graph: Graph) {
    function = graph.name
    variant = decisions.variant
    (fitted, heldBack) = (decisions.fitted, decisions.heldBack)
    let names = GraphNames(graph)
    layers = graph.order.compactMap { node in
      let format = decisions[node]
      return format != .int8 || graph.isLayer(node) ? (names.nodes[node]!, format) : nil
    }
    inputs = decisions.inputs.sorted { $0.key < $1.key }.compactMap { value, format in
      names.values[value].map { ($0, format) }
    }
  }

  /// What it says of a graph. A layer that it does not name computes on integers of 8 bits.
  func decisions(_ graph: Graph, samples: Int) throws(Diagnostic) -> Decisions {
    var decisions = Decisions(graph)
    decisions.variant = variant
    guard fitted > 0, heldBack >= 0, fitted <= samples, heldBack <= samples - fitted else {
      throw Diagnostic(
        "the recipe of '\(function)' learns from \(fitted) samples and holds \(heldBack) back, there are \(samples)",
        advice: "calibrate with the samples that it was made with")
    }
    (decisions.fitted, decisions.heldBack) = (fitted, heldBack)
    let names = GraphNames(graph)
    let nodes = Dictionary(names.nodes.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    for (name, format) in layers {
      guard let node = nodes[name] else { throw missing("layer", name) }
      if decisions[node].isFloating, !format.isFloating {
        throw Diagnostic(
          "the recipe of '\(function)' has '\(name)' in \(format), but \(decisions.reasons[node]!)",
          advice: "let it be fp32 or fp16")
      }
      if format == .scaledRows, Product(node, in: graph).map({ SplitProduct.canSplit($0, in: graph) }) != true
      {
        throw Diagnostic(
          "the recipe of '\(function)' has '\(name)' in scaled-rows, which only products of matrices by constants have",
          advice: "give it another format")
      }
      decisions.set(node, format, because: format == .int8 ? nil : "the recipe says so")
    }
    let values = Dictionary(names.values.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    for (name, format) in inputs {
      guard let value = values[name] else { throw missing("value", name) }
      decisions.inputs[value] = format
    }
    return decisions
  }

  private func missing(_ what: String, _ name: String) -> Diagnostic {
    Diagnostic(
      "the recipe of '\(function)' names \(what) '\(name)', which the network has not",
      advice: "was the recipe made of another network, or of one with other sizes? Make it again")
  }
}

/// What nodes and values are called, each otherwise: by its name, or where it has none of its own by its op and its place among the nodes.
struct GraphNames {
  private(set) var nodes: [NodeID: String] = [:]
  private(set) var values: [ValueID: String] = [:]

  init(_ graph: Graph) {
    var taken: Set<String> = []
    func own(_ name: String, _ instead: String) -> String {
      let found = !name.isEmpty && !taken.contains(name) ? name : instead
      taken.insert(found)
      return found
    }
    for (place, node) in graph.order.enumerated() {
      nodes[node] = own(graph[node].name, "\(graph[node].op.name)#\(place)")
    }
    taken = []
    for port in graph.inputs { values[port.value] = own(graph[port.value].name, port.name) }
    for (place, node) in graph.order.enumerated() {
      for (number, value) in graph[node].results.enumerated() {
        values[value] = own(graph[value].name, "\(graph[node].op.name)#\(place).\(number)")
      }
    }
  }
}

extension Graph {
  /// Whether a node multiplies and adds so much that its format matters: a convolution, matrix product or recurrent layer.
  func isLayer(_ node: NodeID) -> Bool {
    isProductOperand(node, 0) || isProductOperand(node, 1) || RecurrentLayer(node, in: self) != nil
  }
}
