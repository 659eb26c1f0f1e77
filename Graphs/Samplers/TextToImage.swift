import IR
import Tensors

/// Prompt and noise to an image in one function: text encoder, guided denoising, image decoder.
///
/// Inputs of the function: `tokens` and `empty_tokens`, i64[1, T], the prompt and the empty (or a negative) one;
/// `noise`, f32[1, C, H, W] of deviation 1; `guidance`, a scalar. Output: `image`, f32[1, 3, 8H, 8W].
struct TextToImage {
  /// `tokens`, [2, T], to states.
  var textEncoder: Module
  var denoiser: GuidedDenoiser
  /// Latents to an image.
  var decoder: Module
  var schedule: SamplerSchedule
  /// Latents are this much larger for the denoiser than for the decoder.
  var latentScale = ImageDecoder.latentScale

  func module(_ name: String, tokens count: Int, latent: Shape) throws(Diagnostic) -> Module {
    var b = GraphBuilder(name)
    let prompts = try b.prompts(count)
    let noise = try b.input("noise", latent)
    let scale = try b.input("guidance", [])
    let states = try b.call(textEncoder, [prompts])[0]
    let contexts = try b.split(states, axis: 0, [1, 1])
    let sample = try Sampler("denoise", schedule).run(
      &b, from: noise, constants: [contexts[0], contexts[1], scale]
    ) { b, step throws(Diagnostic) in
      Sampler.Output(prediction: try denoiser.predict(&b, step))
    }.sample
    try b.output("image", decode(&b, sample))
    return try b.finishModule()
  }

  func decode(_ b: inout GraphBuilder, _ sample: ValueID) throws(Diagnostic) -> ValueID {
    try b.call(decoder, [b.affine(sample, scale: 1 / latentScale)])[0]
  }
}

extension GraphBuilder {
  /// Declares the inputs for the prompt and the empty one; gives both, the empty one first, [2, count].
  mutating func prompts(_ count: Int) throws(Diagnostic) -> ValueID {
    let tokens = try input("tokens", [1, count], .i64)
    let empty = try input("empty_tokens", [1, count], .i64)
    return try concat([empty, tokens], axis: 0)
  }
}
