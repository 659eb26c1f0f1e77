import IR
import Tensors

/// Resizes along one axis after the other, each a product with a constant matrix: for what the core op has no
/// mode for.
func resampleByMatrices(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ op: Resize, _ coordinates: ResizeCoordinates,
  isSmoothed: Bool, _ request: ResizeRequest
) throws(Finding) -> ONNXOperand {
  guard x.element.isFloat else { throw Finding("resizes \(x.type)", expected: "floating-point elements") }
  let region = coordinates == .crop ? try cropRegion(context, request.axes.count) : []
  let outside = try context.float("extrapolation_value", 0)
  var result = x
  for (index, axis) in request.axes.enumerated() {
    let (input, output) = (x.shape[axis], request.sizes[index])
    guard input >= 1, Double(input) * Double(output) <= Double(1 << 24) else {
      throw Finding(
        "resizes an extent of \(input) to \(output)",
        expected: "at least 1 and a matrix of at most 2^24 elements")
    }
    let scale =
      request.scales.isEmpty ? Double(output) / Double(input) : decimal(request.scales[index])
    let bounds = region.isEmpty ? (0, 1) : (region[index], region[index + request.axes.count])
    if input == output, scale == 1, bounds == (0, 1) { continue }
    let axisMap = ResampledAxis(
      op: op, coordinates: coordinates, isSmoothed: isSmoothed, input: input, output: output, scale: scale,
      region: bounds)
    result = try axisMap.applied(to: result, axis: axis, outside: outside, context)
  }
  return result
}

/// Begins, then ends, of the part of each axis that is taken, as fractions of it.
private func cropRegion(_ context: ONNXNodeContext, _ count: Int) throws(Finding) -> [Double] {
  let tensor = try context.constant(1, "the region of interest")
  guard tensor.element.isFloat, tensor.elementCount == 2 * count, tensor.floats.allSatisfy(\.isFinite) else {
    throw Finding(
      "the region of interest is \(tensor.element.rawValue)\(tensor.shape)",
      expected: "\(2 * count) finite numbers")
  }
  return tensor.floats.map { decimal($0) }
}

/// Resampling along one axis.
private struct ResampledAxis {
  var op: Resize
  var coordinates: ResizeCoordinates
  var isSmoothed: Bool
  var input: Int
  var output: Int
  var scale: Double
  var region: (begin: Double, end: Double)

  func applied(
    to x: ONNXOperand, axis: Int, outside: Double, _ context: ONNXNodeContext
  ) throws(Finding) -> ONNXOperand {
    var weights = [Float](repeating: 0, count: output * input)
    var missing = [Float](repeating: 0, count: output)
    for position in 0..<output {
      let source = source(of: Double(position))
      if coordinates == .crop, source < 0 || source > Double(input - 1) {
        missing[position] = Float(outside)
        continue
      }
      for tap in taps(source) { weights[position * input + tap.index] += Float(tap.weight) }
    }
    let matrix = context.constant(Tensor(weights, shape: [output, input], element: x.element))
    let outer = x.shape.extents[..<axis].reduce(1, *)
    let inner = x.shape.extents[(axis + 1)...].reduce(1, *)
    var shape = x.shape.extents
    shape[axis] = output
    try checkSize(Shape(shape), of: "the result")
    var result: ONNXOperand
    if inner == 1 {
      let rows = try context.reshape(x, [outer, input])
      result = try context.emit(.matmul(MatMul(transposeB: true)), [rows, matrix])
    } else {
      let planes = try context.reshape(x, [outer, input, inner])
      result = try context.emit(.matmul(MatMul()), [matrix, planes])
    }
    result = try context.reshape(result, shape)
    guard missing.contains(where: { $0 != 0 }) else { return result }
    let column = [output] + [Int](repeating: 1, count: shape.count - 1 - axis)
    return try context.binary(
      .add, result, context.constant(Tensor(missing, shape: Shape(column), element: x.element)))
  }

  /// Where a position of the output lies on the input.
  private func source(of position: Double) -> Double {
    // Not rounded, unlike the output's extent.
    let extent = scale * Double(input)
    let last = Double(input - 1)
    switch coordinates {
    case .halfPixel: return (position + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      let offset = Double(input) / 2 * (1 - Double(output) / extent)
      return offset + (position + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return output > 1 ? (position + 0.5) / scale - 0.5 : 0
    case .alignCorners: return extent == 1 ? 0 : position * last / (extent - 1)
    case .asymmetric: return position / scale
    case .nearestHalfPixel: return (position + 0.5) / scale
    case .crop:
      let width = (region.end - region.begin) * last
      return region.begin * last + (extent == 1 ? width / 2 : position * width / (extent - 1))
    }
  }

  /// The weights of the input's elements around a position; they add up to 1.
  private func taps(_ source: Double) -> [(index: Int, weight: Double)] {
    let last = input - 1
    func clamped(_ position: Double) -> Int { Int(min(max(position, 0), Double(last))) }
    if op.mode == .nearest { return [(clamped(rounded(source)), 1)] }
    // A kernel is stretched to cover the elements that an output stands for when it shrinks.
    let stretch = isSmoothed ? min(scale, 1) : 1
    let radius = op.mode == .linear ? 1.0 : 2
    let reach = -((-radius / stretch).rounded(.down) + 1)
    let first = source.rounded(.up) - 1 - reach
    let count = Int(2 * reach) + 2
    var weights = (0..<count).map { kernel((first + Double($0) - source) * stretch) }
    if op.excludeOutside {
      for index in weights.indices {
        let position = first + Double(index)
        if position < 0 || position > Double(last) { weights[index] = 0 }
      }
    }
    let sum = weights.reduce(0, +)
    return weights.enumerated().map {
      (clamped(first + Double($0.offset)), sum == 0 ? 0 : $0.element / sum)
    }
  }

  private func rounded(_ source: Double) -> Double {
    switch op.rounding {
    case .preferFloor: (source - 0.5).rounded(.up)
    case .preferCeil: (source + 0.5).rounded(.down)
    case .floor: source.rounded(.down)
    case .ceil: source.rounded(.up)
    }
  }

  /// The triangle, or Keys' cubic kernel.
  private func kernel(_ distance: Double) -> Double {
    let d = abs(distance)
    guard op.mode == .cubic else { return max(0, 1 - d) }
    let a = op.cubic
    if d <= 1 { return ((a + 2) * d - (a + 3)) * d * d + 1 }
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0
  }
}
