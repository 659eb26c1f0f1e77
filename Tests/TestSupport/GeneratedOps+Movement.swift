import IR
import Tensors

func generatedTranspose(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape()
  return GeneratedOp(
    .transpose(Transpose(draw.permutation(shape.rank))), [TensorType(draw.any(), shape)], .bits)
}

func generatedReshape(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape()
  let target = draw.one(of: [[shape.elementCount], [1] + shape.extents.reversed(), shape.extents + [1, 1]])
  return GeneratedOp(.reshape(Reshape(target)), [TensorType(draw.any(), shape)], .bits)
}

func generatedExpand(_ draw: inout Draw) -> GeneratedOp {
  let target = draw.shape()
  return GeneratedOp(
    .expand(Expand(target.extents)), [TensorType(draw.any(), draw.broadcastable(with: target))], .bits)
}

func generatedConcat(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape(rank: 1...6)
  let axis = draw.axis(shape.rank)
  let element = draw.any()
  let operands = (0..<draw.number(1...5)).map { _ in
    var part = shape
    part[(axis + shape.rank) % shape.rank] = draw.number(0...4)
    return TensorType(element, part)
  }
  return GeneratedOp(.concat(Concat(axis: axis)), operands, .bits)
}

func generatedSlice(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape()
  var op = Slice(starts: [], counts: [], steps: [])
  // Mostly one axis is cut, so that the slice is often contiguous.
  let cut = draw.number(0...max(0, shape.rank - 1))
  let cutsAll = draw.chance(0.5)
  for (axis, extent) in shape.enumerated() {
    guard extent > 0, cutsAll || axis == cut else {
      op.starts.append(0)
      op.counts.append(extent)
      op.steps.append(1)
      continue
    }
    let step = draw.one(of: [1, 1, 1, 2, -1, -2])
    let start = draw.number(0...(extent - 1))
    let room = step > 0 ? (extent - 1 - start) / step : start / -step
    op.starts.append(start)
    op.counts.append(draw.number(0...(room + 1)))
    op.steps.append(step)
  }
  return GeneratedOp(.slice(op), [TensorType(draw.any(), shape)], .bits)
}

func generatedPad(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape(rank: 0...6)
  let mode = draw.turn(of: [Pad.Mode.constant, .reflect, .edge, .wrap])
  let isCropping = draw.chance(0.3)
  var pads = [Int](repeating: 0, count: 2 * shape.rank)
  for (axis, extent) in shape.enumerated() where mode == .constant || extent > 0 {
    let most = mode == .constant ? 3 : extent - 1
    let begin = draw.number((isCropping ? -extent : 0)...most)
    pads[axis] = begin
    pads[axis + shape.rank] = draw.number((isCropping ? -min(extent, extent + begin) : 0)...most)
  }
  return GeneratedOp(
    .pad(Pad(pads, mode: mode, value: draw.one(of: [0, 3, 1]))), [TensorType(draw.any(), shape)], .bits)
}

func generatedGather(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape(rank: 1...5)
  let axis = draw.axis(shape.rank)
  let extent = shape[(axis + shape.rank) % shape.rank]
  let indices = TensorType(draw.one(of: [.i32, .i64]), extent == 0 ? [0] : draw.shape(rank: 0...2))
  return GeneratedOp(
    .gather(Gather(axis: axis)), [TensorType(draw.any(), shape), indices],
    values: [nil, .uniform(Double(-extent), Double(extent - 1))], .bits)
}

func generatedScatter(_ draw: inout Draw) -> GeneratedOp {
  let shape = draw.shape(rank: 1...5)
  let indices = shape[0] == 0 ? [0] : draw.shape(rank: 0...2)
  let reduction = draw.turn(of: Scatter.Reduction.allCases)
  let element = draw.one(of: ElementType.allCases.filter { $0 != .bool || reduction == .none })
  // Sums and products that overflow the float types would depend on nothing but are no use.
  let values: RandomValues? = element.isFloat ? .uniform(-2, 2) : draw.anything(element)
  return GeneratedOp(
    .scatter(Scatter(reduction)),
    [
      TensorType(element, shape), TensorType(draw.one(of: [.i32, .i64]), indices),
      TensorType(element, Shape(indices.extents + shape.extents.dropFirst())),
    ], values: [values, .uniform(Double(-shape[0]), Double(shape[0] - 1)), values], .numbers)
}

func generatedBitcast(_ draw: inout Draw) -> GeneratedOp {
  let from = draw.turn(of: ElementType.allCases)
  let to = draw.one(
    of: ElementType.allCases.filter { $0.byteCount == from.byteCount && ($0 != .bool || from == .bool) })
  return GeneratedOp(
    .bitcast(Bitcast(to)), [TensorType(from, draw.shape())], values: [draw.anything(from)], .bits)
}

func generatedUnpack(_ draw: inout Draw) -> GeneratedOp {
  let x = draw.shape(rank: 1...5)
  return GeneratedOp(
    .unpack(Unpack(axis: draw.axis(x.rank), bits: draw.one(of: [1, 2, 4]))), [TensorType(.u8, x)],
    values: [draw.anything(.u8)], .bits)
}

func generatedPalette(_ draw: inout Draw) -> GeneratedOp {
  let y = draw.shape(rank: 1...5)
  let axis = draw.axis(y.rank)
  let bits = draw.one(of: Palette.widths)
  let rows = y[..<(axis < 0 ? axis + y.rank : axis)].reduce(1, *)
  let block = draw.one(of: [0, 1, 2, 5])
  let op = Palette(axis: axis, bits: bits, block: block, extent: y[axis < 0 ? axis + y.rank : axis])
  let x = op.pack([UInt8](repeating: 0, count: y.elementCount), shape: y)
  let palettes: Shape = block == 0 ? [op.entries] : [(rows + block - 1) / block, op.entries]
  return GeneratedOp(
    .palette(op), [TensorType(.u8, x.shape), TensorType(draw.one(of: [.f32, .f16, .bf16]), palettes)],
    values: [draw.anything(.u8), .uniform(-2, 2)], .bits)
}
