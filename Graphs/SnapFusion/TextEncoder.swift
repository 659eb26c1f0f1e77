import IR
import Tensors

/// The text tower of CLIP ViT-L/14, transformers' `CLIPTextModel`: Radford et al., *Learning Transferable
/// Visual Models From Natural Language Supervision*, 2021, arXiv 2103.00020.
struct TextEncoder: Sendable {
  var vocabulary = 49_408
  /// Tokens of the longest prompt, each of which has a learned position.
  var positions = 77
  var width = 768
  var layers = 12
  var heads = 12

  /// Token numbers, [N, tokens], i64, to the last layer's normalized states, [N, tokens, width].
  func encode(_ b: inout GraphBuilder, _ tokens: ValueID) throws(Diagnostic) -> ValueID {
    let count = b.shape(of: tokens)[1]
    var x = try b.scope("embeddings") { b throws(Diagnostic) in
      let words = try b.embedding("token_embedding", tokens, count: vocabulary, width: width)
      let table = try b.parameter("position_embedding.weight", [positions, width])
      return try b.add(words, count == positions ? table : b.slice(table, axis: 0, 0..<count))
    }
    let mask = b.causalMask(count)
    for layer in 0..<layers {
      x = try b.scope("encoder.layers", layer) { b throws(Diagnostic) in
        try self.layer(&b, x, mask: mask)
      }
    }
    return try b.layerNorm("final_layer_norm", x)
  }

  /// Attention to this and earlier tokens and a feed-forward layer, each after a norm and added.
  private func layer(_ b: inout GraphBuilder, _ x: ValueID, mask: ValueID) throws(Diagnostic) -> ValueID {
    let form = Attention(heads: heads, headWidth: width / heads, bias: true, names: .transformers)
    let x = try b.add(x, b.attention("self_attn", b.layerNorm("layer_norm1", x), mask: mask, form))
    // CLIP's quick GELU, x · σ(1.702 x).
    let activation = Unary(.silu, 1.702)
    return try b.add(
      x, b.feedForward("mlp", b.layerNorm("layer_norm2", x), inside: 4 * width, activation: activation))
  }
}
