import IR
import Tensors

/// FIT, the network of Snap Video: *Snap Video: Scaled Spatiotemporal Transformers for Text-to-Video
/// Synthesis*, Menapace et al., CVPR 2024, arXiv 2402.14797; *FIT: Far-reaching Interleaved Transformers*,
/// Chen and Li, arXiv 2305.12689.
///
/// A video is cut into patches and the patches into groups, each of all frames of a window. A few latents, of
/// which every group has as many, read from conditioning tokens and from the patches of their group, attend
/// to each other, and are written back. Attention is thus never as large as the video.
///
/// Public: the widths, counts and order of layers. Not public, and therefore ours: what a layer holds (layer
/// norms before, GELU, feed-forward layers four times as wide, attention to patches as wide as these and to
/// conditioning tokens as wide as latents), the number of text tokens, sinusoids for the other tokens, a
/// learned position for each token, the norm of latents that are fed back, zeros above and below a video of
/// another height, and that the low-resolution video of the upsampler enters beside the noisy one.
struct FIT: Sendable {
  /// Channels of a patch and of a latent, with the widths of their heads.
  var patchWidth: Int
  var patchHeadWidth: Int
  var latentWidth: Int
  var latentHeadWidth: Int
  var conditioningWidth: Int
  /// Latents of all groups together.
  var latentCount: Int
  /// Patches of a group in height and width; a group holds those of all frames.
  var groupHeight: Int
  var groupWidth: Int
  var blocks = 6
  /// Self-attention layers of the latents in each block.
  var globalLayers = 4
  /// Pixels of a patch in height and width; it holds one frame.
  var patchSize = 4
  /// How many times as high and wide as the video it is given an upsampler's result is; 1 for a first stage.
  var spatialFactor = 1
  /// How the layers that work group by group run.
  var groupOrder = GroupOrder.together
  /// What it was trained to return.
  var prediction = Prediction.velocity
  /// Colors of a pixel.
  let channels = 3

  enum GroupOrder: Sendable {
    /// All groups as one batch.
    case together
    /// In a loop, one group a run: with memory for the inside of a layer for one group alone.
    case oneByOne
  }

  /// What a network is told besides the video.
  struct Conditions: Sendable {
    /// How noisy the video is, its frames a second and its resolution, one number a sample: [N].
    var noise: ValueID
    var frameRate: ValueID
    var resolution: ValueID
    /// States of a text encoder: [N, S, E].
    var text: ValueID
  }

  /// The network: video, [N, T, 3, H, W], to the prediction of that shape, and latents, [N, L, D], those of
  /// the step before or zeros, to those that are fed to the next.
  ///
  /// `lowResolution`, [N, T, 3, H ÷ factor, W ÷ factor], is what an upsampler is to enlarge; nil in a first
  /// stage.
  func predict(
    _ b: inout GraphBuilder, video: ValueID, lowResolution: ValueID? = nil, latents previous: ValueID,
    _ conditions: Conditions
  ) throws(Diagnostic) -> (prediction: ValueID, latents: ValueID) {
    let layout = try FITLayout(self, video: b.shape(of: video))
    var patches = try embed(&b, video, lowResolution: lowResolution, layout)
    let tokens = try conditioningTokens(&b, conditions)
    let start = try b.parameter("latents", [latentCount, latentWidth])
    var latents = try b.add(start, b.layerNorm("self_cond_norm", previous))
    for index in 0..<blocks {
      (patches, latents) = try block(
        &b, index, patches: patches, latents: latents, conditioning: tokens, layout)
    }
    return (try project(&b, patches, layout), latents)
  }

  /// Noise level, frame rate, resolution and text as tokens of one width: [N, 3 + S, C].
  func conditioningTokens(
    _ b: inout GraphBuilder, _ conditions: Conditions
  ) throws(Diagnostic) -> ValueID {
    var tokens: [ValueID] = []
    for (name, scalar) in [
      ("noise", conditions.noise), ("frame_rate", conditions.frameRate),
      ("resolution", conditions.resolution),
    ] {
      tokens.append(
        try b.scope(name) { b throws(Diagnostic) in
          let sinusoid = try b.sinusoidalEmbedding(scalar, width: conditioningWidth)
          return try b.reshape(sinusoid, [-1, 1, conditioningWidth])
        })
    }
    tokens.append(try b.linear("text_proj", conditions.text, features: conditioningWidth))
    let all = try b.concat(tokens, axis: 1)
    return try b.add(all, b.parameter("cond_pos_embed", [b.shape(of: all)[1], conditioningWidth]))
  }
}
