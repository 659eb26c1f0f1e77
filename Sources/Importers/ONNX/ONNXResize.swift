import IR
import Tensors

/// What a Resize asks for along each of its axes.
struct ResizeRequest {
  var axes: [Int]
  /// Extents of the result; one for each axis.
  var sizes: [Int]
  /// As the model states them; empty when it states sizes.
  var scales: [Float]
}

func resize(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  // Version 10 had neither modes of coordinates nor sizes and worked as Upsample does.
  if context.opset < 11 { return [try legacyResize(context, x, try scales(context, 1) ?? [])] }
  guard let request = try resizeRequest(context, x) else {
    throw Finding(
      "has neither scales nor sizes", expected: "one of them, input 2 or 3",
      advice: "give the node the input that it lacks")
  }
  let mode = try context.word("mode", ResizeMode.nearest)
  let coordinates = try context.word("coordinate_transformation_mode", ResizeCoordinates.halfPixel)
  let shrinks = request.axes.indices.contains { request.sizes[$0] < x.shape[request.axes[$0]] }
  let isSmoothed = try context.flag("antialias") && mode != .nearest && shrinks
  let isWhole = request.scales.indices.allSatisfy {
    request.scales[$0] * Float(x.shape[request.axes[$0]]) == Float(request.sizes[$0])
  }
  var op = Resize(mode.core)
  op.rounding = try context.word("nearest_mode", ResizeRounding.preferFloor).core
  op.cubic = try context.float("cubic_coeff_a", -0.75)
  op.excludeOutside = try context.flag("exclude_outside")
  if let core = coordinates.core(isWhole: isWhole), !isSmoothed {
    op.coordinates = core
    return [try resample(context, x, op, request)]
  }
  return [try resampleByMatrices(context, x, op, coordinates, isSmoothed: isSmoothed, request)]
}

/// Upsample, and Resize before opset 11: asymmetric coordinates, rounded down.
func upsample(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let given = context.opset < 9 ? try context.floats("scales") : try scales(context, 1)
  return [try legacyResize(context, try context.input(0), given ?? [])]
}

private func legacyResize(_ context: ONNXNodeContext, _ x: ONNXOperand, _ scales: [Float]) throws(Finding)
  -> ONNXOperand
{
  let mode = try context.word("mode", ResizeMode.nearest)
  let op = Resize(mode.core, coordinates: .asymmetric, rounding: .floor)
  let axes = Array(x.shape.indices)
  return try resample(
    context, x, op, ResizeRequest(axes: axes, sizes: try sizes(x, axes, scales), scales: scales))
}

private enum ResizeMode: String, CaseIterable {
  case nearest, linear, cubic
  /// The name of linear in the first versions of Upsample.
  case bilinear

  var core: Resize.Mode {
    switch self {
    case .nearest: .nearest
    case .linear, .bilinear: .linear
    case .cubic: .cubic
    }
  }
}

private enum ResizeRounding: String, CaseIterable {
  case preferFloor = "round_prefer_floor"
  case preferCeil = "round_prefer_ceil"
  case floor, ceil

  var core: Resize.Rounding {
    switch self {
    case .preferFloor: .preferFloor
    case .preferCeil: .preferCeil
    case .floor: .floor
    case .ceil: .ceil
    }
  }
}

/// How positions of the output map to positions of the input.
enum ResizeCoordinates: String, CaseIterable {
  case halfPixel = "half_pixel"
  case halfPixelSymmetric = "half_pixel_symmetric"
  case pytorchHalfPixel = "pytorch_half_pixel"
  case alignCorners = "align_corners"
  case asymmetric
  case nearestHalfPixel = "tf_half_pixel_for_nn"
  case crop = "tf_crop_and_resize"

  /// The core op's equal. Two have one only if the scales give whole sizes, because they count the fraction
  /// of an element that is cut off.
  func core(isWhole: Bool) -> Resize.Coordinates? {
    switch self {
    case .halfPixel: .halfPixel
    case .pytorchHalfPixel: .pytorchHalfPixel
    case .asymmetric: .asymmetric
    case .alignCorners: isWhole ? .alignCorners : nil
    case .halfPixelSymmetric: isWhole ? .halfPixel : nil
    case .nearestHalfPixel, .crop: nil
    }
  }
}

private func scales(_ context: ONNXNodeContext, _ index: Int) throws(Finding) -> [Float]? {
  guard context.optional(index) != nil else { return nil }
  let tensor = try context.constant(index, "the scales")
  return tensor.elementCount == 0 ? nil : tensor.floats
}

private func resizeRequest(_ context: ONNXNodeContext, _ x: ONNXOperand) throws(Finding) -> ResizeRequest? {
  let axes = try context.axes(try context.ints("axes") ?? Array(x.shape.indices), rank: x.rank)
  if let given = try scales(context, 2) {
    return ResizeRequest(axes: axes, sizes: try sizes(x, axes, given), scales: given)
  }
  guard var wanted = try context.constantInts(3, "the sizes"), !wanted.isEmpty else { return nil }
  guard wanted.count == axes.count, wanted.allSatisfy((0...Limits.extent).contains) else {
    throw Finding("sizes are \(wanted)", expected: "\(axes.count) extents")
  }
  let policy = try context.string("keep_aspect_ratio_policy", "stretch")
  let ratios = zip(wanted, axes).map { Double($0) / Double(max(1, x.shape[$1])) }
  switch policy {
  case "stretch": break
  case "not_larger", "not_smaller":
    let ratio = (policy == "not_larger" ? ratios.min() : ratios.max()) ?? 1
    wanted = axes.map { Int((ratio * Double(x.shape[$0])).rounded(.toNearestOrAwayFromZero)) }
    return ResizeRequest(axes: axes, sizes: wanted, scales: axes.map { _ in Float(ratio) })
  default:
    throw Finding(
      "keep_aspect_ratio_policy is \(ImportError.quoted(policy))", expected: "one that ONNX defines")
  }
  return ResizeRequest(axes: axes, sizes: wanted, scales: [])
}

/// Output extents for scales, computed in fp32 as runtimes do.
private func sizes(_ x: ONNXOperand, _ axes: [Int], _ scales: [Float]) throws(Finding) -> [Int] {
  guard scales.count == axes.count, scales.allSatisfy({ $0 > 0 && $0 < 1e6 }) else {
    throw Finding("scales are \(scales)", expected: "\(axes.count) positive numbers")
  }
  let extents = zip(axes, scales).map { Int(($1 * Float(x.shape[$0])).rounded(.down)) }
  try checkSize(Shape(extents), of: "the result")
  return extents
}

/// Brings the axes that change to the end, where the core op expects them, and back.
private func resample(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ op: Resize, _ request: ResizeRequest
) throws(Finding) -> ONNXOperand {
  var changes: [(axis: Int, size: Int, scale: Double?)] = []
  for (index, axis) in request.axes.enumerated() {
    let scale = request.scales.isEmpty ? nil : request.scales[index]
    let size = request.sizes[index]
    let isWhole = scale.map { $0 * Float(x.shape[axis]) == Float(size) } ?? true
    if size == x.shape[axis], isWhole { continue }
    changes.append((axis, size, isWhole ? nil : scale.map { Double($0) }))
  }
  guard !changes.isEmpty else { return x }
  changes.sort { $0.axis < $1.axis }
  var op = op
  var result = x.shape.extents
  for change in changes { result[change.axis] = change.size }
  try checkSize(Shape(result), of: "the result")

  func complete(spatial axes: [Int]) {
    op.sizes = axes.map { result[$0] }
    guard changes.contains(where: { $0.scale != nil }) else { return }
    op.scales = axes.map { axis in
      changes.first { $0.axis == axis }?.scale ?? Double(result[axis]) / Double(x.shape[axis])
    }
  }
  if (3...5).contains(x.rank), changes.allSatisfy({ $0.axis >= 2 }) {
    complete(spatial: Array(2..<x.rank))
    return try context.emit(.resize(op), [x])
  }
  let last = changes.map(\.axis)
  guard last.count <= 3 else {
    throw Finding("resizes \(last.count) axes of \(x.shape)", expected: "at most 3")
  }
  let kept = x.shape.indices.filter { !last.contains($0) }
  let permutation = kept + last
  complete(spatial: last)
  let planes = kept.map { x.shape[$0] }.reduce(1, *)
  let spatial = try context.reshape(
    try context.transpose(x, permutation), [1, planes] + last.map { x.shape[$0] })
  let resized = try context.emit(.resize(op), [spatial])
  let moved = try context.reshape(resized, permutation.map { result[$0] })
  return try context.transpose(moved, permutation.indices.map { permutation.firstIndex(of: $0) ?? $0 })
}
