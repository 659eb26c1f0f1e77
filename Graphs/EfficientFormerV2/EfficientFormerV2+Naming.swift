import IR
import Tensors

/// The names of the authors' repository. The graph has timm's, which call layers where the authors number
/// them.
let efficientFormerV2Authors = Naming("the authors", entryName: authorsName) { _, entry, shape in
  entry.ignoringUnitExtents(shape)
}

private func authorsName(_ parameter: String) -> String {
  let parts = parameter.split(separator: ".").map(String.init)
  guard parts.count > 4, parts[0] == "stages", let stage = Int(parts[1]) else {
    return rename(parameter, outsideStages)
  }
  switch parts[2] {
  case "blocks":
    let inside = rename(parts[4...].joined(separator: "."), insideBlock)
    return "network.\(2 * stage).\(parts[3]).\(inside)"
  default:
    let inside = rename(
      parts[3...].joined(separator: "."), stage == 3 ? attendingDownsample : plainDownsample)
    return "network.\(2 * stage - 1).\(inside)"
  }
}

/// Replaces the first of the beginnings that a name has.
private func rename(_ name: String, _ beginnings: [(ours: String, theirs: String)]) -> String {
  for (ours, theirs) in beginnings where name.hasPrefix(ours) { return theirs + name.dropFirst(ours.count) }
  return name
}

private let outsideStages = [
  ("stem.conv1.conv", "patch_embed.0"), ("stem.conv1.bn", "patch_embed.1"),
  ("stem.conv2.conv", "patch_embed.3"),
  ("stem.conv2.bn", "patch_embed.4"), ("head_dist", "dist_head"),
]

private let plainDownsample = [("conv.conv", "proj"), ("conv.bn", "norm")]

private let attendingDownsample =
  [("conv.conv", "conv"), ("conv.bn", "bn"), ("attn.q.local", "attn.q.local.0")]
  + numbered(["q.proj", "k", "v", "v_local"], in: "attn") + projection(in: "attn")

private let insideBlock =
  [
    ("mlp.fc1.conv", "mlp.fc1"), ("mlp.fc1.bn", "mlp.norm1"), ("mlp.mid.conv", "mlp.mid"),
    ("mlp.mid.bn", "mlp.mid_norm"), ("mlp.fc2.conv", "mlp.fc2"), ("mlp.fc2.bn", "mlp.norm2"),
    ("ls1.gamma", "layer_scale_1"), ("ls2.gamma", "layer_scale_2"),
  ] + numbered(["stride_conv", "q", "k", "v", "v_local"], in: "token_mixer") + projection(in: "token_mixer")

private func numbered(_ layers: [String], in attention: String) -> [(String, String)] {
  layers.flatMap { layer in
    [
      ("\(attention).\(layer).conv", "\(attention).\(layer).0"),
      ("\(attention).\(layer).bn", "\(attention).\(layer).1"),
    ]
  }
}

/// The projection, whose number 0 is its activation.
private func projection(in attention: String) -> [(String, String)] {
  [("\(attention).proj.conv", "\(attention).proj.1"), ("\(attention).proj.bn", "\(attention).proj.2")]
}
