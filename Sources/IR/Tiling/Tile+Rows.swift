import Tensors

/// Ops along one axis or some: they tile along all others.
extension Reduce {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.reduce(self), reads: [region.restoring(axes, keep: keep, of: operands[0].shape)])
  }
}

extension ArgReduce {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let x = operands[0].shape
    guard let axis = x.normalized(axis: axis) else { return nil }
    return Tile(.argReduce(self), reads: [region.restoring([axis], keep: keep, of: x)])
  }
}

extension Softmax {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    region.isWhole(along: axis, of: operands) ? Tile(.softmax(self), reads: [region]) : nil
  }
}

extension LpNorm {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    region.isWhole(along: axis, of: operands) ? Tile(.lpNorm(self), reads: [region]) : nil
  }
}

extension CumSum {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    region.isWhole(along: axis, of: operands) ? Tile(.cumsum(self), reads: [region]) : nil
  }
}

extension TopK {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let x = operands[0].shape
    guard let axis = x.normalized(axis: axis), region.isWhole(along: axis, of: results[0].shape) else {
      return nil
    }
    var read = region
    read[axis] = 0..<x[axis]
    return Tile(.topK(self), reads: [read])
  }
}

extension LayerNorm {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let reads = region.normalizedRows(from: axis, of: operands) else { return nil }
    return Tile(.layerNorm(self), reads: reads)
  }
}

extension RMSNorm {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let reads = region.normalizedRows(from: axis, of: operands) else { return nil }
    return Tile(.rmsNorm(self), reads: reads)
  }
}

extension GroupNorm {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let x = operands[0].shape
    let size = x[1] / groups
    guard region.isWhole(along: 2..<x.rank, of: x), size > 0, region[1].lowerBound % size == 0,
      region[1].upperBound % size == 0, !region[1].isEmpty
    else { return nil }
    let part = GroupNorm(groups: region[1].count / size, epsilon: epsilon)
    return Tile(.groupNorm(part), reads: [region] + operands.dropFirst().map { _ in Region([region[1]]) })
  }
}

extension BatchNorm {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.batchNorm(self), reads: [region] + operands.dropFirst().map { _ in Region([region[1]]) })
  }
}

extension Region {
  /// Whether it covers an axis of the first operand, whose shape is that of the result.
  func isWhole(along axis: Int, of operands: [TensorType]) -> Bool {
    let shape = operands[0].shape
    return shape.normalized(axis: axis).map { isWhole(along: $0, of: shape) } ?? false
  }

  /// The region with reduced axes, which it has not or with one element, from end to end.
  func restoring(_ axes: [Int], keep: Bool, of shape: Shape) -> Region {
    var rest = ranges[...]
    return Region(
      shape.indices.map { axis in
        guard axes.contains(axis) else { return rest.removeFirst() }
        if keep { rest.removeFirst() }
        return 0..<shape[axis]
      })
  }

  /// What a normalization over the axes from one to the last reads of x, scale and bias; nil unless those are whole.
  fileprivate func normalizedRows(from axis: Int, of operands: [TensorType]) -> [Region]? {
    let x = operands[0].shape
    guard let first = x.normalized(axis: axis), isWhole(along: first..<x.rank, of: x) else { return nil }
    return [self] + operands.dropFirst().map { Region(all: $0.shape) }
  }
}
