package import Tensors

/// Which elements of a tensor share a scale and a zero point: all of them, those at one index of an axis, or those of
/// one block of an axis at one index of all other axes.
///
/// Parameters of a tensor x have the shape [] in the first case, [x.shape[axis]] in the second, and in the third, with
/// `block` > 0, x's shape with ⌈x.shape[axis] / block⌉ at the axis.
package struct Granularity: Hashable, Sendable {
  /// Counted from the end where negative.
  package var axis = 1
  /// Elements of a block along the axis; 0 for no blocks.
  package var block = 0

  package init(axis: Int = 1, block: Int = 0) {
    self.axis = axis
    self.block = block
  }

  /// Checks the shape of parameters of a tensor of shape `x`.
  package func check(_ parameters: Shape, of x: Shape, _ what: String) throws(OpError) {
    guard block >= 0 else { throw OpError("block is \(block), expected 0 or more") }
    if parameters.rank == 0 { return }
    let axis = try resolve(axis: axis, in: x)
    guard block > 0 else {
      guard parameters == [x[axis]] else {
        throw OpError(
          "\(what) has shape \(parameters), expected [] or [\(x[axis])], one for each index of axis \(axis) of \(x)"
        )
      }
      return
    }
    let expected = blocked(x, axis)
    guard parameters == expected else {
      throw OpError(
        "\(what) has shape \(parameters), expected [] or \(expected), one for each \(block) along axis \(axis) of \(x)"
      )
    }
  }

  /// The shape of parameters that differ by block.
  private func blocked(_ x: Shape, _ axis: Int) -> Shape {
    var extents = x.extents
    // Not (extent + block − 1) / block, which may overflow.
    extents[axis] = extents[axis] / block + (extents[axis] % block == 0 ? 0 : 1)
    return Shape(extents)
  }

  /// The shape in which parameters broadcast to a tensor of shape `x`, or to it with the axis cut into blocks.
  package func broadcast(_ parameters: Shape, to x: Shape) -> Shape {
    guard let axis = x.normalized(axis: axis), parameters.rank > 0 else { return parameters }
    if block == 0 { return Shape([x[axis]] + [Int](repeating: 1, count: x.rank - 1 - axis)) }
    var extents = parameters.extents
    extents.insert(1, at: axis + 1)
    return Shape(extents)
  }

  /// Whether parameters of this shape differ by block.
  package func isBlocked(_ parameters: Shape) -> Bool { block > 0 && parameters.rank > 0 }

  /// Whether parameters of this shape belong to equally many elements each, as blocks do that fill the axis of `x`.
  package func isEven(_ parameters: Shape, of x: Shape) -> Bool {
    guard isBlocked(parameters), let axis = x.normalized(axis: axis) else { return true }
    return x[axis] % block == 0
  }

  /// A tensor of shape `x` with its axis cut into blocks, to which parameters of this shape broadcast.
  package func cut(_ x: Shape, parameters: Shape) -> Shape {
    guard isBlocked(parameters), let axis = x.normalized(axis: axis) else { return x }
    var extents = x.extents
    extents[axis] = x[axis] / block
    extents.insert(block, at: axis + 1)
    return Shape(extents)
  }

  /// Parameters in a shape that broadcasts to a tensor of shape `x`.
  package func fit(_ parameters: Tensor, to x: Shape) throws(OpError) -> Tensor {
    let separate = parameters.reshaped(broadcast(parameters.shape, to: x))
    guard isBlocked(parameters.shape), let axis = x.normalized(axis: axis) else { return separate }
    // No more than the extent is repeated of a block that is longer.
    let length = min(block, max(x[axis], 1))
    var extents = separate.shape.extents
    extents[axis + 1] = length
    let repeated = try Op.expand(Expand(extents)).evaluate([separate])[0]
    var merged = parameters.shape.extents
    merged[axis] *= length
    let starts = [Int](repeating: 0, count: x.rank)
    return try Op.slice(Slice(starts: starts, counts: x.extents)).evaluate([
      repeated.reshaped(Shape(merged))
    ])[0]
  }

  /// What of the parameters belongs to a region of x; nil where the region begins inside of a block.
  func region(_ region: Region, of x: Shape, parameters: Shape) -> Region? {
    guard let axis = x.normalized(axis: axis), parameters.rank > 0 else { return Region(all: parameters) }
    if block == 0 { return Region([region[axis]]) }
    let range = region[axis]
    guard range.lowerBound % block == 0 else { return nil }
    var result = region
    let end = range.upperBound / block + (range.upperBound % block == 0 ? 0 : 1)
    result[axis] = (range.lowerBound / block)..<max(end, range.lowerBound / block)
    return result
  }
}
