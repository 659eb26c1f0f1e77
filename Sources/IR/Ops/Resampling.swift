import Tensors

/// Resamples the spatial dimensions of x: [N, C, spatial..] to `sizes`, after ONNX Resize.
///
/// `scales` are out/in along each spatial dimension as the model states them; empty stands for sizes ÷ input extents.
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
  /// `cubic` and `linear`: weights of samples outside x become 0 and the rest is renormalised.
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
      .word("mode", \.mode), .ints("sizes", \.sizes), .floats("scales", \.scales), .word("coordinates", \.coordinates),
      .word("rounding", \.rounding), .float("cubic", \.cubic), .flag("exclude_outside", \.excludeOutside),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    try operands.expectFloat()
    let x = operands[0].shape
    guard (3...5).contains(x.rank), sizes.count == x.rank - 2, scales.isEmpty || scales.count == sizes.count else {
      throw OpError("input is \(x) and sizes are \(sizes), expected rank 3 to 5 and one size for each spatial dimension")
    }
    guard sizes.allSatisfy({ $0 >= 1 }), x.extents.dropFirst(2).allSatisfy({ $0 >= 1 }), scales.allSatisfy({ $0 > 0 && $0.isFinite })
    else { throw OpError("sizes \(sizes) and scales \(scales) must be positive, and input \(x) not empty") }
    return [operands[0].with(Shape([x[0], x[1]] + sizes))]
  }
}
