import IR
import Tensors

func generatedNonZero(_ draw: inout Draw) -> GeneratedOp {
  GeneratedOp(
    .nonZero(NonZero()), [TensorType(draw.one(of: ElementType.allCases), draw.shape(rank: 1...1))],
    values: [.grid(step: 1, 0, Double(draw.number(0...3)))], .bits)
}

func generatedUnique(_ draw: inout Draw) -> GeneratedOp {
  GeneratedOp(
    .unique(Unique(sorted: draw.chance(0.6))),
    [TensorType(draw.one(of: ElementType.allCases), draw.shape(rank: 2...2))],
    values: [.grid(step: 1, 0, Double(draw.number(0...4)))], .bits)
}

func generatedNonMaxSuppression(_ draw: inout Draw) -> GeneratedOp {
  let (images, classes) = (draw.number(1...2), draw.number(1...3))
  let count = draw.one(of: [0, 1, 4, 17, 60])
  let op = NonMaxSuppression(
    isCentered: draw.chance(0.4), most: draw.number(0...12), overlap: draw.one(of: [0, 0.25, 0.5, 0.75]),
    score: draw.one(of: [-.infinity, 0.25, 0.5]))
  // Coarse coordinates, so that overlaps meet thresholds exactly.
  return GeneratedOp(
    .nms(op),
    [
      TensorType(.f32, [images, count, 4]),
      TensorType(draw.one(of: [.f32, .f16]), [images, classes, count]),
    ],
    values: [.grid(step: 0.25, 0, 2), .grid(step: 0.125, 0, 1)], .bits)
}

func generatedArgPool(_ draw: inout Draw) -> GeneratedOp {
  let spatial = draw.number(1...3)
  let kernel = (0..<spatial).map { _ in draw.number(1...4) }
  let shape = Shape(
    [draw.number(1...2), draw.number(1...5)] + (0..<spatial).map { _ in draw.number(7...12) })
  let window = Window(
    strides: draw.chance(0.5) ? [] : kernel.map { _ in draw.number(1...3) },
    dilations: draw.chance(0.7) ? [] : kernel.map { _ in draw.number(1...2) },
    pads: draw.chance(0.4) ? [] : (kernel + kernel).map { draw.number(0...($0 / 2)) })
  return GeneratedOp(
    .argPool(ArgPool(kernel: kernel, window, ceil: draw.chance(0.4))),
    [TensorType(draw.one(of: [.f32, .f16, .u8, .i8]), shape)], values: [.grid(step: 1, 0, 5)], .bits)
}

func generatedRoiAlign(_ draw: inout Draw) -> GeneratedOp {
  let (images, regions) = (draw.number(1...3), draw.number(0...4))
  let op = RoiAlign(
    draw.one(of: RoiAlign.Mode.allCases), draw.one(of: RoiAlign.Coordinates.allCases),
    height: draw.number(1...4), width: draw.number(1...4), samplingRatio: draw.one(of: [0, 0, 1, 2, 5]),
    spatialScale: draw.one(of: [1, 0.25, 0.0625]))
  let reach = draw.one(of: [8.0, 16, 1000]) / op.spatialScale
  return GeneratedOp(
    .roiAlign(op),
    [
      TensorType(.f32, [images, draw.number(1...18), draw.number(1...9), draw.number(1...9)]),
      TensorType(.f32, [regions, 4]), TensorType(draw.one(of: [.i32, .i64]), [regions]),
    ],
    values: [nil, .uniform(-reach / 4, reach), .uniform(Double(-images), Double(images - 1))])
}
