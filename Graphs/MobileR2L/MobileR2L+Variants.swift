import IR
import Tensors

let mobileR2L = GraphDefinition(
  name: "mobiler2l",
  summary: "views of a trained scene, from the camera's pose to the image",
  paper: "Real-Time Neural Light Field on Mobile Devices, arXiv 2212.08057",
  variants: [
    network("blender_28", .blender, blocks: 28, blender28),
    network("blender_29", .blender, blocks: 29, blender29),
    network("llff_28", .forwardFacing, blocks: 28, llff28),
    network("llff_29", .forwardFacing, blocks: 29, llff29),
    network("blender_29_by_frequency", .blender, blocks: 29, byFrequency: true, blender29),
    sampler("blender_sampler", .blender),
    sampler("llff_sampler", .forwardFacing),
    embedder("embedder", byFrequency: false),
    embedder("embedder_by_frequency", byFrequency: true),
    // With the blocks of the released options, for checkpoints that these trained.
    renderer("blender_render", .blender, blender29),
    renderer("llff_render", .forwardFacing, llff29),
  ],
  namings: [Naming("the authors")],
  ignoredEntries: ["num_batches_tracked"]
)

private let blender28 = Facts(
  status: .solid, parameters: 4_172_931, foldedParameters: 4_143_107, macs: 49_326_080_000)
private let blender29 = Facts(
  status: .solid, parameters: 4_305_539, foldedParameters: 4_274_691, macs: 50_636_800_000)
private let llff28 = Facts(
  status: .solid, parameters: 4_165_763, foldedParameters: 4_135_939, macs: 25_950_274_560)
private let llff29 = Facts(
  status: .solid, parameters: 4_298_371, foldedParameters: 4_267_523, macs: 26_643_907_584)
private let withoutParameters = Facts(status: .solid, parameters: 0, macs: 0)

/// `encoded` rays to `image`.
private func network(
  _ name: String, _ scene: MobileR2L.Scene, blocks: Int, byFrequency: Bool = false, _ facts: Facts
) -> GraphVariant {
  let published = MobileR2L(scene: scene, blocks: blocks)
  let dimensions = [batch] + gridDimensions(published) + sizeDimensions(published)
  return GraphVariant(name, dimensions: dimensions, facts: facts) { chosen throws(Diagnostic) in
    let network = MobileR2L(scene: scene, blocks: chosen["blocks"], width: chosen["width"])
    let (rows, columns) = (chosen["rows"], chosen["columns"])
    var b = GraphBuilder("mobiler2l_\(name)")
    var encoded: ValueID
    if byFrequency {
      let shape = [2 * network.frequencies + 1, rows * columns, 3 * network.pointsPerRay]
      encoded = try b.input("encoded", Shape([chosen["batch"]] + shape))
      encoded = try network.byCoordinate(&b, encoded, rows: rows, columns: columns)
    } else {
      encoded = try b.input("encoded", [chosen["batch"], network.encodedChannels, rows, columns])
    }
    try b.output("image", network.image(&b, encoded))
    return try b.finish()
  }
}

/// `pose` and `focal` of a camera to `points`.
private func sampler(_ name: String, _ scene: MobileR2L.Scene) -> GraphVariant {
  let network = MobileR2L(scene: scene, blocks: 0)
  let dimensions = gridDimensions(network) + [poseRows]
  return GraphVariant(name, dimensions: dimensions, facts: withoutParameters) { chosen throws(Diagnostic) in
    var b = GraphBuilder("mobiler2l_\(name)")
    try b.output("points", sample(&b, network, chosen))
    return try b.finish()
  }
}

/// `points` to `encoded` rays. The grid is that of objects; scenes seen from the front choose their own.
private func embedder(_ name: String, byFrequency: Bool) -> GraphVariant {
  let network = MobileR2L(scene: .blender, blocks: 0)
  let dimensions = [batch] + gridDimensions(network)
  return GraphVariant(name, dimensions: dimensions, facts: withoutParameters) { chosen throws(Diagnostic) in
    var b = GraphBuilder("mobiler2l_\(name)")
    let points = try b.input(
      "points", [chosen["batch"], 3 * network.pointsPerRay, chosen["rows"], chosen["columns"]])
    try b.output(
      "encoded", byFrequency ? network.encodeByFrequency(&b, points) : network.encode(&b, points))
    return try b.finish()
  }
}

/// `pose` and `focal` of a camera to the `image` that it sees.
private func renderer(_ name: String, _ scene: MobileR2L.Scene, _ facts: Facts) -> GraphVariant {
  let published = MobileR2L(scene: scene, blocks: 29)
  let dimensions = gridDimensions(published) + sizeDimensions(published) + [poseRows]
  return GraphVariant(name, dimensions: dimensions, facts: facts) { chosen throws(Diagnostic) in
    let network = MobileR2L(scene: scene, blocks: chosen["blocks"], width: chosen["width"])
    var b = GraphBuilder("mobiler2l_\(name)")
    let encoded = try network.encode(&b, sample(&b, network, chosen))
    try b.output("image", network.image(&b, encoded))
    return try b.finish()
  }
}

private func sample(
  _ b: inout GraphBuilder, _ network: MobileR2L, _ chosen: Dimensions
) throws(Diagnostic) -> ValueID {
  let pose = try b.input("pose", [chosen["pose_rows"], 4])
  let focal = try b.input("focal", [1])
  return try network.points(
    &b, pose: pose, focal: focal, rows: chosen["rows"], columns: chosen["columns"])
}

private let batch = Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1)
/// Whether the pose comes with its last row, 0 0 0 1.
private let poseRows = Dimension(name: "pose_rows", extent: 3, range: 3...4, multiple: 1)

private func gridDimensions(_ network: MobileR2L) -> [Dimension] {
  [
    Dimension(name: "rows", extent: network.grid.rows, range: 1...4096, multiple: 1),
    Dimension(name: "columns", extent: network.grid.columns, range: 1...4096, multiple: 1),
  ]
}

private func sizeDimensions(_ network: MobileR2L) -> [Dimension] {
  [
    Dimension(name: "blocks", extent: network.blocks, range: 1...1024, multiple: 1),
    Dimension(name: "width", extent: network.width, range: 16...4096, multiple: 16),
  ]
}
