package import Tensors

/// y.extents[i] = x.extents[permutation[i]].
package struct Transpose: OpDefinition {
  package var permutation: [Int] = []
  package init(_ permutation: [Int] = []) { self.permutation = permutation }

  package var name: String { "transpose" }
  package var `default`: Transpose { Transpose() }
  package var attributes: [Attribute<Transpose>] { [.ints("permutation", \.permutation)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let shape = operands[0].shape
    guard permutation.sorted() == Array(shape.indices) else {
      throw OpError("permutation is \(permutation), expected each of the \(shape.rank) axes of \(shape) once")
    }
    return [operands[0].with(Shape(permutation.map { shape[$0] }))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let strides = operands[0].shape.strides
    return [operands[0].gathered(results[0].shape, strides: permutation.map { strides[$0] })]
  }
}

/// The same elements in row-major order under another shape of the same count.
package struct Reshape: OpDefinition {
  package var shape: [Int] = []
  package init(_ shape: [Int] = []) { self.shape = shape }

  package var name: String { "reshape" }
  package var `default`: Reshape { Reshape() }
  package var attributes: [Attribute<Reshape>] { [.ints("shape", \.shape)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    guard let count = Shape(shape).checkedCount, count == operands[0].shape.elementCount else {
      throw OpError(
        "shape \(shape) does not hold the \(operands[0].shape.elementCount) elements of \(operands[0].shape)")
    }
    return [operands[0].with(Shape(shape))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    [operands[0].reshaped(results[0].shape)]
  }
}

/// Repeats extents of 1 to reach `shape` (one-sided broadcast).
package struct Expand: OpDefinition {
  package var shape: [Int] = []
  package init(_ shape: [Int] = []) { self.shape = shape }

  package var name: String { "expand" }
  package var `default`: Expand { Expand() }
  package var attributes: [Attribute<Expand>] { [.ints("shape", \.shape)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    guard Shape(shape).checkedCount != nil, operands[0].shape.broadcast(with: Shape(shape)) == Shape(shape)
    else {
      throw OpError("\(operands[0].shape) does not broadcast to \(shape)")
    }
    return [operands[0].with(Shape(shape))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let shape = results[0].shape
    return [operands[0].gathered(shape, strides: operands[0].shape.broadcastStrides(to: shape))]
  }
}

/// Joins tensors of one element type along an axis; all other extents agree.
package struct Concat: OpDefinition {
  /// What one call of a program takes, with room for its results. More are joined by a concat of concats.
  package static let operandLimit = 4000

  package var axis = 0
  package init(axis: Int = 0) { self.axis = axis }

  package var name: String { "concat" }
  package var `default`: Concat { Concat() }
  package var attributes: [Attribute<Concat>] { [.int("axis", \.axis)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...Self.operandLimit)
    var shape = operands[0].shape
    let axis = try resolve(axis: axis, in: shape)
    shape[axis] = 0
    for operand in operands {
      guard operand.element == operands[0].element, operand.rank == shape.rank,
        shape.indices.allSatisfy({ $0 == axis || operand.shape[$0] == shape[$0] })
      else {
        throw OpError("operands \(operands[0]) and \(operand) must agree in everything but axis \(axis)")
      }
      shape[axis] &+= operand.shape[axis]
    }
    return [operands[0].with(shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let shape = results[0].shape
    guard let axis = shape.normalized(axis: axis) else { return [] }
    let rows = shape.extents[..<axis].reduce(1, *)
    let result = Tensor(element: results[0].element, shape: shape) { target in
      let pitch = rows > 0 ? target.count / rows : 0
      var column = 0
      for operand in operands {
        operand.withBytes { source in
          let width = rows > 0 ? source.count / rows : 0
          guard width > 0 else { return }
          for row in 0..<rows {
            let start = row * pitch + column
            UnsafeMutableRawBufferPointer(rebasing: target[start..<(start + width)])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[(row * width)..<((row + 1) * width)]))
          }
          column += width
        }
      }
    }
    return [result]
  }
}

/// y[i] = x[start + i × step] along every axis.
///
/// `starts`, `counts` and `steps` have one entry for each axis; steps may be negative, never 0; empty steps stand for all 1.
package struct Slice: OpDefinition {
  package var starts: [Int] = []
  /// Extents of the result.
  package var counts: [Int] = []
  package var steps: [Int] = []

  package init(starts: [Int] = [], counts: [Int] = [], steps: [Int] = []) {
    self.starts = starts
    self.counts = counts
    self.steps = steps
  }

  package func step(_ axis: Int) -> Int { steps.isEmpty ? 1 : steps[axis] }

  package var name: String { "slice" }
  package var `default`: Slice { Slice() }
  package var attributes: [Attribute<Slice>] {
    [.ints("starts", \.starts), .ints("counts", \.counts), .ints("steps", \.steps)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let x = operands[0].shape
    guard starts.count == x.rank, counts.count == x.rank, steps.isEmpty || steps.count == x.rank else {
      throw OpError("starts, counts and steps must have \(x.rank) entries, one for each axis of \(x)")
    }
    for axis in x.indices {
      guard counts[axis] >= 0, step(axis) != 0 else {
        throw OpError("count \(counts[axis]) or step \(step(axis)) along axis \(axis) is invalid")
      }
      guard counts[axis] > 0 else { continue }
      let (span, overflow) = (counts[axis] - 1).multipliedReportingOverflow(by: step(axis))
      let (last, overflow2) = span.addingReportingOverflow(starts[axis])
      guard !overflow, !overflow2, (0..<x[axis]).contains(starts[axis]), (0..<x[axis]).contains(last) else {
        throw OpError(
          "slice from \(starts[axis]), \(counts[axis]) elements in steps of \(step(axis)), leaves axis \(axis) of \(x)"
        )
      }
    }
    return [operands[0].with(Shape(counts))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, shape) = (operands[0], results[0].shape)
    guard shape.elementCount > 0 else { return [Tensor(zeros: x.element, shape)] }
    let own = x.shape.strides
    let origin = x.shape.indices.reduce(0) { $0 + starts[$1] * own[$1] }
    // A single element is never stepped from, so that a huge step is harmless.
    let strides = x.shape.indices.map { counts[$0] > 1 ? own[$0] * step($0) : 0 }
    return [x.gathered(shape, strides: strides, origin: origin)]
  }
}

/// Adds elements around x (or crops with negative amounts).
///
/// `pads` are all begins, then all ends. `reflect` mirrors without repeating the edge, `edge` repeats it, `wrap` continues from the other side.
package struct Pad: OpDefinition {
  package enum Mode: String, Hashable, Sendable { case constant, reflect, edge, wrap }
  package var pads: [Int] = []
  package var mode = Mode.constant
  @Exact package var value = 0.0

  package init(_ pads: [Int] = [], mode: Mode = .constant, value: Double = 0) {
    self.pads = pads
    self.mode = mode
    self.value = value
  }

  package var name: String { "pad" }
  package var `default`: Pad { Pad() }
  package var attributes: [Attribute<Pad>] {
    [.ints("pads", \.pads), .word("mode", \.mode), .float("value", \.value)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let x = operands[0].shape
    guard pads.count == 2 * x.rank else {
      throw OpError("pads has \(pads.count) entries, expected \(2 * x.rank) for \(x)")
    }
    var extents: [Int] = []
    for axis in x.indices {
      let (begin, end) = (pads[axis], pads[axis + x.rank])
      let (sum, overflow) = begin.addingReportingOverflow(end)
      let (extent, overflow2) = sum.addingReportingOverflow(x[axis])
      guard !overflow, !overflow2, extent >= 0 else {
        throw OpError("pads \(begin) and \(end) leave nothing of axis \(axis) of \(x)")
      }
      if mode == .reflect, begin >= Swift.max(x[axis], 1) || end >= Swift.max(x[axis], 1) {
        throw OpError(
          "reflect pads \(begin) and \(end) must be smaller than extent \(x[axis]) of axis \(axis)")
      }
      if mode != .constant, x[axis] == 0, extent > 0 {
        throw OpError("axis \(axis) of \(x) is empty, nothing to repeat")
      }
      extents.append(extent)
    }
    return [operands[0].with(Shape(extents))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    var result = operands[0]
    let fill =
      result.element.isFloat
      ? Tensor(scalar: Float(value), element: result.element)
      : Tensor([integerParameter(value)], shape: [], element: result.element)
    for (axis, extent) in operands[0].shape.enumerated()
    where pads[axis] != 0 || results[0].shape[axis] != extent {
      let sources = (0..<results[0].shape[axis]).map { source(of: $0 - pads[axis], extent: extent) }
      result = result.taken(sources, along: axis, fill: fill)
    }
    return [result]
  }

  /// Which element of an axis stands at a position counted from the axis' start; nil for the constant.
  private func source(of position: Int, extent: Int) -> Int? {
    if (0..<extent).contains(position) { return position }
    switch mode {
    case .constant: return nil
    case .reflect: return position < 0 ? -position : 2 * (extent - 1) - position
    case .edge: return position < 0 ? 0 : extent - 1
    case .wrap: return ((position % extent) + extent) % extent
    }
  }
}

/// Takes slices of x along an axis by index: y.shape = x.shape[..axis] + indices.shape + x.shape[axis+1..].
///
/// indices: i32 or i64; negative ones count from the end; one outside the axis is an error when the op runs.
package struct Gather: OpDefinition {
  package var axis = 0
  package init(axis: Int = 0) { self.axis = axis }

  package var name: String { "gather" }
  package var `default`: Gather { Gather() }
  package var attributes: [Attribute<Gather>] { [.int("axis", \.axis)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(2...2)
    let (x, indices) = (operands[0].shape, operands[1])
    guard indices.element == .i32 || indices.element == .i64 else {
      throw OpError("indices are \(indices), expected i32 or i64")
    }
    let axis = try resolve(axis: axis, in: x)
    return [
      operands[0].with(
        Shape(Array(x.extents[..<axis]) + indices.shape.extents + Array(x.extents[(axis + 1)...])))
    ]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    let axis = try resolve(axis: axis, in: x.shape)
    let extent = x.shape[axis]
    var sources: [Int?] = []
    for index in operands[1].integers {
      guard index >= -extent, index < extent else {
        throw OpError(
          "index \(index) lies outside axis \(axis) of \(x.shape), expected \(-extent) to \(extent - 1)")
      }
      sources.append(Int(index < 0 ? index + Int64(extent) : index))
    }
    return [x.taken(sources, along: axis).reshaped(results[0].shape)]
  }
}
