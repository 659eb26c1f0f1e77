import IR
import Tensors

/// The layers of a block.
extension FIT {
  /// Latents read from the conditioning tokens and, group by group, from the patches; attend to each other;
  /// and are written to the patches, group by group.
  ///
  /// patches: [N × groups, patches of a group, C]; latents: [N, L, D]; conditioning: [N, S, E].
  func block(
    _ b: inout GraphBuilder, _ index: Int, patches: ValueID, latents: ValueID, conditioning: ValueID,
    _ layout: FITLayout
  ) throws(Diagnostic) -> (patches: ValueID, latents: ValueID) {
    var latents = try b.scope("blocks", index) { b throws(Diagnostic) in
      try layer(&b, "cond_read", latents, context: conditioning, heads(of: latentWidth, latentHeadWidth))
    }
    latents = try b.reshape(latents, layout.groupedLatents)
    latents = try inGroups(&b, "read", block: index, patches: patches, latents: latents, read)
    latents = try b.reshape(latents, layout.allLatents)
    latents = try b.scope("blocks", index) { b throws(Diagnostic) in
      var latents = latents
      for index in 0..<globalLayers {
        latents = try layer(
          &b, "global.\(index)", latents, context: nil, heads(of: latentWidth, latentHeadWidth))
      }
      return latents
    }
    let grouped = try b.reshape(latents, layout.groupedLatents)
    return (try inGroups(&b, "write", block: index, patches: patches, latents: grouped, write), latents)
  }

  /// Latents of groups after reading from the patches of the same groups. A group needs nothing of another,
  /// so that any number of them can be given at once: patches: [G.., P, C]; latents: [G.., L, D].
  func read(
    _ b: inout GraphBuilder, patches: ValueID, latents: ValueID
  ) throws(Diagnostic) -> ValueID {
    try layer(&b, "read", latents, context: patches, heads(of: patchWidth, patchHeadWidth))
  }

  /// Patches of groups after reading from the latents of the same groups; the rest as in
  /// ``read(_:patches:latents:)``.
  func write(
    _ b: inout GraphBuilder, patches: ValueID, latents: ValueID
  ) throws(Diagnostic) -> ValueID {
    try layer(&b, "write", patches, context: latents, heads(of: patchWidth, patchHeadWidth))
  }

  /// A layer of a block on all groups, in the order that is chosen. patches: [G, P, C]; latents: [G, L, D].
  private func inGroups(
    _ b: inout GraphBuilder, _ name: String, block index: Int, patches: ValueID, latents: ValueID,
    _ layer: (inout GraphBuilder, _ patches: ValueID, _ latents: ValueID) throws(Diagnostic) -> ValueID
  ) throws(Diagnostic) -> ValueID {
    guard groupOrder == .oneByOne else {
      return try b.scope("blocks", index) { b throws(Diagnostic) in try layer(&b, patches, latents) }
    }
    // A function's parameters are named as if it stood where it is called.
    var body = GraphBuilder("\(name)_\(index)")
    let part = try body.input("patches", b.type(of: patches).withoutFirstAxis.shape)
    let share = try body.input("latents", b.type(of: latents).withoutFirstAxis.shape)
    let result = try body.scope("blocks", index) { b throws(Diagnostic) in try layer(&b, part, share) }
    try body.output("result", result)
    return try b.loop(
      body.finishModule(), count: b.shape(of: patches)[0], carried: [], stepped: [patches, latents]
    ).stacked[0]
  }

  /// Attention to the context, or to x itself, and a feed-forward layer, each after layer norms and added.
  private func layer(
    _ b: inout GraphBuilder, _ name: String, _ x: ValueID, context: ValueID?, _ form: Attention
  ) throws(Diagnostic) -> ValueID {
    let width = b.shape(of: x).extents.last ?? 1
    let query = try b.layerNorm("\(name).norm_q", x)
    let keys = try context.map { context throws(Diagnostic) in try b.layerNorm("\(name).norm_kv", context) }
    let y = try b.add(x, b.attention(name, query, context: keys, form))
    return try b.add(
      y,
      b.feedForward(
        "\(name).ff", b.layerNorm("\(name).norm_ff", y), inside: 4 * width, activation: Unary(.gelu),
        layers: ("0", "2")))
  }

  private func heads(of width: Int, _ headWidth: Int) -> Attention {
    Attention(
      heads: width / headWidth, headWidth: headWidth,
      names: Attention.Names(query: "q", key: "k", value: "v", out: "out"))
  }
}
