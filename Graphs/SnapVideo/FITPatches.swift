import IR
import Tensors

/// How a video falls into groups of patches.
struct FITLayout: Sendable {
  var batch: Int
  var frames: Int
  /// Pixels of the video.
  var height: Int
  var width: Int
  /// Groups in height and width, and patches of a group in height and width.
  var rows: Int
  var columns: Int
  var groupHeight: Int
  var groupWidth: Int
  /// Rows of zeros above and below the video that fill its groups.
  var padding: Int
  var groupedLatents: [Int]
  var allLatents: [Int]

  var groups: Int { rows * columns }
  var patchesOfGroup: Int { frames * groupHeight * groupWidth }
  /// Patches of a frame in height and width.
  var gridHeight: Int { rows * groupHeight }
  var gridWidth: Int { columns * groupWidth }

  /// For a video [N, T, 3, H, W].
  init(_ fit: FIT, video: Shape) throws(Diagnostic) {
    (batch, frames, height, width) = (video[0], video[1], video[3], video[4])
    (groupHeight, groupWidth) = (fit.groupHeight, fit.groupWidth)
    let (tall, wide) = (groupHeight * fit.patchSize, groupWidth * fit.patchSize)
    (rows, columns) = ((height + tall - 1) / tall, width / wide)
    guard width % wide == 0, (rows * tall - height) % 2 == 0 else {
      throw Diagnostic(
        "a video of \(height) by \(width) pixels does not fall into groups of \(tall) by \(wide)",
        advice: "give it a width that is a multiple of \(wide) and an even height")
    }
    padding = (rows * tall - height) / 2
    guard fit.latentCount % (rows * columns) == 0 else {
      throw Diagnostic(
        "\(fit.latentCount) latents do not divide into the \(rows * columns) groups of a video of \(height) by "
          + "\(width) pixels", advice: "take a multiple of \(rows * columns)")
    }
    let share = fit.latentCount / (rows * columns)
    groupedLatents = [batch * rows * columns, share, fit.latentWidth]
    allLatents = [batch, fit.latentCount, fit.latentWidth]
  }
}

/// Between pixels and groups of patches.
extension FIT {
  /// Patches with their positions, group by group: [N, T, 3, H, W] → [N × groups, patches of a group, C].
  ///
  /// Groups come row by row, and the patches of a group frame by frame and row by row.
  func embed(
    _ b: inout GraphBuilder, _ video: ValueID, lowResolution: ValueID?, _ layout: FITLayout
  ) throws(Diagnostic) -> ValueID {
    var frames = try b.reshape(video, [-1, channels, layout.height, layout.width])
    if let lowResolution {
      let small = b.shape(of: lowResolution)
      let enlarged = try b.resizeLinear(
        b.reshape(lowResolution, [-1, channels, small[3], small[4]]), to: [layout.height, layout.width])
      frames = try b.concat([frames, enlarged], axis: 1)
    }
    if layout.padding > 0 {
      frames = try b.pad(frames, [0, 0, layout.padding, 0, 0, 0, layout.padding, 0])
    }
    let patches = try b.conv2d(
      "patch_embed", frames, channels: patchWidth, kernel: patchSize, stride: patchSize)
    let grid = [layout.rows, layout.groupHeight, layout.columns, layout.groupWidth]
    let tokens = try b.transpose(
      b.reshape(patches, [layout.batch, layout.frames, patchWidth] + grid), [0, 3, 5, 1, 4, 6, 2])

    let count = layout.frames * layout.gridHeight * layout.gridWidth
    let table = try b.reshape(
      b.parameter("pos_embed", [count, patchWidth]), [layout.frames] + grid + [patchWidth])
    let positions = try b.reshape(
      b.transpose(table, [1, 3, 0, 2, 4, 5]), [1, layout.groups, layout.patchesOfGroup, patchWidth])
    let placed = try b.add(
      b.reshape(tokens, [layout.batch, layout.groups, layout.patchesOfGroup, patchWidth]), positions)
    return try b.reshape(placed, [-1, layout.patchesOfGroup, patchWidth])
  }

  /// Patches back to pixels: [N × groups, patches of a group, C] → [N, T, 3, H, W].
  func project(
    _ b: inout GraphBuilder, _ patches: ValueID, _ layout: FITLayout
  ) throws(Diagnostic) -> ValueID {
    let pixels = try b.linear(
      "head", b.layerNorm("head_norm", patches), features: channels * patchSize * patchSize)
    let grouped = try b.reshape(
      pixels,
      [layout.batch, layout.rows, layout.columns, layout.frames, layout.groupHeight, layout.groupWidth, -1])
    let frames = try b.reshape(
      b.transpose(grouped, [0, 3, 6, 1, 4, 2, 5]),
      [-1, channels, patchSize, patchSize, layout.gridHeight, layout.gridWidth])
    let (tall, wide) = (layout.gridHeight * patchSize, layout.gridWidth * patchSize)
    let video = try b.reshape(
      b.transpose(frames, [0, 1, 4, 2, 5, 3]), [layout.batch, layout.frames, channels, tall, wide])
    return layout.padding == 0
      ? video : try b.slice(video, axis: 3, layout.padding..<(layout.padding + layout.height))
  }
}
