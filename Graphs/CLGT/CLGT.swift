import IR
import Tensors

/// CLGT: *CLGT: A Graph Transformer for Student Performance Prediction in Collaborative Learning*, AAAI 2023,
/// arXiv 2308.02038.
///
/// Public are its two modules, one that predicts for each student and one that explains by the attention, and
/// that a graph transformer carries features of edges through its layers. The network here is the public
/// edge-feature graph transformer (*A Generalization of Transformer Networks to Graphs*, Dwivedi and
/// Bresson, arXiv 2012.09699), with the names of its checkpoints, which for molecules looks kinds of nodes and
/// edges up in tables and reads out one row for the graph. Sizes, layer count, features that are numbers and the
/// read-out by node are ours.
///
/// A graph is a list of edges of fixed length: what is not used is masked out and may point anywhere inside.
struct CLGT: Sendable {
  enum Norm: Sendable { case layer, batch }

  /// What nodes and edges are told apart by.
  enum Features: Sendable, Equatable {
    /// Numbers, through a linear layer.
    case numbers
    /// The kind of each, out of so many, through a table, as in the public network for molecules.
    case kinds(ofNodes: Int, ofEdges: Int)
  }

  /// What is predicted for: each node, or the whole graph by its nodes taken together.
  enum ReadOut: String, Sendable, CaseIterable {
    case nodes, mean, sum, max
  }

  var width: Int
  var heads = 8
  var layers = 10
  var norm = Norm.layer
  var features = Features.numbers
  var readOut = ReadOut.nodes
  /// Numbers predicted for each node, or for the graph.
  var outputs = 1

  /// Edges of a graph of N nodes.
  struct Edges: Sendable {
    /// i64 [E]: the node that an edge leaves, of N.
    var source: ValueID
    /// i64 [E]: the node that it enters.
    var destination: ValueID
    /// [E]: 1 for an edge, 0 for padding.
    var mask: ValueID
  }

  /// Features of nodes [N, width] and of edges [E, width].
  struct State: Sendable {
    var nodes: ValueID
    var edges: ValueID
  }

  /// Predictions [N, outputs], or [1, outputs] for the graph, and for each layer the weight of every edge by head, [E, heads], 0 for padding.
  ///
  /// The new features of edges of the last layer are computed as in the public layer, whose checkpoints hold
  /// their parameters, but nothing reads them: passes remove them.
  ///
  /// - nodes: [N, node features], or i64 [N] of kinds; positions: [N, k], small eigenvectors of the graph's
  ///   Laplacian; edgeFeatures: [E, edge features], or i64 [E] of kinds.
  func predict(
    _ b: inout GraphBuilder, nodes: ValueID, positions: ValueID, edgeFeatures: ValueID, _ edges: Edges
  ) throws(Diagnostic) -> (predictions: ValueID, weights: [ValueID]) {
    let kinds: (nodes: Int?, edges: Int?) =
      if case .kinds(let ofNodes, let ofEdges) = features { (ofNodes, ofEdges) } else { (nil, nil) }
    var state = State(
      nodes: try b.add(
        embed(&b, "embedding_h", nodes, kinds: kinds.nodes),
        b.linear("embedding_lap_pos_enc", positions, features: width)),
      edges: try embed(&b, "embedding_e", edgeFeatures, kinds: kinds.edges))
    var weights: [ValueID] = []
    for index in 0..<layers {
      let (next, weight) = try b.scope("layers", index) { b throws(Diagnostic) in
        try layer(&b, state, edges)
      }
      (state, weights) = (next, weights + [weight])
    }
    return (try predictions(&b, of: pooled(&b, state.nodes)), weights)
  }

  /// By a table of so many kinds, or by a linear layer for nil.
  private func embed(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID, kinds: Int?
  ) throws(Diagnostic) -> ValueID {
    guard let kinds else { return try b.linear(name, x, features: width) }
    return try b.embedding(name, x, count: kinds, width: width)
  }

  /// What the read-out sees: nodes [N, width], or one row for the graph.
  private func pooled(_ b: inout GraphBuilder, _ nodes: ValueID) throws(Diagnostic) -> ValueID {
    switch readOut {
    case .nodes: nodes
    case .mean: try b.reduce(.mean, nodes, axes: [0], keep: true)
    case .sum: try b.reduce(.sum, nodes, axes: [0], keep: true)
    case .max: try b.reduce(.max, nodes, axes: [0], keep: true)
    }
  }

  /// Attention, then a feed-forward network for nodes and one for edges, each added to what it reads.
  func layer(
    _ b: inout GraphBuilder, _ state: State, _ edges: Edges
  ) throws(Diagnostic) -> (state: State, weights: ValueID) {
    let (attended, weights) = try b.scope("attention") { b throws(Diagnostic) in
      try attend(&b, state, edges)
    }
    var nodes = try residual(&b, state.nodes, attended.nodes, "O_h", norm: "1_h")
    var features = try residual(&b, state.edges, attended.edges, "O_e", norm: "1_e")
    nodes = try feedForward(&b, nodes, kind: "h")
    features = try feedForward(&b, features, kind: "e")
    return (State(nodes: nodes, edges: features), weights)
  }

  /// Attention along the edges. The score of an edge is a vector for each head, key of its source × query of
  /// its destination × its own features, and becomes the edge's new features; its sum, clamped, is the
  /// exponent of its weight.
  ///
  /// The exponential is not relative to the largest of a destination as in a softmax: with ±5 it can't
  /// overflow.
  private func attend(
    _ b: inout GraphBuilder, _ state: State, _ edges: Edges
  ) throws(Diagnostic) -> (state: State, weights: ValueID) {
    let (nodeCount, edgeCount) = (b.shape(of: state.nodes)[0], b.shape(of: state.edges)[0])
    let headWidth = width / heads
    let query = try project(&b, "Q", state.nodes)
    let key = try project(&b, "K", state.nodes)
    let value = try project(&b, "V", state.nodes)
    let feature = try project(&b, "proj_e", state.edges)

    let products = try b.multiply(b.gather(key, edges.source), b.gather(query, edges.destination))
    let score = try b.multiply(
      b.affine(products, scale: 1 / Double(headWidth).squareRoot()), feature)
    let exponent = try b.unary(
      Unary(.clip, -5, 5), b.reduce(.sum, score, axes: [-1], keep: true))
    let weight = try b.multiply(
      b.unary(Unary(.exp), exponent), b.reshape(edges.mask, [edgeCount, 1, 1]))

    let weighted = try b.multiply(b.gather(value, edges.source), weight)
    let sums = try sum(&b, weighted, by: edges.destination, into: [nodeCount, heads, headWidth])
    let total = try sum(&b, weight, by: edges.destination, into: [nodeCount, heads, 1])
    let mean = try b.binary(.div, sums, b.affine(total, offset: 1e-6))
    return (
      State(
        nodes: try b.reshape(mean, [nodeCount, width]), edges: try b.reshape(score, [edgeCount, width])),
      try b.reshape(weight, [edgeCount, heads])
    )
  }

  private func project(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID
  ) throws(Diagnostic) -> ValueID {
    try b.reshape(b.linear(name, x, features: width, bias: false), [-1, heads, width / heads])
  }

  /// Adds rows of one destination.
  private func sum(
    _ b: inout GraphBuilder, _ rows: ValueID, by destination: ValueID, into extents: [Int]
  ) throws(Diagnostic) -> ValueID {
    try b.add(.scatter(Scatter(.add)), [b.filled(0, extents), destination, rows])
  }

  private func feedForward(
    _ b: inout GraphBuilder, _ x: ValueID, kind: String
  ) throws(Diagnostic) -> ValueID {
    let y = try b.relu(b.linear("FFN_\(kind)_layer1", x, features: 2 * width))
    return try residual(&b, x, y, "FFN_\(kind)_layer2", norm: "2_\(kind)")
  }

  /// norm(x + layer(y)).
  private func residual(
    _ b: inout GraphBuilder, _ x: ValueID, _ y: ValueID, _ layer: String, norm suffix: String
  ) throws(Diagnostic) -> ValueID {
    let sum = try b.add(x, b.linear(layer, y, features: width))
    switch norm {
    case .layer: return try b.layerNorm("layer_norm\(suffix)", sum)
    case .batch: return try b.batchNorm("batch_norm\(suffix)", sum)
    }
  }

  /// Three layers, each half as wide as the one before.
  private func predictions(_ b: inout GraphBuilder, of nodes: ValueID) throws(Diagnostic) -> ValueID {
    try b.scope("MLP_layer.FC_layers") { b throws(Diagnostic) in
      let x = try b.relu(b.linear("0", nodes, features: width / 2))
      let y = try b.relu(b.linear("1", x, features: width / 4))
      return try b.linear("2", y, features: outputs)
    }
  }
}
