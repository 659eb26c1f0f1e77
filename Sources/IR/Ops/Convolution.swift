package import Tensors

/// Strides, dilations and zero padding of a sliding window over 1 to 3 spatial dimensions.
package struct Window: Hashable, Sendable {
  /// One for each spatial dimension; empty stands for all 1.
  package var strides: [Int] = []
  /// One for each spatial dimension; empty stands for all 1.
  package var dilations: [Int] = []
  /// All begins, then all ends, as in ONNX; empty stands for all 0.
  package var pads: [Int] = []

  package init(strides: [Int] = [], dilations: [Int] = [], pads: [Int] = []) {
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
  }

  package func stride(_ axis: Int) -> Int { strides.isEmpty ? 1 : strides[axis] }
  package func dilation(_ axis: Int) -> Int { dilations.isEmpty ? 1 : dilations[axis] }
  package func begin(_ axis: Int) -> Int { pads.isEmpty ? 0 : pads[axis] }
  package func end(_ axis: Int) -> Int { pads.isEmpty ? 0 : pads[pads.count / 2 + axis] }

  /// Strides, dilations, pads and extents up to here multiply without overflow.
  private static let limit = 1 << 30

  /// Checks lengths and values for a number of spatial dimensions, and the extents that the window meets.
  func check(spatial: Int, extents: [Int]) throws(OpError) {
    guard (1...3).contains(spatial) else {
      throw OpError("has \(spatial) spatial dimensions, expected 1 to 3")
    }
    for extent in strides + dilations + pads + extents where extent > Self.limit {
      throw OpError("stride, dilation, pad or extent \(extent) is too large, expected at most \(Self.limit)")
    }
    guard strides.isEmpty || strides.count == spatial, strides.allSatisfy({ $0 >= 1 }) else {
      throw OpError("strides are \(strides), expected \(spatial) positive numbers")
    }
    guard dilations.isEmpty || dilations.count == spatial, dilations.allSatisfy({ $0 >= 1 }) else {
      throw OpError("dilations are \(dilations), expected \(spatial) positive numbers")
    }
    guard pads.isEmpty || pads.count == 2 * spatial, pads.allSatisfy({ $0 >= 0 }) else {
      throw OpError("pads are \(pads), expected \(2 * spatial) numbers that are not negative")
    }
  }

  /// Extent of the output along one axis, or nil when the window is larger than the padded input.
  package func outputExtent(_ axis: Int, input: Int, kernel: Int, ceil: Bool = false) -> Int? {
    let span = dilation(axis) * (kernel - 1) + 1
    let room = input + begin(axis) + end(axis) - span
    guard room >= 0 else { return nil }
    let step = stride(axis)
    guard ceil else { return room / step + 1 }
    let extent = (room + step - 1) / step + 1
    return (extent - 1) * step >= input + begin(axis) ? extent - 1 : extent
  }
}

/// Convolution with optional bias and activation.
///
/// x: [N, C, spatial..], w: [O, C/group, kernel..], bias: [O], y: [N, O, spatial..] of x's element type; 1 to
/// 3 spatial dimensions; floating point, accumulated in fp32. Outside of x are zeros. Weights may have
/// another float element type.
package struct Conv: OpDefinition {
  package var window = Window()
  package var group = 1
  package var activation: Unary?

  package init(_ window: Window = Window(), group: Int = 1, activation: Unary? = nil) {
    self.window = window
    self.group = group
    self.activation = activation
  }

  package var name: String { "conv" }
  package var `default`: Conv { Conv() }
  package var attributes: [Attribute<Conv>] {
    [
      .ints("strides", \.window.strides), .ints("dilations", \.window.dilations),
      .ints("pads", \.window.pads),
      .int("group", \.group), .activation("activation", \.activation),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(2...3)
    try operands.expectFloat()
    try activation?.checkActivation()
    let (x, w) = (operands[0].shape, operands[1].shape)
    guard x.rank >= 3, x.rank == w.rank else {
      throw OpError("input is \(x) and weight \(w), expected equal ranks from 3 to 5")
    }
    try window.check(spatial: x.rank - 2, extents: x.extents + w.extents)
    guard group >= 1, w[0] % group == 0, w[1] &* group == x[1] else {
      throw OpError(
        "input has \(x[1]) channels, weight \(w) with group \(group) expects \(w[1] &* group) in and a multiple of \(group) out"
      )
    }
    if operands.count == 3, operands[2].shape != [w[0]] {
      throw OpError("bias has shape \(operands[2].shape), expected [\(w[0])]")
    }
    var shape = [x[0], w[0]]
    for axis in 0..<(x.rank - 2) {
      guard w[axis + 2] >= 1, let extent = window.outputExtent(axis, input: x[axis + 2], kernel: w[axis + 2])
      else {
        throw OpError("kernel \(w) is larger than the padded input \(x) along spatial dimension \(axis)")
      }
      shape.append(extent)
    }
    return [operands[0].with(Shape(shape))]
  }

  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int {
    saturatingProduct(results[0].extents + operands[1].extents.dropFirst())
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, w, y) = (operands[0].shape, operands[1].shape, results[0].shape)
    let sliding = SlidingWindow(
      window, image: x.extents[2...], positions: y.extents[2...], kernel: w.extents[2...])
    let (inputs, outputs) = (w[1], w[0] / group)
    let (imageCount, positionCount) = (sliding.imageCount, sliding.positionCount)
    let patchLength = inputs * sliding.tapCount

    var values = [Float](repeating: 0, count: y.elementCount)
    try withMemory(operands[0].floats, operands[1].floats, &values) { (x, w, y) throws(OpError) in
      for part in 0..<(results[0].shape[0] * group) {
        let x = x + part * inputs * imageCount
        let y = y + part * outputs * positionCount
        let w = w + part % group * outputs * patchLength
        if inputs == 1 && group > 1 {
          for output in 0..<outputs {
            sliding.accumulate(x, filter: w + output * patchLength, into: y + output * positionCount)
          }
          continue
        }
        let filters = Matrix(base: w, pitch: patchLength)
        if sliding.isPointwise {
          try multiply(
            filters, Matrix(base: x, pitch: imageCount), into: y, pitch: positionCount, rows: outputs,
            columns: positionCount, inner: inputs)
          continue
        }
        for range in sliding.blocks(rows: patchLength) {
          let patches = UnsafeMutablePointer<Float>.allocate(capacity: patchLength * range.count)
          defer { patches.deallocate() }
          sliding.gatherPatches(x, channels: inputs, range, into: patches)
          try multiply(
            filters, Matrix(base: patches, pitch: range.count), into: y + range.lowerBound,
            pitch: positionCount,
            rows: outputs, columns: range.count, inner: patchLength)
        }
      }
    }
    return [finished(values, bias: operands.dropFirst(2).first, activation, results[0])]
  }
}

/// Transposed convolution (the gradient of ``Conv``) with optional bias and activation.
///
/// x: [N, C, spatial..], w: [C, O/group, kernel..], bias: [O], y: [N, O, spatial..] with extents
/// stride·(in − 1) + dilation·(k − 1) + 1 − begin − end + outputPadding.
package struct ConvTranspose: OpDefinition {
  package var window = Window()
  package var group = 1
  /// One for each spatial dimension; empty stands for all 0.
  package var outputPadding: [Int] = []
  package var activation: Unary?

  package init(
    _ window: Window = Window(), group: Int = 1, outputPadding: [Int] = [], activation: Unary? = nil
  ) {
    self.window = window
    self.group = group
    self.outputPadding = outputPadding
    self.activation = activation
  }

  package var name: String { "conv_transpose" }
  package var `default`: ConvTranspose { ConvTranspose() }
  package var attributes: [Attribute<ConvTranspose>] {
    [
      .ints("strides", \.window.strides), .ints("dilations", \.window.dilations),
      .ints("pads", \.window.pads),
      .int("group", \.group), .ints("output_padding", \.outputPadding),
      .activation("activation", \.activation),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(2...3)
    try operands.expectFloat()
    try activation?.checkActivation()
    let (x, w) = (operands[0].shape, operands[1].shape)
    guard x.rank >= 3, x.rank == w.rank else {
      throw OpError("input is \(x) and weight \(w), expected equal ranks from 3 to 5")
    }
    let spatial = x.rank - 2
    try window.check(spatial: spatial, extents: x.extents + w.extents)
    guard outputPadding.isEmpty || outputPadding.count == spatial else {
      throw OpError("output_padding is \(outputPadding), expected \(spatial) numbers")
    }
    guard group >= 1, w[0] == x[1], w[0] % group == 0 else {
      throw OpError("input has \(x[1]) channels, weight \(w) with group \(group) expects \(w[0])")
    }
    let channels = w[1] &* group
    if operands.count == 3, operands[2].shape != [channels] {
      throw OpError("bias has shape \(operands[2].shape), expected [\(channels)]")
    }
    var shape = [x[0], channels]
    for axis in 0..<spatial {
      let extra = outputPadding.isEmpty ? 0 : outputPadding[axis]
      guard extra >= 0, extra < Swift.max(window.stride(axis), window.dilation(axis)) else {
        throw OpError("output_padding \(extra) must be smaller than stride or dilation")
      }
      let extent =
        window.stride(axis) * (x[axis + 2] - 1) + window.dilation(axis) * (w[axis + 2] - 1) + 1
        - window.begin(axis)
        - window.end(axis) + extra
      guard x[axis + 2] >= 1, w[axis + 2] >= 1, extent >= 0 else {
        throw OpError("output extent along spatial dimension \(axis) would be \(extent)")
      }
      shape.append(extent)
    }
    return [operands[0].with(Shape(shape))]
  }

  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int {
    saturatingProduct(operands[0].extents + operands[1].extents.dropFirst())
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, w, y) = (operands[0].shape, operands[1].shape, results[0].shape)
    let sliding = SlidingWindow(
      window, image: y.extents[2...], positions: x.extents[2...], kernel: w.extents[2...])
    let (inputs, outputs) = (w[0] / group, w[1])
    let (imageCount, positionCount) = (sliding.imageCount, sliding.positionCount)
    let patchLength = outputs * sliding.tapCount

    var values = [Float](repeating: 0, count: y.elementCount)
    try withMemory(operands[0].floats, operands[1].floats, &values) { (x, w, y) throws(OpError) in
      for part in 0..<(results[0].shape[0] * group) {
        let x = x + part * inputs * positionCount
        let y = y + part * outputs * imageCount
        let filters = Matrix(
          base: w + part % group * inputs * patchLength, pitch: patchLength, isTransposed: true)
        for range in sliding.blocks(rows: patchLength) {
          let patches = UnsafeMutablePointer<Float>.allocate(capacity: patchLength * range.count)
          defer { patches.deallocate() }
          try multiply(
            filters, Matrix(base: x + range.lowerBound, pitch: positionCount), into: patches,
            pitch: range.count,
            rows: patchLength, columns: range.count, inner: inputs)
          sliding.scatterPatches(patches, channels: outputs, range, into: y)
        }
      }
    }
    return [finished(values, bias: operands.dropFirst(2).first, activation, results[0])]
  }
}

/// Largest or average element under a sliding window.
///
/// x: [N, C, spatial..], y: [N, C, spatial..]. Padding never wins a maximum; `average` divides by the
/// elements inside x,
/// `averagePadded` counts padding too. With `ceil` a last window may start inside x or its begin padding and reach beyond the end padding.
package struct Pool: OpDefinition {
  package enum Kind: String, Hashable, Sendable {
    case max, average
    case averagePadded = "average_padded"
  }
  package var kind = Kind.max
  package var kernel: [Int] = []
  package var window = Window()
  package var ceil = false

  package init(_ kind: Kind = .max, kernel: [Int] = [], _ window: Window = Window(), ceil: Bool = false) {
    self.kind = kind
    self.kernel = kernel
    self.window = window
    self.ceil = ceil
  }

  package var name: String { "pool" }
  package var `default`: Pool { Pool() }
  package var attributes: [Attribute<Pool>] {
    [
      .word("kind", \.kind), .ints("kernel", \.kernel), .ints("strides", \.window.strides),
      .ints("dilations", \.window.dilations), .ints("pads", \.window.pads), .flag("ceil", \.ceil),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let x = operands[0].shape
    switch operands[0].element {
    case .i8 where kind == .max, .u8 where kind == .max, .i16 where kind == .max: break
    default: try operands.expectFloat()
    }
    guard x.rank >= 3 else { throw OpError("input is \(x), expected rank 3 to 5") }
    try window.check(spatial: x.rank - 2, extents: x.extents + kernel)
    guard kernel.count == x.rank - 2, kernel.allSatisfy({ $0 >= 1 }) else {
      throw OpError("kernel is \(kernel), expected \(x.rank - 2) positive numbers")
    }
    var shape = [x[0], x[1]]
    for axis in kernel.indices {
      guard let extent = window.outputExtent(axis, input: x[axis + 2], kernel: kernel[axis], ceil: ceil)
      else {
        throw OpError("window \(kernel) is larger than the padded input \(x) along spatial dimension \(axis)")
      }
      shape.append(extent)
    }
    return [operands[0].with(Shape(shape))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, y) = (operands[0], results[0].shape)
    let sliding = SlidingWindow(
      window, image: x.shape.extents[2...], positions: y.extents[2...], kernel: kernel[...])
    let planes = y[0] * y[1]
    var values = [Float](repeating: kind == .max ? -.infinity : 0, count: y.elementCount)
    let covered =
      kind == .max ? [] : counts(positions: y.extents[2...], image: x.shape.extents[2...]).map { Float($0) }
    values.withUnsafeMutableBufferPointer { target in
      x.floats.withUnsafeBufferPointer { source in
        for plane in 0..<planes {
          let (from, to) = (plane * sliding.imageCount, plane * sliding.positionCount)
          for tap in 0..<sliding.tapCount {
            sliding.forEachRun(tap: tap, in: 0..<sliding.positionCount) { run in
              for index in 0..<run.count {
                let value = source[from + run.image + index * run.step]
                let position = to + run.position + index
                if kind == .max {
                  if value > target[position] || value.isNaN { target[position] = value }
                } else {
                  target[position] += value
                }
              }
            }
          }
          for position in covered.indices where covered[position] > 0 {
            target[to + position] /= covered[position]
          }
        }
      }
    }
    return [Tensor(values, shape: y, element: results[0].element)]
  }

  /// What an average divides by at each position: 0 where a window covers nothing that counts.
  func counts(positions: ArraySlice<Int>, image: ArraySlice<Int>) -> [Int] {
    var counts = [1]
    for (axis, (extent, length)) in zip(positions, image).enumerated() {
      let counted = kind == .average ? 0..<length : -window.begin(axis)..<(length + window.end(axis))
      let own = (0..<extent).map { position in
        let start = position * window.stride(axis) - window.begin(axis)
        return (0..<kernel[axis]).count { counted.contains(start + $0 * window.dilation(axis)) }
      }
      counts = counts.flatMap { count in own.map { count * $0 } }
    }
    return counts
  }
}

/// Adds a bias per channel, applies the activation and stores.
private func finished(_ sums: [Float], bias: Tensor?, _ activation: Unary?, _ type: TensorType) -> Tensor {
  var result = Elements(values: sums, shape: type.shape)
  if let bias {
    let perChannel = Shape([type.shape[1]] + [Int](repeating: 1, count: type.rank - 2))
    result = Float.apply(.add, to: result, Elements(values: bias.floats, shape: perChannel))
  }
  result.values = activation.applied(to: result.values)
  return Float.tensor(result, type.element)
}
