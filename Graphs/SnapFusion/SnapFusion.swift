/// SnapFusion: *Text-to-Image Diffusion Model on Mobile Devices within Two Seconds*, Li et al., NeurIPS 2023,
/// arXiv 2306.00980: Stable Diffusion 1.5 with fewer and other blocks and half of the decoder's channels.
///
/// The paper prints how many transformers and residual blocks each stage keeps. Which positions those are is
/// not public, so they are ours: removed blocks come from the end of a stage, added transformers stand beside
/// those that are there. The paper's 848 M parameters can't be had from its own counts with Stable Diffusion's
/// blocks, which give 749 M to 804 M depending on what is removed; ours gives 785.5 M.
package enum SnapFusion {
  /// Stable Diffusion 1.5, with the paper's three coarsest rows, 8 × 8, as its down 4, middle and up 1.
  package static func stableDiffusion(width: Int = 320) -> UNet {
    let (plain, attending) = (UNet.Position(), UNet.Position(transformers: 1))
    return UNet(
      widths: [width, 2 * width, 4 * width, 4 * width],
      down: [[attending, attending], [attending, attending], [attending, attending], [plain, plain]],
      middle: [attending, plain],
      up: [
        [plain, plain, plain], [attending, attending, attending], [attending, attending, attending],
        [attending, attending, attending],
      ])
  }

  /// The stage table of the efficient network: no transformers on the finest grid, one residual block less at
  /// 16 × 16 on the way down and up, three less at 8 × 8, twice the transformers at 16 × 16 on the way up.
  package static func efficient(width: Int = 320) -> UNet {
    let (plain, attending) = (UNet.Position(), UNet.Position(transformers: 1))
    let removed = UNet.Position(hasResNet: false)
    return UNet(
      widths: [width, 2 * width, 4 * width, 4 * width],
      down: [
        [plain, plain], [attending, attending],
        [attending, UNet.Position(hasResNet: false, transformers: 1)], [removed, removed],
      ],
      middle: [attending, removed],
      up: [
        [plain, plain, plain],
        [
          UNet.Position(transformers: 2), UNet.Position(transformers: 2),
          UNet.Position(hasResNet: false, transformers: 2),
        ],
        [attending, attending, attending], [plain, plain, plain],
      ])
  }
}
