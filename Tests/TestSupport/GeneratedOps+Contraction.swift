import IR
import Tensors

func generatedMatMul(_ draw: inout Draw) -> GeneratedOp {
  let (batchA, batchB) = batches(&draw)
  let rows = draw.one(of: [0, 1, 2, 3, 4, 7, 17, 33, 130])
  let inner = draw.one(of: [0, 1, 3, 16, 65, 300])
  let columns = draw.one(of: [0, 1, 2, 8, 15, 70])
  let op = MatMul(
    transposeA: draw.chance(0.4), transposeB: draw.chance(0.4), activation: draw.activation())
  var operands = [
    TensorType(draw.float(), Shape(batchA + (op.transposeA ? [inner, rows] : [rows, inner]))),
    TensorType(draw.float(), Shape(batchB + (op.transposeB ? [columns, inner] : [inner, columns]))),
  ]
  if draw.chance(0.5) {
    operands.append(TensorType(draw.float(), draw.chance(0.5) ? [columns] : [rows, 1]))
  }
  return GeneratedOp(.matmul(op), operands)
}

/// Batch extents of two operands, either of which may repeat along axes of the other.
private func batches(_ draw: inout Draw) -> ([Int], [Int]) {
  let batch = draw.shape(rank: 0...4).map { min($0, 3) }
  let (a, b) = (
    draw.broadcastable(with: Shape(batch)).extents, draw.broadcastable(with: Shape(batch)).extents
  )
  return draw.chance(0.3) ? (a, b) : draw.chance(0.5) ? (a, batch) : (batch, b)
}

/// Element types of an integer product's operands.
private func factors(_ draw: inout Draw) -> (ElementType, ElementType) {
  let left = draw.one(of: [ElementType.i8, .u8, .i16])
  return (left, left == .i16 ? .i8 : draw.one(of: [.i8, .u8]))
}

func generatedMatMulInteger(_ draw: inout Draw) -> GeneratedOp {
  let (batchA, batchB) = batches(&draw)
  let (rows, inner) = (draw.one(of: [0, 1, 2, 7, 33]), draw.one(of: [0, 1, 3, 16, 65]))
  let columns = draw.one(of: [0, 1, 2, 15, 40])
  let (left, right) = factors(&draw)
  let operands = [
    TensorType(left, Shape(batchA + [rows, inner])), TensorType(right, Shape(batchB + [inner, columns])),
    TensorType(left, draw.chance(0.5) ? [] : [rows]), TensorType(right, draw.chance(0.5) ? [] : [columns]),
  ]
  let (rescaling, epilogue) = draw.epilogue(channels: columns)
  return GeneratedOp(
    .matmulInteger(MatMulInteger(rescaling)), operands + epilogue.map(\.0),
    values: operands.map { draw.anything($0.element) } + epilogue.map(\.1), .numbers)
}

// MARK: Convolutions

private func window(_ draw: inout Draw, kernel: [Int]) -> Window {
  Window(
    strides: draw.chance(0.5) ? [] : kernel.map { _ in draw.number(1...3) },
    dilations: draw.chance(0.7) ? [] : kernel.map { _ in draw.number(1...2) },
    pads: draw.chance(0.4) ? [] : (kernel + kernel).map { draw.number(0...$0) })
}

/// Shapes of image and weight and how the window moves.
private func convolution(_ draw: inout Draw) -> (x: Shape, w: Shape, window: Window, group: Int) {
  let spatial = draw.number(1...3)
  let group = draw.one(of: [1, 1, 2, 5])
  let channels = draw.chance(0.3) ? group : group * draw.number(1...9)
  let outputs = group * draw.number(1...9)
  let isPointwise = draw.chance(0.2)
  let kernel = (0..<spatial).map { _ in isPointwise ? 1 : draw.number(1...4) }
  let extents = (0..<spatial).map { _ in draw.number(7...(spatial == 3 ? 9 : 19)) }
  let batch = draw.chance(0.05) ? 0 : draw.number(1...2)
  return (
    Shape([batch, channels] + extents), Shape([outputs, channels / group] + kernel),
    window(&draw, kernel: kernel), group
  )
}

func generatedConv(_ draw: inout Draw) -> GeneratedOp {
  let (x, w, window, group) = convolution(&draw)
  var operands = [TensorType(draw.float(), x), TensorType(draw.float(), w)]
  if draw.chance(0.5) { operands.append(TensorType(draw.float(), [w[0]])) }
  return GeneratedOp(.conv(Conv(window, group: group, activation: draw.activation())), operands)
}

func generatedConvInteger(_ draw: inout Draw) -> GeneratedOp {
  let (x, w, window, group) = convolution(&draw)
  let (left, right) = factors(&draw)
  let operands = [
    TensorType(left, x), TensorType(right, w), TensorType(left, []),
    TensorType(right, draw.chance(0.5) ? [] : [w[0]]),
  ]
  let (rescaling, epilogue) = draw.epilogue(channels: w[0])
  return GeneratedOp(
    .convInteger(ConvInteger(window, group: group, rescaling)), operands + epilogue.map(\.0),
    values: operands.map { draw.anything($0.element) } + epilogue.map(\.1), .numbers)
}

/// Shapes of image and weight of a transposed convolution, and how the window moves; without an activation.
private func transposedConvolution(_ draw: inout Draw) -> (x: Shape, w: Shape, op: ConvTranspose) {
  let spatial = draw.number(1...3)
  let group = draw.one(of: [1, 2])
  let (channels, outputs) = (group * draw.number(1...4), draw.number(1...4))
  let kernel = (0..<spatial).map { _ in draw.number(2...4) }
  var window = window(&draw, kernel: kernel)
  window.pads = draw.chance(0.5) ? [] : (kernel + kernel).map { draw.number(0...($0 - 1) / 2) }
  let strides = (0..<spatial).map { window.stride($0) }
  let batch = draw.chance(0.05) ? 0 : draw.number(1...2)
  return (
    Shape([batch, channels] + (0..<spatial).map { _ in draw.number(3...6) }),
    Shape([channels, outputs] + kernel),
    ConvTranspose(
      window, group: group, outputPadding: draw.chance(0.6) ? [] : strides.map { draw.number(0...($0 - 1)) })
  )
}

func generatedConvTranspose(_ draw: inout Draw) -> GeneratedOp {
  var (x, w, op) = transposedConvolution(&draw)
  var operands = [TensorType(draw.float(), x), TensorType(draw.float(), w)]
  if draw.chance(0.5) { operands.append(TensorType(draw.float(), [w[1] * op.group])) }
  op.activation = draw.activation()
  return GeneratedOp(.convTranspose(op), operands)
}

func generatedConvTransposeInteger(_ draw: inout Draw) -> GeneratedOp {
  let (x, w, floats) = transposedConvolution(&draw)
  let (left, right) = factors(&draw)
  let channels = w[1] * floats.group
  let operands = [
    TensorType(left, x), TensorType(right, w), TensorType(left, []),
    TensorType(right, draw.chance(0.5) ? [] : [channels]),
  ]
  let (rescaling, epilogue) = draw.epilogue(channels: channels)
  let op = ConvTransposeInteger(
    floats.window, group: floats.group, outputPadding: floats.outputPadding, rescaling)
  return GeneratedOp(
    .convTransposeInteger(op), operands + epilogue.map(\.0),
    values: operands.map { draw.anything($0.element) } + epilogue.map(\.1), .numbers)
}

// MARK: Recurrent layers

func generatedRecurrent(_ draw: inout Draw) -> GeneratedOp {
  var op = Recurrent(draw.turn(of: Recurrent.Kind.allCases), draw.one(of: Recurrent.Direction.allCases))
  let isLSTM = op.kind == .lstm
  op.lengths = draw.chance(0.4)
  op.linearBeforeReset = draw.chance(0.5)
  op.inputForget = isLSTM && draw.chance(0.3)
  op.peepholes = isLSTM && draw.chance(0.3)
  op.clip = draw.chance(0.3) ? 0.75 : 0
  if draw.chance(0.3) { op.f = Unary(.hardSigmoid, 0.2, 0.5) }
  if draw.chance(0.3) { op.g = Unary(.softsign) }
  if draw.chance(0.3) { op.h = Unary(.leakyRelu, 0.1) }
  let (steps, batch) = (draw.number(1...5), draw.chance(0.05) ? 0 : draw.one(of: [1, 2, 3, 5]))
  let hidden = draw.one(of: [1, 2, 7, 16, 33])
  let directions = op.direction == .bidirectional ? 2 : 1
  let width = op.gateCount * hidden
  let state = Shape([directions, batch, hidden])
  var shapes: [Shape] = [
    [steps, batch, directions * width], [directions, width, hidden], [directions, width], state,
  ]
  if isLSTM { shapes.append(state) }
  if op.peepholes { shapes.append([directions, 3 * hidden]) }
  let element = draw.float()
  var operands = shapes.indices.map { index in
    TensorType(index == 1 && draw.chance(0.3) ? .f16 : element, shapes[index])
  }
  var values: [RandomValues?] = shapes.map { _ in nil }
  if op.lengths {
    operands.append(TensorType(.i32, [batch]))
    values.append(.uniform(-1, Double(steps + 1)))
  }
  return GeneratedOp(.recurrent(op), operands, values: values)
}
