import IR
import Tensors

/// The names of diffusers and transformers, of today. Text towers come with `text_model.` or `module.` before
/// all names or without, which binding finds out by itself.
let diffusersNaming = Naming("diffusers", adapt: { _, entry, shape in entry.ignoringUnitExtents(shape) })

/// As they were before diffusers had one attention for all networks: the decoder's attention only.
let olderDiffusersNaming = Naming("diffusers' older versions") { parameter in
  let attention = "decoder.mid_block.attentions.0."
  guard parameter.hasPrefix(attention) else { return parameter }
  let projection = parameter.dropFirst(attention.count)
  for (ours, theirs) in olderProjections where projection.hasPrefix(ours) {
    return attention + theirs + projection.dropFirst(ours.count)
  }
  return parameter
} adapt: { _, entry, shape in
  entry.ignoringUnitExtents(shape)
}

private let olderProjections = [
  ("to_q.", "query."), ("to_k.", "key."), ("to_v.", "value."), ("to_out.0.", "proj_attn."),
]

/// Entries of autoencoders and text towers that decoder and text encoder do without.
let stableDiffusionIgnoredEntries: Set<String> = [
  "position_ids", "quant_conv.", "encoder.conv_in.", "encoder.down_blocks.", "encoder.mid_block.",
  "encoder.conv_norm_out.", "encoder.conv_out.", "text_projection.",
]
