import IR
import Tensors

let snapVideo = GraphDefinition(
  name: "snapvideo",
  summary: "text-to-video generation in two stages",
  paper: "Snap Video: Scaled Spatiotemporal Transformers for Text-to-Video Synthesis, arXiv 2402.14797",
  variants: [
    denoiser("fit_500m", .small, FIT.smallFacts), denoiser("fit_3.9b", .large, FIT.largeFacts),
    denoiser("upsampler", .upsampler, FIT.upsamplerFacts),
    denoiser("upsampler_group_by_group", .upsamplerByGroup, FIT.upsamplerFacts),
    FIT.stage("fit_500m_euler", .small, FIT.smallFacts, .euler),
    FIT.stage("fit_500m_heun", .small, FIT.smallFacts, .heun),
    FIT.stage("fit_3.9b_euler", .large, FIT.largeFacts, .euler),
    FIT.stage("fit_3.9b_heun", .large, FIT.largeFacts, .heun),
    FIT.stage("upsampler_euler", .upsamplerByGroup, FIT.upsamplerFacts, .euler),
    FIT.stage("upsampler_heun", .upsamplerByGroup, FIT.upsamplerFacts, .heun),
    FIT.bothStages("text_to_video_euler", .euler), FIT.bothStages("text_to_video_heun", .heun),
  ],
  namings: [Naming("the graph itself")],
  ignoredEntries: []
)

private let ours =
  "widths, counts and order of layers are public; what a layer holds, widths inside attention, embeddings of "
  + "the conditions and the number of text tokens are ours"

extension FIT {
  static let small = FIT(
    patchWidth: 768, patchHeadWidth: 48, latentWidth: 1024, latentHeadWidth: 64, conditioningWidth: 768,
    latentCount: 512, groupHeight: 5, groupWidth: 4)
  static let large = FIT(
    patchWidth: 1024, patchHeadWidth: 64, latentWidth: 3072, latentHeadWidth: 128, conditioningWidth: 1024,
    latentCount: 768, groupHeight: 5, groupWidth: 4)
  static let upsampler = FIT(
    patchWidth: 1024, patchHeadWidth: 64, latentWidth: 3072, latentHeadWidth: 128, conditioningWidth: 1024,
    latentCount: 768, groupHeight: 18, groupWidth: 16, spatialFactor: 8)
  /// The same network, which a device can't run on all of its 32 groups at once.
  static var upsamplerByGroup: FIT {
    var fit = upsampler
    fit.groupOrder = .oneByOne
    return fit
  }

  static let smallFacts = Facts(
    status: .reconstruction, parameters: 489_877_552, macs: 348_393_308_160, attentionMACs: 16_408_117_248,
    publishedParameters: 500, ours: ours)
  static let largeFacts = Facts(
    status: .reconstruction, parameters: 3_933_317_168, macs: 3_219_997_589_504,
    attentionMACs: 95_277_809_664, publishedParameters: 3900, ours: ours)
  static let upsamplerFacts = Facts(
    status: .reconstruction, parameters: 4_081_739_824, macs: 14_261_704_196_096,
    attentionMACs: 176_211_099_648, publishedParameters: 3900,
    ours: ours + ", and so is how the low-resolution video enters")

  /// Extents of a video and what conditions it.
  struct Extents: Sendable {
    var batch = 1
    var frames: Int
    var height: Int
    var width: Int
    var tokens: Int
    var textWidth: Int

    init(_ chosen: Dimensions) {
      (frames, height, width) = (chosen["frames"], chosen["height"], chosen["width"])
      (tokens, textWidth) = (chosen["tokens"], chosen["text_width"])
    }
  }

  func videoShape(_ extents: Extents) -> Shape {
    [extents.batch, extents.frames, channels, extents.height, extents.width]
  }

  /// Of the video that an upsampler enlarges.
  func lowResolutionShape(_ extents: Extents) -> Shape {
    [
      extents.batch, extents.frames, channels, extents.height / spatialFactor, extents.width / spatialFactor,
    ]
  }

  /// Extents of a video of one stage and of its network.
  func dimensions() -> [Dimension] {
    [
      Dimension(name: "frames", extent: 16, range: 1...4096, multiple: 1),
      Dimension(name: "height", extent: 36 * spatialFactor, range: 2...8192, multiple: max(2, spatialFactor)),
      Dimension(
        name: "width", extent: 64 * spatialFactor, range: 4...8192, multiple: groupWidth * patchSize),
    ] + networkDimensions() + [
      Dimension(name: "tokens", extent: 77, range: 1...4096, multiple: 1),
      Dimension(name: "text_width", extent: 1024, range: 1...8192, multiple: 1),
    ]
  }

  /// Those that change the network's layers; see ``with(_:)``.
  func networkDimensions() -> [Dimension] {
    [
      Dimension(name: "blocks", extent: blocks, range: 1...64, multiple: 1),
      Dimension(name: "patch_width", extent: patchWidth, range: 2...8192, multiple: patchHeadWidth),
      Dimension(name: "latent_width", extent: latentWidth, range: 2...8192, multiple: latentHeadWidth),
      Dimension(name: "latents", extent: latentCount, range: 1...65536, multiple: 1),
    ]
  }

  /// The paper's networks return what the modified preconditioning asks for.
  static let options = [GraphOption.prediction(.velocity)]

  func with(_ chosen: Dimensions) -> FIT {
    var fit = self
    (fit.patchWidth, fit.conditioningWidth) = (chosen["patch_width"], chosen["patch_width"])
    (fit.latentWidth, fit.latentCount) = (chosen["latent_width"], chosen["latents"])
    fit.blocks = chosen["blocks"]
    fit.prediction = chosen.option("prediction", prediction)
    return fit
  }

  /// One call of a stage: `x_sigma`, data ÷ σ_in + `sigma` × noise, to `denoised`, the data. `previous_latents`,
  /// zeros at first, are the `latents` of the step before. `text` are states of a T5-11B encoder. An upsampler
  /// has `low_resolution` too, after `sigma`.
  func denoiser(_ name: String, _ extents: Extents) throws(Diagnostic) -> Module {
    let batch = extents.batch
    var b = GraphBuilder(name)
    let x = try b.input("x_sigma", videoShape(extents))
    let sigma = try b.input("sigma", [batch])
    let lowResolution =
      spatialFactor == 1 ? nil : try b.input("low_resolution", lowResolutionShape(extents))
    let frameRate = try b.input("frame_rate", [batch])
    let resolution = try b.input("resolution", [batch])
    let text = try b.input("text", [batch, extents.tokens, extents.textWidth])
    let previous = try b.input("previous_latents", [batch, latentCount, latentWidth])

    var preconditioning = Preconditioning(spatialFactor: spatialFactor, frames: extents.frames)
    preconditioning.prediction = prediction
    let (output, latents) = try predict(
      &b, video: preconditioning.scaledInput(&b, x, sigma: sigma), lowResolution: lowResolution,
      latents: previous,
      Conditions(
        noise: preconditioning.noiseLevel(&b, sigma: sigma), frameRate: frameRate, resolution: resolution,
        text: text))
    try b.output("denoised", preconditioning.denoised(&b, x, sigma: sigma, output: output))
    try b.output("latents", latents)
    return try b.finishModule()
  }
}

private func denoiser(_ name: String, _ network: FIT, _ facts: Facts) -> GraphVariant {
  let batch = Dimension(name: "batch", extent: 1, range: 1...4096, multiple: 1)
  let dimensions = [batch] + network.dimensions()
  return GraphVariant(name, dimensions: dimensions, options: FIT.options, facts: facts) {
    chosen throws(Diagnostic) in
    var extents = FIT.Extents(chosen)
    extents.batch = chosen["batch"]
    return try network.with(chosen).denoiser("snapvideo_\(name)", extents)
  }
}
