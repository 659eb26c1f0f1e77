import COnnx
import Tensors

// Sparse tensors become dense ones: a list of values, and where each stands. All other elements are 0.

extension ONNXTensorReader {
  /// Positions are row-major numbers, or a row of coordinates for each value, and ascend as ONNX demands.
  mutating func read(_ sparse: Onnx__SparseTensorProto) throws(Finding) -> Tensor {
    guard let source = sparse.values, let places = sparse.indices else {
      throw Finding("is sparse and has no values or no indices", expected: "both")
    }
    let (values, indices) = (try read(source.pointee), try read(places.pointee))
    let shape = Shape((0..<sparse.n_dims).map { Int(clamping: sparse.dims[$0]) })
    guard shape.rank >= 1, shape.allSatisfy({ $0 >= 0 }), let count = shape.checkedCount else {
      throw Finding("is sparse and has the impossible shape \(shape)", expected: "extents of at least 0")
    }
    let size = values.element.byteCount
    guard count <= sparseBudget / size else {
      throw Finding(
        "is sparse and takes \(count) elements of \(size) bytes as a dense tensor",
        expected: "at most \(sparseBudget) bytes", advice: "store it as a dense tensor")
    }
    sparseBudget -= count * size
    let positions = try self.positions(indices, of: values.elementCount, in: shape)
    guard values.shape.rank == 1 else {
      throw Finding("is sparse and has values of shape \(values.shape)", expected: "a list of values")
    }
    return Tensor(element: values.element, shape: shape) { target in
      values.withBytes { bytes in
        for (index, position) in positions.enumerated() {
          let element = UnsafeRawBufferPointer(rebasing: bytes[(index * size)..<((index + 1) * size)])
          UnsafeMutableRawBufferPointer(rebasing: target[(position * size)...]).copyMemory(from: element)
        }
      }
    }
  }

  /// The row-major position of each value.
  private func positions(_ indices: Tensor, of count: Int, in shape: Shape) throws(Finding) -> [Int] {
    guard indices.element == .i64, indices.shape == [count] || indices.shape == [count, shape.rank] else {
      throw Finding(
        "is sparse and has indices of type \(indices.element.rawValue)\(indices.shape)",
        expected: "i64\(Shape([count])) or i64\(Shape([count, shape.rank])) for \(count) values of \(shape)")
    }
    let isLinear = indices.shape.rank == 1
    let extents = isLinear ? [shape.elementCount] : shape.extents
    var positions: [Int] = []
    positions.reserveCapacity(count)
    let numbers = indices.integers
    for value in 0..<count {
      var position = 0
      for (axis, extent) in extents.enumerated() {
        let index = Int(numbers[value * extents.count + axis])
        guard index >= 0, index < extent else {
          let place = isLinear ? "" : " along axis \(axis)"
          throw Finding(
            "is sparse and has the index \(index)\(place) for value \(value)", expected: "0 to \(extent - 1)")
        }
        position = position * extent + index
      }
      if let last = positions.last, position <= last {
        throw Finding(
          position == last
            ? "is sparse and has two values for element \(position)"
            : "is sparse and has value \(value) for element \(position), after one for element \(last)",
          expected: "indices that ascend, each once",
          advice: "sort values and indices together, and add up or drop what stands twice")
      }
      positions.append(position)
    }
    return positions
  }
}
