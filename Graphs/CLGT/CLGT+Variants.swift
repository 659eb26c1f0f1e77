import IR
import Tensors

let clgt = GraphDefinition(
  name: "clgt",
  summary: "predictions for the nodes of a graph, with the weight of every edge",
  paper:
    "CLGT: A Graph Transformer for Student Performance Prediction in Collaborative Learning, arXiv 2308.02038",
  variants: [
    variant("d64", width: 64, .layer, parameters: 588_545, macs: 147_325_952),
    variant("d80", width: 80, .layer, parameters: 915_681, macs: 230_083_840),
    variant("d64_batch_norm", width: 64, .batch, parameters: 588_545, macs: 147_325_952),
    variant("d80_batch_norm", width: 80, .batch, parameters: 915_681, macs: 230_083_840),
  ],
  namings: [Naming("graphtransformer")],
  ignoredEntries: ["num_batches_tracked"]
)

/// `nodes`, `positions` and a padded list of edges to `predictions`, and the edges' `weights_0`, `weights_1` …
/// layer by layer.
private func variant(
  _ name: String, width: Int, _ norm: CLGT.Norm, parameters: Int, macs: Int
) -> GraphVariant {
  let published = CLGT(width: width)
  let dimensions = [
    dimension("nodes", 64), dimension("edges", 512), dimension("node_features", 16),
    dimension("edge_features", 8), dimension("eigenvectors", 8), dimension("outputs", published.outputs),
    dimension("layers", published.layers), dimension("heads", published.heads),
    Dimension(name: "width", extent: width, range: 4...65536, multiple: 4),
  ]
  let facts = Facts(
    status: .reconstruction, parameters: parameters, macs: macs,
    ours:
      "sizes of inputs, layers, heads and read-out are not public; layers are those of the public edge-feature"
      + " graph transformer")
  return GraphVariant(name, dimensions: dimensions, facts: facts) { chosen throws(Diagnostic) in
    let network = CLGT(
      width: chosen["width"], heads: chosen["heads"], layers: chosen["layers"], norm: norm,
      outputs: chosen["outputs"])
    guard network.width % network.heads == 0 else {
      throw Diagnostic(
        "width \(network.width) of variant '\(name)' does not divide into \(network.heads) heads")
    }
    let (nodeCount, edgeCount) = (chosen["nodes"], chosen["edges"])
    var b = GraphBuilder("clgt_\(name)")
    let nodes = try b.input("nodes", [nodeCount, chosen["node_features"]])
    let positions = try b.input("positions", [nodeCount, chosen["eigenvectors"]])
    let edgeFeatures = try b.input("edge_features", [edgeCount, chosen["edge_features"]])
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
