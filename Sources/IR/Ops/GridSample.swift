package import Tensors

/// Samples x at the points of a grid, after ONNX GridSample.
///
/// x: [N, C, spatial..], rank 3 to 5, no spatial extent 0; grid: [N, points.., S] with a coordinate for each
/// of the S spatial axes, the last axis' first, where −1 and 1 are the borders of x: the middles of its
/// outermost elements with `alignCorners`, else their outer edges. y: [N, C, points..] of x's element type.
/// Both operands are floating point. Each axis is sampled by itself: `nearest` rounds half to even, `cubic`
/// is Keys' kernel with coefficient −0.75. Beyond x, `zeros` takes 0, `border` the outermost element,
/// `reflection` mirrors at the borders. Coordinates are computed in fp32; NaN counts as far below.
package struct GridSample: OpDefinition {
  package enum Mode: String, CaseIterable, Hashable, Sendable { case nearest, linear, cubic }
  package enum Padding: String, CaseIterable, Hashable, Sendable { case zeros, border, reflection }
  package var mode = Mode.linear
  package var padding = Padding.zeros
  package var alignCorners = false

  package init(_ mode: Mode = .linear, padding: Padding = .zeros, alignCorners: Bool = false) {
    self.mode = mode
    self.padding = padding
    self.alignCorners = alignCorners
  }

  package var name: String { "grid_sample" }
  package var `default`: GridSample { GridSample() }
  package var attributes: [Attribute<GridSample>] {
    [.word("mode", \.mode), .word("padding", \.padding), .flag("align_corners", \.alignCorners)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(2...2)
    try operands.expectFloat()
    let (x, grid) = (operands[0].shape, operands[1].shape)
    guard (3...5).contains(x.rank), grid.rank == x.rank, grid[0] == x[0], grid[x.rank - 1] == x.rank - 2
    else {
      throw OpError(
        "operands are \(x) and \(grid), expected [N, C, spatial..] and [N, points.., number of spatial axes]",
        advice: "only 1 to 3 spatial axes are supported")
    }
    guard x.extents.dropFirst(2).allSatisfy({ $0 >= 1 && $0 < 1 << 24 }) else {
      throw OpError("operand is \(x), expected spatial extents of 1 to 2^24")
    }
    return [operands[0].with(Shape([x[0], x[1]] + grid.extents[1..<(x.rank - 1)]))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, y) = (operands[0].shape, results[0].shape)
    let (source, grid) = (operands[0].floats, operands[1].floats)
    let spatial = Array(x.extents.dropFirst(2))
    let strides = Shape(spatial).strides
    let size = spatial.reduce(1, *)
    let points = y.extents.dropFirst(2).reduce(1, *)
    var values = [Float](repeating: 0, count: y.elementCount)
    for n in 0..<x[0] {
      for point in 0..<points {
        var samples = [Tap(offset: 0, weight: 1)]
        for axis in spatial.indices {
          let coordinate = grid[(n * points + point + 1) * spatial.count - 1 - axis]
          let taps = taps(coordinate, extent: spatial[axis])
          samples = samples.flatMap { outer in
            taps.map {
              Tap(offset: outer.offset + $0.offset * strides[axis], weight: outer.weight * $0.weight)
            }
          }
        }
        for channel in 0..<x[1] {
          let plane = n * x[1] + channel
          var sum: Float = 0
          for sample in samples { sum += sample.weight * source[plane * size + sample.offset] }
          values[plane * points + point] = sum
        }
      }
    }
    return [Tensor(values, shape: y, element: results[0].element)]
  }

  /// One element along an axis and its weight.
  private struct Tap {
    var offset: Int
    var weight: Float
  }

  private func taps(_ coordinate: Float, extent: Int) -> [Tap] {
    let length = Float(extent)
    let (low, high) = alignCorners ? (0, Double(extent) - 1) : (-0.5, Double(extent) - 0.5)
    var x = alignCorners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2
    x = x > -0x1p30 ? Swift.min(x, 0x1p30) : -0x1p30
    if mode == .nearest { x = x.rounded(.toNearestOrEven) }
    if Double(x) < low || Double(x) > high {
      switch padding {
      case .zeros: break
      case .border: x = Swift.min(Swift.max(x, 0), length - 1)
      case .reflection: x = Float(reflected(Double(x), low, high))
      }
    }
    switch mode {
    case .nearest: return tap(Int(x), 1, extent, low, high)
    case .linear:
      let base = x.rounded(.down)
      let fraction = x - base
      return tap(Int(base), 1 - fraction, extent, low, high) + tap(Int(base) + 1, fraction, extent, low, high)
    case .cubic:
      let base = x.rounded(.down)
      return (-1...2).flatMap { tap(Int(base) + $0, cubic(x - base - Float($0)), extent, low, high) }
    }
  }

  /// Keys' cubic convolution kernel.
  private func cubic(_ distance: Float) -> Float {
    let (d, a) = (abs(distance), Float(-0.75))
    return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
  }

  /// What stands at a position that may lie outside; nothing for a zero.
  private func tap(_ index: Int, _ weight: Float, _ extent: Int, _ low: Double, _ high: Double) -> [Tap] {
    var index = index
    switch padding {
    case .zeros: if !(0..<extent).contains(index) { return [] }
    case .border: break
    case .reflection: index = Int(reflected(Double(index), low, high))
    }
    return [Tap(offset: Swift.min(Swift.max(index, 0), extent - 1), weight: weight)]
  }

  private func reflected(_ x: Double, _ low: Double, _ high: Double) -> Double {
    let range = high - low
    guard range > 0, x < low || x > high else { return Swift.min(Swift.max(x, low), high) }
    let distance = x < low ? low - x : x - high
    let turns = (distance / range).rounded(.down)
    let rest = distance - turns * range
    return (x < low) == (turns.truncatingRemainder(dividingBy: 2) == 0) ? low + rest : high - rest
  }
}
