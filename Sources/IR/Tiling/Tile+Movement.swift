import Tensors

extension Transpose {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    var read = region
    for (axis, source) in permutation.enumerated() { read[source] = region[axis] }
    return Tile(.transpose(self), reads: [read])
  }
}

extension Reshape {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let read = region.reshaped(from: results[0].shape, to: operands[0].shape) else { return nil }
    return Tile(.reshape(Reshape(region.shape.extents)), reads: [read])
  }
}

extension Expand {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.expand(Expand(region.shape.extents)), reads: [region.broadcast(from: operands[0].shape)])
  }
}

extension Concat {
  /// Operands outside of the region are read nothing of.
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let axis = results[0].shape.normalized(axis: axis) else { return nil }
    var start = 0
    let reads = operands.map { operand in
      let own = start..<(start + operand.shape[axis])
      var read = region
      let common = region[axis].clamped(to: own)
      read[axis] = (common.lowerBound - start)..<(common.upperBound - start)
      start = own.upperBound
      return read
    }
    return Tile(.concat(Concat(axis: axis)), reads: reads)
  }
}

extension Slice {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard region.ranges.allSatisfy({ !$0.isEmpty }) else { return nil }
    var part = Slice(
      starts: [], counts: region.shape.extents, steps: region.ranges.indices.map { step($0) })
    let read = region.ranges.enumerated().map { axis, range in
      let (first, last) = (
        starts[axis] + range.lowerBound * step(axis), starts[axis] + (range.upperBound - 1) * step(axis)
      )
      part.starts.append(max(first - last, 0))
      return min(first, last)..<(max(first, last) + 1)
    }
    return Tile(.slice(part), reads: [Region(read)])
  }
}

extension Pad {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let x = operands[0].shape
    var part = Pad([], mode: mode, value: value)
    var (ends, read): ([Int], [Range<Int>]) = ([], [])
    for (axis, range) in region.ranges.enumerated() {
      let begin = pads[axis]
      let wanted = (range.lowerBound - begin)..<(range.upperBound - begin)
      let inside = wanted.clamped(to: 0..<x[axis])
      if inside.count < wanted.count, mode != .constant {
        // What is repeated lies anywhere on the axis.
        guard region.isWhole(along: axis, of: results[0].shape) else { return nil }
        read.append(0..<x[axis])
        part.pads.append(begin)
        ends.append(pads[axis + x.rank])
        continue
      }
      guard !inside.isEmpty else { return nil }
      read.append(inside)
      part.pads.append(inside.lowerBound - wanted.lowerBound)
      ends.append(wanted.upperBound - inside.upperBound)
    }
    part.pads += ends
    return Tile(.pad(part), reads: [Region(read)])
  }
}

extension Gather {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let (x, rank) = (operands[0].shape, operands[1].rank)
    guard let axis = x.normalized(axis: axis) else { return nil }
    let read = Region(Array(region.ranges[..<axis]) + [0..<x[axis]] + region.ranges[(axis + rank)...])
    return Tile(
      .gather(Gather(axis: axis)), reads: [read, Region(Array(region.ranges[axis..<(axis + rank)]))])
  }
}

extension Scatter {
  /// Along all axes but the first, which the indices count.
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let indices = operands[1].shape
    guard region.isWhole(along: 0, of: results[0].shape) else { return nil }
    let updates = Region(Region(all: indices).ranges + region.ranges[1...])
    return Tile(.scatter(self), reads: [region, Region(all: indices), updates])
  }
}

extension Bitcast {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.bitcast(self), reads: [region])
  }
}

extension Region {
  /// The box of another shape of as many elements that holds the same ones in row-major order; nil if none does.
  ///
  /// Axes of both shapes pair up in groups of equal products. In a group with more than one axis the box must be one
  /// run of elements, on both sides.
  func reshaped(from own: Shape, to other: Shape) -> Region? {
    guard own.elementCount > 0, ranges.allSatisfy({ !$0.isEmpty }) else { return nil }
    var result: [Range<Int>] = []
    var (i, j) = (0, 0)
    while i < own.rank || j < other.rank {
      let (firstOwn, firstOther) = (i, j)
      var (product, otherProduct) = (1, 1)
      repeat {
        if j == other.rank || (i < own.rank && product <= otherProduct) {
          product *= own[i]
          i += 1
        } else {
          otherProduct *= other[j]
          j += 1
        }
      } while product != otherProduct
      let extents = Array(own.extents[firstOwn..<i])
      guard let run = Self.run(ranges[firstOwn..<i], of: extents),
        let box = Self.box(run, of: Array(other.extents[firstOther..<j]))
      else { return nil }
      result += box
    }
    return Region(result)
  }

  /// The run of row-major positions that a box covers; nil if it is in pieces.
  private static func run(_ box: ArraySlice<Range<Int>>, of extents: [Int]) -> Range<Int>? {
    var run = 0..<1
    var isWhole = true
    var inner = 1
    for (range, extent) in zip(box, extents).reversed() {
      guard isWhole || range.count == 1 else { return nil }
      run = (range.lowerBound * inner + run.lowerBound)..<((range.upperBound - 1) * inner + run.upperBound)
      isWhole = isWhole && range == 0..<extent
      inner *= extent
    }
    return run
  }

  /// The box that is a run of row-major positions.
  private static func box(_ run: Range<Int>, of extents: [Int]) -> [Range<Int>]? {
    var box: [Range<Int>] = []
    var run = run
    var inner = extents.reduce(1, *)
    for extent in extents {
      inner /= extent
      let first = run.lowerBound / inner
      let last = (run.upperBound - 1) / inner
      box.append(first..<(last + 1))
      if first == last {
        run = (run.lowerBound - first * inner)..<(run.upperBound - first * inner)
      } else {
        guard run.lowerBound % inner == 0, run.upperBound % inner == 0 else { return nil }
        run = 0..<inner
      }
    }
    return box
  }
}
