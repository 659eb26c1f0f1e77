import Tensors

/// Runs of elements along one or several axes, for ops that treat each run alike.
extension Tensor {
  /// x with some axes moved behind the others, both in their order.
  func movingLast(_ axes: [Int]) -> Tensor {
    let permutation = shape.indices.filter { !axes.contains($0) } + axes
    return gathered(Shape(permutation.map { shape[$0] }), strides: permutation.map { shape.strides[$0] })
  }

  /// Replaces every run along `axis`, in fp32. `body` reads one run and writes another of the same length.
  func mapRuns(
    along axis: Int, _ body: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Tensor {
    let moved = movingLast([axis])
    let result = Tensor(
      mappingRows(moved.floats, length: shape[axis], body), shape: moved.shape, element: element)
    // The moved axis returns to its place.
    let strides = moved.shape.strides
    return result.gathered(
      shape, strides: shape.indices.map { $0 == axis ? 1 : strides[$0 < axis ? $0 : $0 - 1] })
  }
}

/// Replaces every row of `length` consecutive values. `body` reads one row and writes another of the same
/// length.
func mappingRows(
  _ values: [Float], length: Int,
  _ body: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void
) -> [Float] {
  [Float](unsafeUninitializedCapacity: values.count) { target, count in
    values.withUnsafeBufferPointer { source in
      for start in stride(from: 0, to: values.count, by: max(length, 1)) {
        let row = start..<(start + length)
        body(UnsafeBufferPointer(rebasing: source[row]), UnsafeMutableBufferPointer(rebasing: target[row]))
      }
    }
    count = values.count
  }
}

/// Folds every row of `length` consecutive values into one. There are `rows` of them, also when they are
/// empty.
func reducingRows<Scalar>(
  _ values: [Scalar], rows: Int, length: Int, _ body: (UnsafeBufferPointer<Scalar>) -> Scalar
) -> [Scalar] {
  values.withUnsafeBufferPointer { source in
    (0..<rows).map { body(UnsafeBufferPointer(rebasing: source[($0 * length)..<(($0 + 1) * length)])) }
  }
}
