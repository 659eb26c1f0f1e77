package import IR
import Tensors

/// SnapGen-V: *Generating a Five-Second Video within Five Seconds on a Mobile Device*, Wu et al., CVPR 2025,
/// arXiv 2412.10494: a pruned image denoiser with layers over time between its blocks.
///
/// Known are 0.6 B parameters in total, an image network about 2.5 times smaller than Stable Diffusion 1.5's,
/// the six kinds of layers over time, and that the search found one-dimensional ones best on fine grids and
/// three-dimensional attention on coarse ones. Ours are the widths, which blocks stay, what each kind of layer
/// is made of, how many frames and positions there are, and that the text encoder is not among the 0.6 B.
package struct SnapGenV: Sendable {
  /// The image network, which sees each frame by itself.
  package var image: UNet
  /// For each part what follows its blocks, in the order of execution; nil or left out for nothing.
  package var layers: [UNet.Part: [TemporalLayer?]]

  /// What the network was trained to predict for a noisy video: the velocity, noise − video, as ``Flow`` takes
  /// it.
  ///
  /// latent: [frames, C, H, W]; timestep: [1]; context: [1, tokens, D]. Result: of the latents' shape.
  package func predict(
    _ b: inout GraphBuilder, latent: ValueID, timestep: ValueID, context: ValueID
  ) throws(Diagnostic) -> ValueID {
    var network = image
    network.afterBlock = { b, x, place throws(Diagnostic) in
      guard let layer = layer(at: place) else { return x }
      let writer = TemporalLayerWriter(heads: image.heads, groups: image.groups, context: context)
      return try writer.write(layer, "\(layer.scope).\(number(at: place))", &b, x)
    }
    return try network.predict(&b, latent: latent, timestep: timestep, context: context)
  }

  package func layer(at place: UNet.Place) -> TemporalLayer? {
    guard let part = layers[place.part], place.block < part.count else { return nil }
    return part[place.block]
  }

  /// How many layers of the same scope come before in this part.
  private func number(at place: UNet.Place) -> Int {
    let scope = layer(at: place)?.scope
    return (0..<place.block).count { layer(at: UNet.Place(part: place.part, block: $0))?.scope == scope }
  }
}

extension SnapGenV {
  /// Stable Diffusion's blocks without the transformers on the finest grid, with the search's finding: over time
  /// convolutions after residual blocks and attention after transformers on the two finer grids, attention among
  /// all positions of all frames on the two coarser ones.
  package init(width: Int = 256, channels: Int = 4) {
    var image = SnapFusion.stableDiffusion(width: width)
    image.latentChannels = channels
    image.widths = [width, 2 * width, 3 * width, 3 * width]
    image.down[0] = image.down[0].map { _ in UNet.Position() }
    image.up[3] = image.up[3].map { _ in UNet.Position() }
    self.init(image: image, layers: SnapGenV.layers(found: image))
  }

  private static func layers(found image: UNet) -> [UNet.Part: [TemporalLayer?]] {
    var layers: [UNet.Part: [TemporalLayer?]] = [:]
    for part in image.parts {
      let isCoarse = image.level(of: part) >= 2
      layers[part] = image.blocks(of: part).map { block in
        isCoarse ? .selfAttention3D : block == .resNet ? .conv1D : .selfAttention1D
      }
    }
    return layers
  }
}
