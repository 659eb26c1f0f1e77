import IR
import Tensors

func generatedPool(_ draw: inout Draw) -> GeneratedOp {
  let spatial = draw.number(1...3)
  let kernel = (0..<spatial).map { _ in draw.number(1...4) }
  let kind = draw.turn(of: [Pool.Kind.max, .average, .averagePadded])
  let element: ElementType = kind == .max ? draw.one(of: [.f32, .f16, .bf16, .u8, .i8, .i16]) : draw.float()
  let batch = draw.chance(0.05) ? 0 : draw.number(1...2)
  let shape = Shape([batch, draw.number(1...5)] + (0..<spatial).map { _ in draw.number(7...12) })
  let window = Window(
    strides: draw.chance(0.5) ? [] : kernel.map { _ in draw.number(1...3) },
    dilations: draw.chance(0.7) ? [] : kernel.map { _ in draw.number(1...2) },
    pads: draw.chance(0.4) ? [] : (kernel + kernel).map { draw.number(0...($0 / 2)) })
  return GeneratedOp(
    .pool(Pool(kind, kernel: kernel, window, ceil: draw.chance(0.4))), [TensorType(element, shape)],
    values: [kind == .max ? draw.anything(element) : nil])
}

func generatedResize(_ draw: inout Draw) -> GeneratedOp {
  let spatial = draw.number(1...3)
  let shape = Shape(
    [draw.chance(0.05) ? 0 : 1, draw.number(1...3)] + (0..<spatial).map { _ in draw.number(1...7) })
  var op = Resize(
    draw.turn(of: [.nearest, .linear, .cubic]), sizes: (0..<spatial).map { _ in draw.number(1...13) },
    coordinates: draw.one(of: [.halfPixel, .asymmetric, .alignCorners, .pytorchHalfPixel]),
    rounding: draw.one(of: [.preferFloor, .preferCeil, .floor, .ceil]))
  if draw.chance(0.3) {
    op.scales = (0..<spatial).map { _ in draw.one(of: [0.6, 1, 1.5, 2.3]) }
    op.sizes = op.scales.indices.map { max(1, Int((op.scales[$0] * Double(shape[$0 + 2])).rounded(.down))) }
  }
  op.cubic = draw.one(of: [-0.75, -0.5])
  op.excludeOutside = draw.chance(0.3)
  let element = draw.chance(0.5) ? draw.float() : draw.one(of: [.i8, .u8, .i16])
  return GeneratedOp(
    .resize(op), [TensorType(element, shape)], values: [element.isFloat ? nil : draw.anything(element)])
}

func generatedGridSample(_ draw: inout Draw) -> GeneratedOp {
  let spatial = draw.number(1...3)
  let op = GridSample(
    draw.turn(of: GridSample.Mode.allCases), padding: draw.one(of: GridSample.Padding.allCases),
    alignCorners: draw.chance(0.5))
  let batch = draw.chance(0.05) ? 0 : draw.number(1...2)
  let image = (0..<spatial).map { _ in draw.extent(empty: false) }
  let points = (0..<spatial).map { _ in draw.extent() }
  let special: [Double] = [.nan, 0, .infinity, 0.5, -.infinity, -0.5, 1e30, 0.25, -1, 1]
  return GeneratedOp(
    .gridSample(op),
    [
      TensorType(draw.float(), Shape([batch, draw.number(1...3)] + image)),
      TensorType(draw.float(), Shape([batch] + points + [spatial])),
    ], values: [nil, draw.chance(0.2) ? .cycle(special) : .uniform(-2.5, 2.5)])
}
