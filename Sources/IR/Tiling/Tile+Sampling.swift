import Tensors

extension Resize {
  /// Along spatial axes only where the part, with the same scales, takes the same elements with the same weights.
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let x = operands[0].shape
    var part = self
    part.sizes = Array(region.shape.extents[2...])
    part.scales = sizes.indices.map { scale($0, input: x[$0 + 2]) }
    var read = Region(Array(region.ranges[..<2]))
    for axis in sizes.indices {
      let range = region[axis + 2]
      if region.isWhole(along: axis + 2, of: results[0].shape) {
        read.ranges.append(0..<x[axis + 2])
        continue
      }
      guard let source = part.source(of: range, axis, in: self, input: x[axis + 2]) else { return nil }
      read.ranges.append(source)
    }
    return Tile(.resize(part), reads: [read])
  }

  /// The elements that this part of a whole reads for a range of its output along an axis; nil if, given those alone,
  /// it would weigh them otherwise.
  private func source(of range: Range<Int>, _ axis: Int, in whole: Resize, input: Int) -> Range<Int>? {
    let wanted = range.map { whole.taps(output: $0, axis, input: input) }
    let indices = wanted.joined().lazy.filter { $0.weight != 0 }.map(\.index)
    guard let first = indices.min(), let last = indices.max() else { return nil }
    let isSame = wanted.enumerated().allSatisfy { position, taps in
      Self.weights(of: taps, from: first)
        == Self.weights(of: self.taps(output: position, axis, input: last + 1 - first), from: 0)
    }
    return isSame ? first..<(last + 1) : nil
  }

  /// The weight of each element, counted from the first.
  private static func weights(of taps: [Tap], from first: Int) -> [Int: Float] {
    taps.reduce(into: [:]) { weights, tap in
      if tap.weight != 0 { weights[tap.index - first, default: 0] += Float(tap.weight) }
    }
  }
}

extension GridSample {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let (x, grid) = (Region(all: operands[0].shape), Region(all: operands[1].shape))
    return Tile(
      .gridSample(self),
      reads: [
        Region(Array(region.ranges[..<2] + x.ranges[2...])),
        Region([region[0]] + region.ranges[2...] + [grid[grid.rank - 1]]),
      ])
  }
}

extension RoiAlign {
  /// Along regions of interest and channels; bins are not divided.
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard region.isWhole(along: 2..<4, of: results[0].shape) else { return nil }
    var x = Region(all: operands[0].shape)
    x[1] = region[1]
    return Tile(.roiAlign(self), reads: [x, Region([region[0], 0..<4]), Region([region[0]])])
  }
}
