import IR
import Tensors

/// One step of the generator, and the whole way from noise to an image.
///
/// The sampler, DDIM of 50 steps on noise, and the autoencoder, Stable Diffusion's, are ours.
extension AsCANGenerator {
  /// What a variant is told to generate.
  enum Kind: Sendable {
    case text, classes
  }

  private static let ours =
    "only that it is a U-Net of three stages down and three up, made of the classifier's blocks, with attention "
    + "to a text or for a class, is public; pattern, widths, joints and the latent it works on are ours"

  static let textFacts = Facts(
    status: .reconstruction, parameters: 194_089_092, foldedParameters: 194_042_500, macs: 33_349_238_784,
    attentionMACs: 257_753_088,
    ours: ours
      + ", and that attention to the text takes its queries after the self-attention of the same block")
  static let classFacts = Facts(
    status: .reconstruction, parameters: 178_303_108, foldedParameters: 178_256_516, macs: 31_875_923_968,
    attentionMACs: 171_966_464, ours: ours)

  /// Stable Diffusion's decoder on the smaller latent: a quarter of the multiply-adds, of attention a sixteenth.
  private static let decoderFacts = Facts(
    status: .solid, parameters: 49_490_199, macs: 311_093_641_216, attentionMACs: 1_073_741_824)

  /// One step of denoising: `latent`, `timestep` and the condition, the states of a text encoder, `text`, or the
  /// number of a class, `label`, to `prediction`.
  static func oneStep(_ name: String, _ kind: Kind, _ facts: Facts) -> GraphVariant {
    let batch = Dimension(name: "batch", extent: 1, range: 1...65536, multiple: 1)
    return GraphVariant(name, dimensions: [batch] + dimensions(kind), facts: facts) {
      chosen throws(Diagnostic) in
      try denoiser("ascan_\(name)", kind, batch: chosen["batch"], chosen)
    }
  }

  /// Inputs: `noise`, f32[1, 4, H, W] of deviation 1; `text` and `empty_text`, f32[1, S, E], states of the text
  /// encoder, or `label`, i64[1], a class; `guidance`, a scalar. Output: `image`, f32[1, 3, 8H, 8W].
  static func toImage(_ name: String, _ kind: Kind, _ facts: Facts) -> GraphVariant {
    let steps = 50
    var total = Facts(sum: [(facts, 2 * steps), (decoderFacts, 1)])
    total.ours += "; so are the sampler and the autoencoder"
    let dimensions =
      [Dimension(name: "steps", extent: steps, range: 1...999, multiple: 1)] + dimensions(kind) + [
        Dimension(name: "decoder_width", extent: 128, range: 32...4096, multiple: 32)
      ]
    let options = DDIM.options(.epsilon)
    return GraphVariant(name, dimensions: dimensions, options: options, facts: total) {
      chosen throws(Diagnostic) in
      let latent = Shape([1, 4, chosen["size"], chosen["size"]])
      let guided = GuidedDenoiser(denoiser: Module([try denoiser("denoiser", kind, batch: 2, chosen)]))
      let decoder = try ImageDecoder(width: chosen["decoder_width"]).function(latent: latent)
      var b = GraphBuilder("ascan_\(name)")
      let noise = try b.input("noise", latent)
      let conditions: [ValueID]
      switch kind {
      case .text:
        let states = Shape([1, chosen["tokens"], chosen["text_width"]])
        let text = try b.input("text", states)
        conditions = [try b.input("empty_text", states), text]
      case .classes:
        let none = b.constant("no_class", Tensor([Int64(chosen["classes"])], shape: [1]))
        conditions = [none, try b.input("label", [1], .i64)]
      }
      let scale = try b.input("guidance", [])
      let sample = try Sampler("denoise", DDIM.schedule(chosen)).run(
        &b, from: noise, constants: conditions + [scale]
      ) {
        b, step throws(Diagnostic) in
        Sampler.Output(prediction: try guided.predict(&b, step))
      }.sample
      try b.output("image", b.call(decoder, [b.affine(sample, scale: 1 / ImageDecoder.latentScale)])[0])
      return try b.finishModule()
    }
  }

  private static func dimensions(_ kind: Kind) -> [Dimension] {
    let extents = [
      Dimension(name: "size", extent: 32, range: 4...8192, multiple: 4),
      Dimension(name: "width", extent: 256, range: 32...4096, multiple: 32),
    ]
    switch kind {
    case .text:
      return extents + [
        Dimension(name: "tokens", extent: 77, range: 1...65536, multiple: 1),
        Dimension(name: "text_width", extent: 768, range: 1...65536, multiple: 1),
      ]
    case .classes:
      // ImageNet's.
      return extents + [Dimension(name: "classes", extent: 1000, range: 1...1_048_576, multiple: 1)]
    }
  }

  private static func denoiser(
    _ name: String, _ kind: Kind, batch: Int, _ chosen: Dimensions
  ) throws(Diagnostic) -> Graph {
    var b = GraphBuilder(name)
    let latent = try b.input("latent", [batch, 4, chosen["size"], chosen["size"]])
    let timestep = try b.input("timestep", [batch])
    let condition: Condition
    switch kind {
    case .text: condition = .text(try b.input("text", [batch, chosen["tokens"], chosen["text_width"]]))
    case .classes: condition = .classes(try b.input("label", [batch], .i64), count: chosen["classes"])
    }
    let network = AsCANGenerator(widths: [1, 2, 3].map { $0 * chosen["width"] })
    try b.output("prediction", network.predict(&b, latent: latent, timestep: timestep, condition))
    return try b.finish()
  }
}
