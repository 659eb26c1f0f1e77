import IR
import Tensors

/// A convolution whose taps are moved by offsets that depend on data.
///
/// The input is sampled at the place of every tap of every position, with zeros outside: a matrix of patches,
/// which a convolution over single positions multiplies with the weights.
func deformableConvolution(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let layer = try DeformableLayer(context)
  let (n, inputs) = (layer.x.shape[0], layer.x.shape[1])
  let groups = n * layer.offsetGroups
  let sampled = try context.emit(
    .gridSample(GridSample()),
    [
      try context.reshape(layer.x, [groups, inputs / layer.offsetGroups] + layer.input),
      try samplingGrid(context, layer, groups),
    ])
  var patches = try context.reshape(
    sampled, [groups, inputs / layer.offsetGroups, layer.taps, layer.positions])
  if let mask = context.optional(4) {
    guard mask.shape.extents == [n, layer.offsetGroups * layer.taps] + layer.output else {
      throw Finding(
        "the mask has shape \(mask.shape)",
        expected: "\([n, layer.offsetGroups * layer.taps] + layer.output)")
    }
    patches = try context.binary(
      .mul, patches, try context.reshape(mask, [groups, 1, layer.taps, layer.positions]))
  }
  let single = [Int](repeating: 1, count: layer.spatial)
  let weight = layer.weight
  var operands = [
    try context.reshape(patches, [n, inputs * layer.taps] + layer.output),
    try context.reshape(weight, [weight.shape[0], weight.shape[1] * layer.taps] + single),
  ]
  if let bias = context.optional(3) { operands.append(bias) }
  return [try context.emit(.conv(Conv(group: layer.group)), operands)]
}

/// The operands and extents of a deformable convolution, checked against each other.
private struct DeformableLayer {
  let x: ONNXOperand
  let weight: ONNXOperand
  let offsets: ONNXOperand
  let kernel: [Int]
  let window: Window
  let group: Int
  let offsetGroups: Int
  /// Spatial extents.
  let input: [Int]
  let output: [Int]

  var spatial: Int { kernel.count }
  var taps: Int { kernel.reduce(1, *) }
  var positions: Int { output.reduce(1, *) }

  init(_ context: ONNXNodeContext) throws(Finding) {
    x = try context.input(0)
    weight = try context.input(1)
    offsets = try context.input(2)
    kernel = try kernelExtents(context, x, weight)
    input = Array(x.shape.dropFirst(2))
    guard kernel.count <= 3 else {
      throw Finding("the input has shape \(x.shape)", expected: "1 to 3 spatial dimensions")
    }
    window = try context.window(input: input, kernel: kernel)
    group = try checkedGroup(try context.int("group", 1))
    offsetGroups = try checkedGroup(try context.int("offset_group", 1))
    guard weight.shape[1] * group == x.shape[1], weight.shape[0] % group == 0,
      x.shape[1] % offsetGroups == 0
    else {
      throw Finding(
        "input \(x.shape) and weight \(weight.shape) do not go with group \(group) and offset_group \(offsetGroups)",
        expected: "channels in whole groups of each")
    }
    var output: [Int] = []
    for axis in kernel.indices {
      guard let extent = window.outputExtent(axis, input: input[axis], kernel: kernel[axis]) else {
        throw Finding("the kernel \(kernel) is larger than the padded input \(x.shape)")
      }
      output.append(extent)
    }
    self.output = output
    let channels = offsetGroups * kernel.reduce(1, *) * kernel.count
    guard offsets.shape.extents == [x.shape[0], channels] + output else {
      throw Finding(
        "the offsets have shape \(offsets.shape)", expected: "\([x.shape[0], channels] + output)")
    }
  }
}

/// Coordinates as grid_sample takes them, −1 to 1 from edge to edge: (2 · (base + offset) + 1) ÷ extent − 1.
///
/// They are computed in fp32, where a half would miss the place by more than an element of a large image.
private func samplingGrid(
  _ context: ONNXNodeContext, _ layer: DeformableLayer, _ groups: Int
) throws(Finding) -> ONNXOperand {
  let (spatial, component) = (layer.spatial, 1 + layer.spatial)
  let shape = [groups] + layer.kernel + [spatial] + layer.output
  // The last axis' coordinate comes first.
  var starts = [Int](repeating: 0, count: shape.count)
  var steps = [Int](repeating: 1, count: shape.count)
  starts[component] = spatial - 1
  steps[component] = spatial == 1 ? 1 : -1
  let flipped = try context.slice(
    try context.reshape(layer.offsets, shape), starts: starts, counts: shape, steps: steps)
  let scales = layer.input.reversed().map { Float(2 / Double($0)) }
  let single = [Int](repeating: 1, count: spatial)
  var grid = try context.binary(
    .mul, try context.cast(flipped, .f32),
    context.constant(Tensor(scales, shape: Shape([spatial] + single))))
  for axis in 0..<spatial { grid = try context.binary(.add, grid, try bases(context, layer, axis)) }
  let order = Array(0..<component) + Array((component + 1)..<shape.count) + [component]
  let points = [
    [layer.taps * layer.positions], [layer.taps, layer.positions], [layer.taps, layer.positions, 1],
  ]
  return try context.reshape(
    try context.transpose(grid, order), [groups] + points[spatial - 1] + [spatial])
}

/// Where the taps of every position lie along one axis without offsets; 0 for the other axes' coordinates.
private func bases(_ context: ONNXNodeContext, _ layer: DeformableLayer, _ axis: Int) throws(Finding)
  -> ONNXOperand
{
  let (spatial, window, extent) = (layer.spatial, layer.window, Double(layer.input[axis]))
  let (taps, positions) = (layer.kernel[axis], layer.output[axis])
  guard Double(taps) * Double(positions) <= Double(1 << 20) else {
    throw Finding("has \(taps) taps at \(positions) positions along an axis", expected: "at most 2^20 in all")
  }
  var values: [Float] = []
  for tap in 0..<taps {
    for coordinate in 0..<spatial {
      for position in 0..<positions {
        let base = position * window.stride(axis) - window.begin(axis) + tap * window.dilation(axis)
        values.append(coordinate == spatial - 1 - axis ? Float((2 * Double(base) + 1) / extent - 1) : 0)
      }
    }
  }
  var (kernel, output) = ([Int](repeating: 1, count: spatial), [Int](repeating: 1, count: spatial))
  kernel[axis] = taps
  output[axis] = positions
  return context.constant(Tensor(values, shape: Shape(kernel + [spatial] + output)))
}
