import Tensors

extension Conv {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let (part, groups, reads) = window.convolution(region, group, operands) else { return nil }
    return Tile(
      .conv(Conv(part, group: groups, activation: activation)),
      reads: reads + operands.dropFirst(2).map { $0.channels(region[1]) })
  }
}

extension ConvInteger {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let (part, groups, reads) = window.convolution(region, group, operands) else { return nil }
    return Tile(
      .convInteger(ConvInteger(part, group: groups, rescaling)),
      reads: reads + operands.dropFirst(2).map { $0.channels(region[1]) })
  }
}

extension ConvTranspose {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let (x, w) = (operands[0].shape, operands[1].shape)
    guard let groups = ChannelGroups(region[1], of: group, size: w[1]) else { return nil }
    var part = ConvTranspose(group: groups.count, outputPadding: [], activation: activation)
    part.window = Window(strides: window.strides, dilations: window.dilations)
    var (spatial, ends): ([Range<Int>], [Int]) = ([], [])
    for (axis, range) in region.ranges[2...].enumerated() {
      guard let (read, begin, rest) = transposed(range, axis, input: x[axis + 2], kernel: w[axis + 2]) else {
        return nil
      }
      spatial.append(read)
      part.window.pads.append(begin)
      ends.append(max(rest, 0))
      part.outputPadding.append(max(-rest, 0))
    }
    part.window.pads += ends
    let channels = groups.channels(w[0] / group)
    var weight = Region(all: w)
    weight[0] = channels
    weight[1] = groups.withinGroup
    return Tile(
      .convTranspose(part),
      reads: [Region([region[0], channels] + spatial), weight]
        + operands.dropFirst(2).map { _ in Region([region[1]]) })
  }

  /// What is read along an axis, and how much the part's result reaches beyond the range at both ends (at the last by
  /// less than nothing, if it is padded).
  private func transposed(_ range: Range<Int>, _ axis: Int, input: Int, kernel: Int) -> (
    read: Range<Int>, begin: Int, rest: Int
  )? {
    guard !range.isEmpty else { return nil }
    let (stride, reach) = (window.stride(axis), window.dilation(axis) * (kernel - 1))
    let first = range.lowerBound + window.begin(axis)
    let last = range.upperBound - 1 + window.begin(axis)
    let low = min(max((first - reach + stride - 1) / stride, 0), first / stride, input - 1)
    let high = min(last / stride, input - 1)
    guard low <= high else { return nil }
    let (begin, length) = (first - low * stride, stride * (high - low) + reach + 1)
    let rest = length - begin - range.count
    guard -rest < max(stride, window.dilation(axis)) else { return nil }
    return (low..<(high + 1), begin, rest)
  }
}

extension ConvTransposeInteger {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let floats = ofFloats.tile(region, of: Array(operands.prefix(2)), results),
      case .convTranspose(let part) = floats.op
    else { return nil }
    return Tile(
      .convTransposeInteger(
        ConvTransposeInteger(part.window, group: part.group, outputPadding: part.outputPadding, rescaling)),
      reads: floats.reads + operands.dropFirst(2).map { $0.channels(region[1]) })
  }
}

extension Pool {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let x = operands[0].shape
    guard let (part, spatial) = window.tile(region.ranges[2...], of: x.extents[2...], kernel: kernel[...])
    else {
      return nil
    }
    // What only rounding up adds to the end counts as padding in no average.
    if kind == .averagePadded, kernel.indices.contains(where: { part.end($0) > window.end($0) }) {
      return nil
    }
    return Tile(
      .pool(Pool(kind, kernel: kernel, part)), reads: [Region(Array(region.ranges[..<2]) + spatial)])
  }
}

extension Window {
  /// The window and number of groups of a convolution that gives a region, and what that reads of x and w.
  fileprivate func convolution(_ region: Region, _ group: Int, _ operands: [TensorType]) -> (
    window: Window, groups: Int, reads: [Region]
  )? {
    let (x, w) = (operands[0].shape, operands[1].shape)
    guard let groups = ChannelGroups(region[1], of: group, size: w[0] / group),
      let (part, spatial) = tile(region.ranges[2...], of: x.extents[2...], kernel: w.extents[2...])
    else { return nil }
    var weight = Region(all: w)
    weight[0] = region[1]
    return (part, groups.count, [Region([region[0], groups.channels(w[1])] + spatial), weight])
  }

  /// The window over the part of an image that some positions cover, padded only where the image ends, and that part;
  /// nil if it would be empty.
  func tile(_ positions: ArraySlice<Range<Int>>, of image: ArraySlice<Int>, kernel: ArraySlice<Int>) -> (
    window: Window, read: [Range<Int>]
  )? {
    var part = Window(strides: strides, dilations: dilations)
    var (ends, read): ([Int], [Range<Int>]) = ([], [])
    for (axis, (range, (extent, taps))) in zip(positions, zip(image, kernel)).enumerated() {
      guard !range.isEmpty else { return nil }
      let first = range.lowerBound * stride(axis) - begin(axis)
      let end = (range.upperBound - 1) * stride(axis) - begin(axis) + dilation(axis) * (taps - 1) + 1
      let inside = max(first, 0)..<max(min(end, extent), max(first, 0))
      guard !inside.isEmpty else { return nil }
      part.pads.append(inside.lowerBound - first)
      ends.append(end - inside.upperBound)
      read.append(inside)
    }
    part.pads += ends
    return (part, read)
  }
}

/// The groups of a grouped convolution that some of its channels belong to: whole ones, or part of a single one.
struct ChannelGroups {
  let groups: Range<Int>
  /// The channels, counted from the first of their group.
  let withinGroup: Range<Int>

  var count: Int { groups.count }

  /// Nil for channels that cover several groups but not to their ends. `size`: channels of a group.
  init?(_ channels: Range<Int>, of group: Int, size: Int) {
    guard !channels.isEmpty else { return nil }
    groups = (channels.lowerBound / size)..<((channels.upperBound - 1) / size + 1)
    if groups.count == 1 {
      let start = groups.lowerBound * size
      withinGroup = (channels.lowerBound - start)..<(channels.upperBound - start)
    } else {
      guard channels.lowerBound % size == 0, channels.upperBound % size == 0 else { return nil }
      withinGroup = 0..<size
    }
  }

  /// The other side's channels, of which a group has `size`.
  func channels(_ size: Int) -> Range<Int> { (groups.lowerBound * size)..<(groups.upperBound * size) }
}
