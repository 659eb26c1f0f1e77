import IR
import Tensors

let clgt = GraphDefinition(
  name: "clgt",
  summary: "predictions for the nodes of a graph, with the weight of every edge",
  paper:
    "CLGT: A Graph Transformer for Student Performance Prediction in Collaborative Learning, arXiv 2308.02038",
  variants: [
    variant("d64", CLGT(width: 64), parameters: 588_545, macs: 147_325_952),
    variant("d80", CLGT(width: 80), parameters: 915_681, macs: 230_083_840),
    variant("d64_batch_norm", CLGT(width: 64, norm: .batch), parameters: 588_545, macs: 147_325_952),
    variant("d80_batch_norm", CLGT(width: 80, norm: .batch), parameters: 915_681, macs: 230_083_840),
    variant("d64_embeddings", CLGT(width: 64, features: molecules), parameters: 588_929, macs: 146_998_272),
    variant("d80_embeddings", CLGT(width: 80, features: molecules), parameters: 916_161, macs: 229_674_240),
    variant(
      "d64_embeddings_batch_norm", CLGT(width: 64, norm: .batch, features: molecules), parameters: 588_929,
      macs: 146_998_272),
    variant(
      "d80_embeddings_batch_norm", CLGT(width: 80, norm: .batch, features: molecules), parameters: 916_161,
      macs: 229_674_240),
  ],
  namings: [Naming("graphtransformer")],
  ignoredEntries: ["num_batches_tracked"]
)

/// Atoms and bonds of the public network's molecules.
private let molecules = CLGT.Features.kinds(ofNodes: 28, ofEdges: 4)

/// `nodes`, `positions` and a padded list of edges to `predictions`, and the edges' `weights_0`, `weights_1` …
/// layer by layer.
private func variant(_ name: String, _ published: CLGT, parameters: Int, macs: Int) -> GraphVariant {
  let features =
    switch published.features {
    case .numbers: [dimension("node_features", 16), dimension("edge_features", 8)]
    case .kinds(let nodes, let edges): [dimension("node_kinds", nodes), dimension("edge_kinds", edges)]
    }
  let dimensions =
    [dimension("nodes", 64), dimension("edges", 512)] + features + [
      dimension("eigenvectors", 8), dimension("outputs", published.outputs),
      dimension("layers", published.layers), dimension("heads", published.heads),
      Dimension(name: "width", extent: published.width, range: 4...65536, multiple: 4),
    ]
  let options = [
    GraphOption(
      "read_out", published.readOut, among: CLGT.ReadOut.allCases,
      "predictions for each node, or for the graph by the nodes' mean, sum or largest values")
  ]
  let facts = Facts(
    status: .reconstruction, parameters: parameters, macs: macs,
    ours:
      "sizes of inputs, layers, heads and read-out are not public; layers are those of the public edge-feature"
      + " graph transformer")
  return GraphVariant(name, dimensions: dimensions, options: options, facts: facts) {
    chosen throws(Diagnostic) in
    var network = published
    (network.width, network.heads) = (chosen["width"], chosen["heads"])
    (network.layers, network.outputs) = (chosen["layers"], chosen["outputs"])
    network.readOut = chosen.option("read_out", .nodes)
    guard network.width % network.heads == 0 else {
      throw Diagnostic(
        "width \(network.width) of variant '\(name)' does not divide into \(network.heads) heads")
    }
    let (nodeCount, edgeCount) = (chosen["nodes"], chosen["edges"])
    var b = GraphBuilder("clgt_\(name)")
    let (nodes, positions, edgeFeatures): (ValueID, ValueID, ValueID)
    let positionShape = Shape([nodeCount, chosen["eigenvectors"]])
    switch published.features {
    case .numbers:
      nodes = try b.input("nodes", [nodeCount, chosen["node_features"]])
      positions = try b.input("positions", positionShape)
      edgeFeatures = try b.input("edge_features", [edgeCount, chosen["edge_features"]])
    case .kinds:
      nodes = try b.input("nodes", [nodeCount], .i64)
      positions = try b.input("positions", positionShape)
      edgeFeatures = try b.input("edge_kinds", [edgeCount], .i64)
      network.features = .kinds(ofNodes: chosen["node_kinds"], ofEdges: chosen["edge_kinds"])
    }
    let edges = CLGT.Edges(
      source: try b.input("source", [edgeCount], .i64),
      destination: try b.input("destination", [edgeCount], .i64),
      mask: try b.input("mask", [edgeCount]))
    let (predictions, weights) = try network.predict(
      &b, nodes: nodes, positions: positions, edgeFeatures: edgeFeatures, edges)
    try b.output("predictions", predictions)
    for (layer, weight) in weights.enumerated() { try b.output("weights_\(layer)", weight) }
    return try b.finish()
  }
}

private func dimension(_ name: String, _ extent: Int) -> Dimension {
  Dimension(name: name, extent: extent, range: 1...1_000_000, multiple: 1)
}
