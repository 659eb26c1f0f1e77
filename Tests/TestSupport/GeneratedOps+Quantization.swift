import IR
import Tensors

private let integers: [ElementType] = [.i8, .u8, .i16, .i32]

/// A shape of rank 1 or more, what shares parameters, and their shape.
private func granularity(_ draw: inout Draw) -> (x: Shape, granularity: Granularity, parameters: Shape) {
  let x = draw.shape(rank: 1...5)
  let axis = draw.axis(x.rank)
  let place = axis < 0 ? axis + x.rank : axis
  switch draw.number(0...2) {
  case 0: return (x, Granularity(axis: axis, block: draw.number(0...2)), [])
  case 1: return (x, Granularity(axis: axis), [x[place]])
  default:
    let block = draw.number(1...6)
    var extents = x.extents
    extents[place] = (x[place] + block - 1) / block
    return (x, Granularity(axis: axis, block: block), Shape(extents))
  }
}

func generatedQuantize(_ draw: inout Draw) -> GeneratedOp {
  let (x, granularity, parameters) = granularity(&draw)
  let element = draw.one(of: integers)
  let operands = [
    TensorType(draw.float(), x), TensorType(draw.float(), parameters), TensorType(element, parameters),
  ]
  let scales: RandomValues = draw.chance(0.8) ? .cycle([0.5, 0.1, 3, 1e-3]) : draw.anything(.f32)
  return GeneratedOp(
    .quantize(Quantize(granularity, rounding: draw.one(of: [.halfEven, .halfUp]))), operands,
    values: [draw.anything(operands[0].element), scales, draw.anything(element)], .numbers)
}

func generatedDequantize(_ draw: inout Draw) -> GeneratedOp {
  let (x, granularity, parameters) = granularity(&draw)
  let element = draw.one(of: integers)
  let operands = [
    TensorType(element, x), TensorType(draw.float(), parameters), TensorType(element, parameters),
  ]
  return GeneratedOp(
    .dequantize(Dequantize(granularity, to: draw.float())), operands,
    values: [draw.anything(element), .uniform(-2, 2), draw.anything(element)], .numbers)
}

func generatedRescale(_ draw: inout Draw) -> GeneratedOp {
  let x = draw.shape(rank: 0...5)
  let (from, to) = (draw.one(of: integers), draw.one(of: integers))
  let axis = x.rank == 0 ? 1 : draw.axis(x.rank)
  let isPerAxis = x.rank > 0 && draw.chance(0.5)
  let parameters: Shape = isPerAxis ? [x[axis < 0 ? axis + x.rank : axis]] : []
  let (rescaling, values) = draw.rescaling(to)
  let operands = [
    TensorType(from, x), TensorType(from, []), TensorType(.i32, parameters), TensorType(.i8, parameters),
    TensorType(to, []),
  ]
  return GeneratedOp(
    .rescale(Rescale(rescaling, axis: axis)), operands,
    values: [draw.anything(from), draw.anything(from)] + values, .numbers)
}

extension Draw {
  /// A rescaling to an element type, with values of multiplier, shift and zero point: mostly such as stand for scales,
  /// now and then any.
  mutating func rescaling(_ element: ElementType) -> (Rescaling, [RandomValues]) {
    var rescaling = Rescaling(turn(of: Rescaling.Rounding.allCases))
    if chance(0.3) { (rescaling.min, rescaling.max) = (number(0...40), number(41...120)) }
    let values: [RandomValues] =
      chance(0.7)
      ? [.uniform(0x1p30, 0x1p31 - 1), .uniform(20, 50)]
      : [.uniform(-0x1p31, 0x1p31 - 1), .uniform(-128, 127)]
    return (rescaling, values + [anything(element)])
  }

  /// What may follow an integer product: operands and their values. The rescaling is the standard one without any.
  mutating func epilogue(channels: Int) -> (Rescaling, [(TensorType, RandomValues)]) {
    var operands: [(TensorType, RandomValues)] = []
    if chance(0.5) { operands.append((TensorType(.i32, [channels]), anything(.i32))) }
    guard chance(0.6) else { return (Rescaling(), operands) }
    let element = one(of: integers)
    let (rescaling, values) = rescaling(element)
    let parameters: Shape = chance(0.5) ? [channels] : []
    let types = [TensorType(.i32, parameters), TensorType(.i8, parameters), TensorType(element, [])]
    return (rescaling, operands + zip(types, values))
  }
}
