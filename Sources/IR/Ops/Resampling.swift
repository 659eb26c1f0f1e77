package import Tensors

/// Resamples the spatial dimensions of x: [N, C, spatial..] to `sizes`, after ONNX Resize.
///
/// `scales` are out/in along each spatial dimension as the model states them; empty stands for sizes ÷ input extents.
///
/// x may be i8, u8 or i16, whose result has the same scale and zero point. Weights along an axis, computed in double, are then rounded
/// half up to 1 / 2048, of which the largest, of equals the first, takes what is missing to a sum of 2048 (unless all are 0); sums are
/// exact, and rounded half up once to an integer, limited to x's element type.
package struct Resize: OpDefinition {
  package enum Mode: String, Hashable, Sendable { case nearest, linear, cubic }
  package enum Coordinates: String, Hashable, Sendable {
    case halfPixel = "half_pixel"
    case asymmetric
    case alignCorners = "align_corners"
    case pytorchHalfPixel = "pytorch_half_pixel"
  }
  package enum Rounding: String, Hashable, Sendable {
    case preferFloor = "prefer_floor"
    case preferCeil = "prefer_ceil"
    case floor, ceil
  }

  package var mode = Mode.nearest
  package var sizes: [Int] = []
  package var scales: [Double] = []
  package var coordinates = Coordinates.halfPixel
  /// How `nearest` rounds a coordinate.
  package var rounding = Rounding.preferFloor
  /// The coefficient of `cubic`.
  package var cubic = -0.75
  /// `cubic` and `linear`: weights of samples outside x become 0 and the rest is renormalized.
  package var excludeOutside = false

  package init(
    _ mode: Mode = .nearest, sizes: [Int] = [], scales: [Double] = [], coordinates: Coordinates = .halfPixel,
    rounding: Rounding = .preferFloor
  ) {
    self.mode = mode
    self.sizes = sizes
    self.scales = scales
    self.coordinates = coordinates
    self.rounding = rounding
  }

  /// Scale along a spatial dimension: out ÷ in.
  package func scale(_ axis: Int, input: Int) -> Double {
    scales.isEmpty ? Double(sizes[axis]) / Double(input) : scales[axis]
  }

  package var name: String { "resize" }
  package var `default`: Resize { Resize() }
  package var attributes: [Attribute<Resize>] {
    [
      .word("mode", \.mode), .ints("sizes", \.sizes), .floats("scales", \.scales),
      .word("coordinates", \.coordinates),
      .word("rounding", \.rounding), .float("cubic", \.cubic), .flag("exclude_outside", \.excludeOutside),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    if ![.i8, .u8, .i16].contains(operands[0].element) { try operands.expectFloat() }
    let x = operands[0].shape
    guard (3...5).contains(x.rank), sizes.count == x.rank - 2, scales.isEmpty || scales.count == sizes.count
    else {
      throw OpError(
        "input is \(x) and sizes are \(sizes), expected rank 3 to 5 and one size for each spatial dimension")
    }
    guard sizes.allSatisfy({ $0 >= 1 }), x.extents.dropFirst(2).allSatisfy({ $0 >= 1 }),
      scales.allSatisfy({ $0 > 0 && $0.isFinite })
    else { throw OpError("sizes \(sizes) and scales \(scales) must be positive, and input \(x) not empty") }
    return [operands[0].with(Shape([x[0], x[1]] + sizes))]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, type) = (operands[0].shape, results[0])
    guard let range = type.element.integerRange else {
      let values = resampled(operands[0].floats, x) { Float($0) }
      return [Tensor(values, shape: type.shape, element: type.element)]
    }
    let unit = Double(Self.units)
    let sums = resampled(operands[0].integers, x) { Int64(($0 * unit + 0.5).rounded(.down)) }
    let shift = Int64(Self.unitBits * changed(x).count)
    let half: Int64 = shift == 0 ? 0 : 1 << (shift - 1)
    let values = sums.map { min(max(($0 + half) >> shift, range.lowerBound), range.upperBound) }
    return [Tensor(values, shape: type.shape, element: type.element)]
  }

  /// Weights of integers count 1 / 2048.
  private static let unitBits = 11
  private static let units = 1 << unitBits

  /// The spatial axes along which there is anything to compute.
  private func changed(_ x: Shape) -> [Int] {
    sizes.indices.filter { sizes[$0] != x[$0 + 2] || scale($0, input: x[$0 + 2]) != 1 }
  }

  /// Axis by axis, with weights of another type.
  private func resampled<Scalar: Numeric & Comparable>(
    _ elements: [Scalar], _ x: Shape, _ weight: (Double) -> Scalar
  ) -> [Scalar] {
    var (values, extents) = (elements, x.extents)
    for axis in changed(x) {
      let taps = (0..<sizes[axis]).map {
        Self.weighted(self.taps(output: $0, axis, input: x[axis + 2]), weight)
      }
      let outer = extents[..<(axis + 2)].reduce(1, *)
      let inner = extents[(axis + 3)...].reduce(1, *)
      values = combined(values, taps, outer: outer, extent: x[axis + 2], inner: inner)
      extents[axis + 2] = sizes[axis]
    }
    return values
  }

  /// Taps with weights of another type, which keep the sum of 1 if it is that of integers.
  private static func weighted<Scalar: Numeric & Comparable>(_ taps: [Tap], _ weight: (Double) -> Scalar)
    -> [(index: Int, weight: Scalar)]
  {
    var result = taps.map { (index: $0.index, weight: weight($0.weight)) }
    guard Scalar.self is any BinaryInteger.Type, taps.contains(where: { $0.weight != 0 }) else {
      return result
    }
    var largest = 0
    for index in result.indices where result[index].weight > result[largest].weight { largest = index }
    result[largest].weight += weight(1) - result.reduce(0) { $0 + $1.weight }
    return result
  }

  /// One output position as a weighted sum of input positions along its axis.
  struct Tap {
    var index: Int
    var weight: Double
  }

  func taps(output: Int, _ axis: Int, input: Int) -> [Tap] {
    let coordinate = coordinate(Double(output), axis, input: input)
    let base = coordinate.rounded(.down)
    let fraction = coordinate - base
    switch mode {
    case .nearest: return [Tap(index: Int(min(max(nearest(coordinate), 0), Double(input - 1))), weight: 1)]
    case .linear: return inside([1 - fraction, fraction], from: base, input: input)
    case .cubic:
      let weights = (-1...2).map { kernel(fraction - Double($0)) }
      return inside(weights, from: base - 1, input: input)
    }
  }

  /// Where an output position lies on the input axis.
  private func coordinate(_ output: Double, _ axis: Int, input: Int) -> Double {
    let (size, scale) = (sizes[axis], scale(axis, input: input))
    switch coordinates {
    case .halfPixel: return (output + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return size > 1 ? (output + 0.5) / scale - 0.5 : 0
    case .asymmetric: return output / scale
    case .alignCorners: return size > 1 ? output * Double(input - 1) / Double(size - 1) : 0
    }
  }

  private func nearest(_ coordinate: Double) -> Double {
    switch rounding {
    case .preferFloor: (coordinate - 0.5).rounded(.up)
    case .preferCeil: (coordinate + 0.5).rounded(.down)
    case .floor: coordinate.rounded(.down)
    case .ceil: coordinate.rounded(.up)
    }
  }

  /// Keys' cubic convolution kernel.
  private func kernel(_ distance: Double) -> Double {
    let d = abs(distance)
    if d <= 1 { return ((cubic + 2) * d - (cubic + 3)) * d * d + 1 }
    if d < 2 { return ((cubic * d - 5 * cubic) * d + 8 * cubic) * d - 4 * cubic }
    return 0
  }

  /// Samples beyond an edge take the edge's element, or do not count with `excludeOutside`.
  private func inside(_ weights: [Double], from first: Double, input: Int) -> [Tap] {
    let positions = weights.indices.map { first + Double($0) }
    let last = Double(input - 1)
    var counted = weights
    if excludeOutside {
      for index in weights.indices where positions[index] < 0 || positions[index] > last {
        counted[index] = 0
      }
      let sum = counted.reduce(0, +)
      if sum != 0 { counted = counted.map { $0 / sum } }
    }
    return weights.indices.map {
      Tap(index: Int(min(max(positions[$0], 0), last)), weight: counted[$0])
    }
  }

  private func combined<Scalar: Numeric>(
    _ values: [Scalar], _ taps: [[(index: Int, weight: Scalar)]], outer: Int, extent: Int, inner: Int
  ) -> [Scalar] {
    var result = [Scalar](repeating: 0, count: outer * taps.count * inner)
    result.withUnsafeMutableBufferPointer { target in
      values.withUnsafeBufferPointer { source in
        for plane in 0..<outer {
          for position in taps.indices {
            let to = (plane * taps.count + position) * inner
            for tap in taps[position] {
              let from = (plane * extent + tap.index) * inner
              for index in 0..<inner { target[to + index] += tap.weight * source[from + index] }
            }
          }
        }
      }
    }
    return result
  }
}
