import IR
import Tensors

private let small: [ElementType] = [.i8, .u8, .i16]
private let quantized: [ElementType] = [.i8, .u8, .i16, .i32]

func generatedLookup(_ draw: inout Draw) -> GeneratedOp {
  let x = draw.shape(rank: 0...5)
  let from = draw.one(of: small)
  let entry = from == .i16 ? .i16 : draw.one(of: quantized)
  var operands = [TensorType(from, x), TensorType(entry, from == .i16 ? [513] : [256])]
  var values = [draw.anything(from), draw.anything(entry)]
  guard draw.chance(0.7) else { return GeneratedOp(.lookup(Lookup()), operands, values: values, .numbers) }
  let element = draw.one(of: quantized)
  let (axis, parameters) = draw.channels(of: x)
  let (rescaling, own) = draw.rescaling(element)
  operands += [TensorType(.i32, parameters), TensorType(.i8, parameters), TensorType(element, [])]
  values += own
  return GeneratedOp(.lookup(Lookup(rescaling, axis: axis)), operands, values: values, .numbers)
}

func generatedAddInteger(_ draw: inout Draw) -> GeneratedOp {
  let (a, b, shape) = draw.pair()
  let (from, other, to) = (draw.one(of: small), draw.one(of: small), draw.one(of: quantized))
  let (axis, parameters) = draw.channels(of: shape)
  let isSplit = draw.chance(0.5)
  let (rescaling, _) = draw.rescaling(to)
  let isUsual = draw.chance(0.7)
  let multipliers: RandomValues = isUsual ? .uniform(-0x1p30, 0x1p31 - 1) : .uniform(-0x1p31, 0x1p31 - 1)
  let operands = [
    TensorType(from, a), TensorType(from, []), TensorType(.i32, parameters), TensorType(other, b),
    TensorType(other, []),
    TensorType(.i32, isSplit ? [] : parameters), TensorType(.i8, []), TensorType(to, []),
  ]
  return GeneratedOp(
    .addInteger(AddInteger(rescaling, axis: axis)), operands,
    values: [
      draw.anything(from), draw.anything(from), multipliers, draw.anything(other), draw.anything(other),
      multipliers,
      isUsual ? .uniform(24, 38) : .uniform(-128, 127), draw.anything(to),
    ], .numbers)
}

func generatedMulInteger(_ draw: inout Draw) -> GeneratedOp {
  let (a, b, shape) = draw.pair()
  let (from, other, to) = (draw.one(of: small), draw.one(of: small), draw.one(of: quantized))
  let (axis, parameters) = draw.channels(of: shape)
  let (rescaling, own) = draw.rescaling(to)
  let zeros: [RandomValues] =
    draw.chance(0.5) ? [.cycle([0]), .cycle([0])] : [draw.anything(from), draw.anything(other)]
  let operands = [
    TensorType(from, a), TensorType(from, []), TensorType(other, b), TensorType(other, []),
    TensorType(.i32, parameters),
    TensorType(.i8, parameters), TensorType(to, []),
  ]
  return GeneratedOp(
    .mulInteger(MulInteger(rescaling, axis: axis)), operands,
    values: [draw.anything(from), zeros[0], draw.anything(other), zeros[1]] + own, .numbers)
}

extension Draw {
  /// An axis of a tensor, and the shape of parameters for each of its indices or for all.
  fileprivate mutating func channels(of shape: Shape) -> (axis: Int, parameters: Shape) {
    guard shape.rank > 0 else { return (1, []) }
    let axis = axis(shape.rank)
    return (axis, chance(0.5) ? [shape[axis < 0 ? axis + shape.rank : axis]] : [])
  }

  /// Two shapes that broadcast, and what they broadcast to.
  fileprivate mutating func pair() -> (a: Shape, b: Shape, result: Shape) {
    let whole = shape(rank: 0...5)
    let (one, other) = (broadcastable(with: whole), broadcastable(with: whole))
    let (a, b) = chance(0.5) ? (whole, one) : chance(0.5) ? (one, whole) : (one, other)
    return (a, b, a.broadcast(with: b) ?? whole)
  }
}

func generatedReduceInteger(_ draw: inout Draw) -> GeneratedOp {
  let x = draw.shape(rank: 0...5)
  let axes = (0..<x.rank).filter { _ in draw.chance(0.5) }
  let (from, to) = (draw.one(of: quantized), draw.one(of: quantized))
  let (rescaling, own) = draw.rescaling(to)
  return GeneratedOp(
    .reduceInteger(ReduceInteger(axes: axes, keep: draw.chance(0.5), rescaling)),
    [
      TensorType(from, x), TensorType(from, []), TensorType(.i32, []), TensorType(.i8, []),
      TensorType(to, []),
    ],
    values: [draw.anything(from), draw.anything(from)] + own, .numbers)
}

func generatedPoolInteger(_ draw: inout Draw) -> GeneratedOp {
  let generated = generatedPool(&draw)
  guard case .pool(var pool) = generated.op else { return generated }
  pool.kind = draw.one(of: [.average, .averagePadded])
  let x = generated.operands[0].shape
  let (from, to, taps) = (draw.one(of: small), draw.one(of: quantized), pool.kernel.reduce(1, *))
  let (rescaling, own) = draw.rescaling(to)
  return GeneratedOp(
    .poolInteger(PoolInteger(pool, rescaling)),
    [
      TensorType(from, x), TensorType(from, []), TensorType(.i32, [taps]), TensorType(.i8, [taps]),
      TensorType(to, []),
    ],
    values: [draw.anything(from), draw.anything(from)] + own, .numbers)
}

func generatedSoftmaxInteger(_ draw: inout Draw) -> GeneratedOp {
  let x = draw.shape(rank: 1...5)
  let (from, to) = (draw.one(of: quantized), draw.one(of: small))
  let (_, own) = draw.rescaling(to)
  return GeneratedOp(
    .softmaxInteger(SoftmaxInteger(axis: draw.axis(x.rank))),
    [
      TensorType(from, x), TensorType(from, []), TensorType(.i32, []), TensorType(.i8, []),
      TensorType(to, []),
    ],
    values: [draw.anything(from), draw.anything(from)] + own, .numbers)
}

func generatedNormInteger(_ draw: inout Draw) -> GeneratedOp {
  let kind = draw.turn(of: NormInteger.Kind.allCases)
  var x = draw.shape(rank: kind == .group ? 2...5 : 1...5)
  var op = NormInteger(kind, epsilon: draw.one(of: [0, 0.1, 7, 1e6, 1e20]))
  var parameters: Shape
  if kind == .group {
    op.groups = draw.number(1...3)
    var extents = x.extents
    extents[1] *= op.groups
    x = Shape(extents)
    parameters = [x[1]]
  } else {
    op.axis = draw.axis(x.rank)
    parameters = Shape(Array(x.extents[(op.axis < 0 ? op.axis + x.rank : op.axis)...]))
  }
  let (from, to) = (draw.one(of: small), draw.one(of: quantized))
  let (rescaling, own) = draw.rescaling(to)
  op.rescaling = rescaling
  let count = draw.number(0...2)
  let types = [TensorType(.i16, parameters), TensorType(.i32, parameters)].prefix(count)
  return GeneratedOp(
    .normInteger(op),
    [TensorType(from, x), TensorType(from, [])] + types
      + [TensorType(.i32, []), TensorType(.i8, []), TensorType(to, [])],
    values: [draw.anything(from), draw.anything(from)]
      + [draw.anything(.i16), draw.anything(.i32)].prefix(count)
      + own, .numbers)
}

func generatedRecurrentInteger(_ draw: inout Draw) -> GeneratedOp {
  var op = RecurrentInteger(
    draw.turn(of: Recurrent.Kind.allCases), draw.one(of: Recurrent.Direction.allCases))
  let isLSTM = op.kind == .lstm
  op.lengths = draw.chance(0.4)
  op.linearBeforeReset = draw.chance(0.5)
  op.inputForget = isLSTM && draw.chance(0.3)
  op.peepholes = isLSTM && draw.chance(0.3)
  op.gateShift = draw.one(of: [0, 1, 2, 15])
  op.cellExponent = draw.one(of: [0, 3, 15])
  op.cellShift = draw.one(of: [0, 2, 15])
  let operands = recurrentIntegerOperands(
    op, draw.number(1...5), draw.chance(0.05) ? 0 : draw.one(of: [1, 2, 3, 5]),
    draw.one(of: [1, 2, 7, 16, 33, 70]), isUsual: draw.chance(0.7))
  return GeneratedOp(
    .recurrentInteger(op), operands.map(\.type), values: operands.map(\.values), .numbers)
}
