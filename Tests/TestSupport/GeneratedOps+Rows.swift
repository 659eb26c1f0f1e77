import IR
import Tensors

func generatedReduce(_ draw: inout Draw) -> GeneratedOp {
  let kind = draw.turn(of: Reduce.Kind.allCases)
  let shape = draw.shape()
  let axes = shape.indices.filter { _ in draw.chance(0.5) }
  let op = Op.reduce(Reduce(kind, axes: axes, keep: draw.chance(0.5)))
  if [.sum, .mean, .max, .min, .prod].contains(kind), draw.chance(0.4) {
    let element = draw.one(of: [ElementType.i32, .i64])
    return GeneratedOp(op, [TensorType(element, shape)], values: [draw.anything(element)])
  }
  let values: RandomValues =
    switch kind {
    case .max, .min: draw.chance(0.3) ? .cycle([1, 5, .nan, -.infinity, 3, 2]) : .grid(step: 1, -5, 5)
    case .prod: .uniform(0.7, 1.3)
    case .l1, .l2, .sumSquare, .logSumExp: .uniform(-2, 2)
    case .sum, .mean, .logSum: .uniform(0.5, 1.5)
    }
  return GeneratedOp(op, [TensorType(draw.float(), shape)], values: [values])
}

func generatedArgReduce(_ draw: inout Draw) -> GeneratedOp {
  var shape = draw.shape(rank: 1...6)
  let axis = draw.axis(shape.rank)
  let own = (axis + shape.rank) % shape.rank
  shape[own] = max(1, shape[own])
  let op = ArgReduce(
    draw.one(of: [.max, .min]), axis: axis, keep: draw.chance(0.5), last: draw.chance(0.5))
  let element = draw.any()
  let special: [Double] = [1, 5, .nan, -.infinity, 3, .infinity, 2, 5]
  return GeneratedOp(
    .argReduce(op), [TensorType(element, shape)],
    values: [
      element.isFloat && draw.chance(0.3) ? .cycle(special) : .grid(step: 1, 0, element == .bool ? 1 : 5)
    ],
    .numbers)
}

func generatedSoftmax(_ draw: inout Draw) -> GeneratedOp {
  var shape = draw.shape(rank: 1...6)
  let op = Softmax(axis: draw.axis(shape.rank), log: draw.chance(0.3))
  // Longer than one pass over the axis.
  if shape.rank <= 2, draw.chance(0.2) { shape[shape.rank - 1] = 700 }
  return GeneratedOp(
    .softmax(op), [TensorType(draw.float(), shape)],
    values: [draw.chance(0.2) ? .cycle([1, -.infinity, 3, 2, -1e9]) : .uniform(-20, 20)])
}

func generatedCumSum(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape(rank: 1...6)
  let op = CumSum(axis: draw.axis(shape.rank), exclusive: draw.chance(0.5), reverse: draw.chance(0.5))
  let element = draw.one(of: [ElementType.f32, .f16, .bf16, .i32, .i64])
  return GeneratedOp(
    .cumsum(op), [TensorType(element, shape)], values: [element.isFloat ? nil : draw.anything(element)])
}

func generatedTopK(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape(rank: 1...6)
  let axis = draw.axis(shape.rank)
  let extent = shape[(axis + shape.rank) % shape.rank]
  let element = draw.one(of: ElementType.allCases.filter { $0 != .bool })
  let op = TopK(draw.number(0...extent), axis: axis, largest: draw.chance(0.5))
  return GeneratedOp(
    .topK(op), [TensorType(element, shape)],
    values: [draw.chance(0.5) ? draw.anything(element) : .grid(step: 1, 0, 4)], .numbers)
}

// MARK: Normalization

func generatedNorm(_ draw: inout Draw) -> GeneratedOp {
  switch draw.turn(of: [0, 1, 2, 3, 4]) {
  case 0: return generatedLayerNorm(&draw)
  case 1:
    let shape = draw.shape(rank: 1...5)
    let axis = draw.axis(shape.rank)
    let scale = TensorType(draw.float(), normalized(shape, from: axis))
    return GeneratedOp(
      .rmsNorm(RMSNorm(axis: axis, epsilon: 1e-3)),
      [TensorType(draw.float(), shape)] + (draw.chance(0.5) ? [scale] : []))
  case 2:
    let groups = draw.number(1...4)
    let channels = groups * draw.number(1...3)
    let shape = Shape([draw.number(1...2), channels] + draw.shape(rank: 0...3).extents)
    let scale = TensorType(draw.float(), [channels])
    return GeneratedOp(
      .groupNorm(GroupNorm(groups: groups, epsilon: 1e-3)),
      [TensorType(draw.float(), shape)] + [scale, scale].prefix(draw.number(0...2)))
  case 3:
    let shape = draw.shape(rank: 2...5)
    let statistics = TensorType(draw.float(), [shape[1]])
    return GeneratedOp(
      .batchNorm(BatchNorm(epsilon: 1e-3)),
      [TensorType(draw.float(), shape)] + [TensorType](repeating: statistics, count: 4),
      values: [nil, nil, nil, nil, .uniform(0.1, 2)])
  default:
    let shape = draw.shape(rank: 1...5)
    return GeneratedOp(
      .lpNorm(LpNorm(axis: draw.axis(shape.rank), order: draw.number(1...2))),
      [TensorType(draw.float(), shape)], values: [draw.chance(0.3) ? .grid(step: 1, 0, 1) : nil])
  }
}

private func generatedLayerNorm(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape(rank: 1...5)
  let axis = draw.axis(shape.rank)
  let scale = TensorType(draw.float(), normalized(shape, from: axis))
  return GeneratedOp(
    .layerNorm(LayerNorm(axis: axis, epsilon: 1e-3)),
    [TensorType(draw.float(), shape)] + [scale, scale].prefix(draw.number(0...2)))
}

private func normalized(_ shape: Shape, from axis: Int) -> Shape {
  Shape(Array(shape.extents[((axis + shape.rank) % shape.rank)...]))
}
