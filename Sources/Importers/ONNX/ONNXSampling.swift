import IR
import Tensors

/// Sampling positions of an affine map: the constant grid of the output's positions times each matrix.
func affineGrid(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let theta = try context.input(0)
  let size = try context.constantInts(1, "the size") ?? []
  let spatial = Array(size.dropFirst(2))
  guard (2...3).contains(spatial.count), theta.shape == [size[0], spatial.count, spatial.count + 1],
    spatial.allSatisfy({ $0 >= 1 }), spatial.reduce(1.0, { $0 * Double($1) }) <= Double(1 << 22)
  else {
    throw Finding(
      "has matrices \(theta.shape) and size \(size)",
      expected:
        "[N, C, H, W] or [N, C, D, H, W] of at most 2^22 positions, and an affine matrix for each sample"
    )
  }
  let alignsCorners = try context.flag("align_corners")
  let count = spatial.reduce(1, *)
  var grid: [Float] = []
  grid.reserveCapacity(count * (spatial.count + 1))
  let strides = Shape(spatial).strides
  for position in 0..<count {
    // Coordinates run from −1 to 1, x first.
    for axis in spatial.indices.reversed() {
      let (index, extent) = (Double(position / strides[axis] % spatial[axis]), Double(spatial[axis]))
      let coordinate = alignsCorners ? 2 * index / max(1, extent - 1) - 1 : (2 * index + 1) / extent - 1
      grid.append(Float(coordinate))
    }
    grid.append(1)
  }
  let points = context.constant(
    Tensor(grid, shape: [count, spatial.count + 1], element: theta.element))
  let product = try context.emit(.matmul(MatMul(transposeB: true)), [points, theta])
  return [try context.reshape(product, [size[0]] + spatial + [spatial.count])]
}
