package import Tensors

/// Ops without parameters of their own.
extension GraphBuilder {
  // MARK: Elementwise

  package mutating func unary(
    _ unary: Unary, _ x: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.unary(unary), [x], file: file, line: line)
  }

  package mutating func relu(
    _ x: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try unary(Unary(.relu), x, file: file, line: line)
  }

  /// The exact form, by the error function.
  package mutating func gelu(
    _ x: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try unary(Unary(.gelu), x, file: file, line: line)
  }

  package mutating func silu(
    _ x: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try unary(Unary(.silu), x, file: file, line: line)
  }

  package mutating func sigmoid(
    _ x: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try unary(Unary(.sigmoid), x, file: file, line: line)
  }

  /// scale × x + offset with constants.
  package mutating func affine(
    _ x: ValueID, scale: Double = 1, offset: Double = -0.0, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try unary(Unary(.affine, scale, offset), x, file: file, line: line)
  }

  package mutating func binary(
    _ function: BinaryFunction, _ a: ValueID, _ b: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.binary(Binary(function)), [a, b], file: file, line: line)
  }

  package mutating func add(
    _ a: ValueID, _ b: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try binary(.add, a, b, file: file, line: line)
  }

  package mutating func subtract(
    _ a: ValueID, _ b: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try binary(.sub, a, b, file: file, line: line)
  }

  package mutating func multiply(
    _ a: ValueID, _ b: ValueID, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try binary(.mul, a, b, file: file, line: line)
  }

  package mutating func cast(
    _ x: ValueID, to element: ElementType, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.cast(Cast(element)), [x], file: file, line: line)
  }

  // MARK: Products and reductions

  package mutating func matmul(
    _ a: ValueID, _ b: ValueID, transposeA: Bool = false, transposeB: Bool = false, file: String = #fileID,
    line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.matmul(MatMul(transposeA: transposeA, transposeB: transposeB)), [a, b], file: file, line: line)
  }

  package mutating func softmax(
    _ x: ValueID, axis: Int = -1, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.softmax(Softmax(axis: axis)), [x], file: file, line: line)
  }

  /// Reduces over axes in any order, negative ones counted from the end.
  package mutating func reduce(
    _ kind: Reduce.Kind, _ x: ValueID, axes: [Int], keep: Bool = false, file: String = #fileID,
    line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let rank = shape(of: x).rank
    let sorted = axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
    return try add(.reduce(Reduce(kind, axes: sorted, keep: keep)), [x], file: file, line: line)
  }

  package mutating func mean(
    _ x: ValueID, axes: [Int], keep: Bool = false, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try reduce(.mean, x, axes: axes, keep: keep, file: file, line: line)
  }

  /// Pooling with a square window; the stride is the window's size unless stated.
  package mutating func pool2d(
    _ kind: Pool.Kind, _ x: ValueID, kernel: Int, stride: Int? = nil, padding: Int = 0,
    file: String = #fileID,
    line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let stride = stride ?? kernel
    let window = Window(strides: [stride, stride], pads: [padding, padding, padding, padding])
    return try add(.pool(Pool(kind, kernel: [kernel, kernel], window)), [x], file: file, line: line)
  }

  // MARK: Movement

  /// Reshapes; one extent may be −1 and follows from the others.
  package mutating func reshape(
    _ x: ValueID, _ extents: [Int], file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    var resolved = extents
    if let open = extents.firstIndex(of: -1) {
      resolved[open] = 1
      let (known, count) = (Shape(resolved).checkedCount ?? 0, shape(of: x).elementCount)
      guard known > 0, count % known == 0 else {
        throw Diagnostic(
          "\(shape(of: x)) can't be reshaped to \(extents): \(count) is no multiple of \(known)",
          at: .builder(file: file, line: line), op: "reshape")
      }
      resolved[open] = count / known
    }
    return try add(.reshape(Reshape(resolved)), [x], file: file, line: line)
  }

  package mutating func transpose(
    _ x: ValueID, _ permutation: [Int], file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.transpose(Transpose(permutation)), [x], file: file, line: line)
  }

  package mutating func expand(
    _ x: ValueID, _ extents: [Int], file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.expand(Expand(extents)), [x], file: file, line: line)
  }

  package mutating func concat(
    _ values: [ValueID], axis: Int, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.concat(Concat(axis: axis)), values, file: file, line: line)
  }

  /// Elements `range` along one axis, every `step`-th of them.
  package mutating func slice(
    _ x: ValueID, axis: Int, _ range: Range<Int>, step: Int = 1, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let shape = shape(of: x)
    guard let axis = shape.normalized(axis: axis), step >= 1 else {
      throw Diagnostic(
        "axis \(axis) of \(shape) can't be sliced in steps of \(step)", at: .builder(file: file, line: line),
        op: "slice")
    }
    var slice = Slice(
      starts: [Int](repeating: 0, count: shape.rank), counts: shape.extents,
      steps: [Int](repeating: 1, count: shape.rank))
    slice.starts[axis] = range.lowerBound
    slice.counts[axis] = (range.count + step - 1) / step
    slice.steps[axis] = step
    return try add(.slice(slice), [x], file: file, line: line)
  }

  /// Cuts an axis into pieces of these extents, which add up to its own.
  package mutating func split(
    _ x: ValueID, axis: Int, _ extents: [Int], file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> [ValueID] {
    let shape = shape(of: x)
    guard let axis = shape.normalized(axis: axis), extents.allSatisfy({ $0 >= 0 }),
      extents.reduce(0, +) == shape[axis]
    else {
      throw Diagnostic(
        "axis \(axis) of \(shape) can't be split into \(extents)", at: .builder(file: file, line: line),
        op: "slice")
    }
    var pieces: [ValueID] = []
    var start = 0
    for extent in extents {
      pieces.append(try slice(x, axis: axis, start..<(start + extent), file: file, line: line))
      start += extent
    }
    return pieces
  }

  package mutating func gather(
    _ x: ValueID, _ indices: ValueID, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.gather(Gather(axis: axis)), [x, indices], file: file, line: line)
  }

  package mutating func pad(
    _ x: ValueID, _ pads: [Int], mode: Pad.Mode = .constant, value: Double = 0, file: String = #fileID,
    line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.pad(Pad(pads, mode: mode, value: value)), [x], file: file, line: line)
  }

  /// Resamples bilinearly with half-pixel centers.
  package mutating func resizeLinear(
    _ x: ValueID, to sizes: [Int], file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try add(.resize(Resize(.linear, sizes: sizes)), [x], file: file, line: line)
  }

  /// Repeats elements: the one at floor(i × in ÷ out).
  package mutating func resizeNearest(
    _ x: ValueID, to sizes: [Int], file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let resize = Resize(.nearest, sizes: sizes, coordinates: .asymmetric, rounding: .floor)
    return try add(.resize(resize), [x], file: file, line: line)
  }
}
