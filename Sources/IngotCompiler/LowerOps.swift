import Bundle
import CBundleFormat
import IR
import Tensors

/// A kernel call for an op, before its operands have places.
struct KernelCall {
  var opcode: ingot_opcode
  var attributes: [Int64]
}

/// Chooses the kernel for an op and its attribute words.
///
/// Ops that are always views or copies (reshape, contiguous concat, a loop's movements) are handled by the
/// caller.
func kernelCall(_ op: Op, operands: [TensorType], results: [TensorType]) throws(OpError) -> KernelCall {
  switch op {
  case .unary, .binary, .select, .cast, .elementwise:
    return elementwise(op.elementwiseSteps(on: operands) ?? [])
  case .expand: return elementwise([Unary(.identity).step(on: operands[0].element)])
  case .matmul(let op):
    return KernelCall(
      opcode: INGOT_OP_MATMUL,
      attributes: [op.transposeA ? 1 : 0, op.transposeB ? 1 : 0] + activationWords(op.activation))
  case .conv(let op):
    return KernelCall(
      opcode: INGOT_OP_CONV,
      attributes: [Int64(op.group)] + windowWords(op.window, operands[0].rank - 2)
        + activationWords(op.activation))
  case .convTranspose(let op):
    return KernelCall(
      opcode: INGOT_OP_CONV_TRANSPOSE,
      attributes: [Int64(op.group)] + windowWords(op.window, operands[0].rank - 2)
        + activationWords(op.activation))
  case .pool(let op):
    let kind: Int64 =
      switch op.kind {
      case .max: 0
      case .average: 1
      case .averagePadded: 2
      }
    return KernelCall(
      opcode: INGOT_OP_POOL,
      attributes: [kind] + op.kernel.map { Int64($0) } + windowWords(op.window, op.kernel.count))
  case .argPool(let op):
    return KernelCall(
      opcode: INGOT_OP_ARG_POOL,
      attributes: op.kernel.map { Int64($0) } + windowWords(op.window, op.kernel.count))
  case .reduce(let op):
    let mask = op.axes.reduce(Int64(0)) { $0 | (1 << Int64($1)) }
    return KernelCall(opcode: INGOT_OP_REDUCE, attributes: [Int64(op.kind.code.rawValue), mask])
  case .argReduce(let op):
    let axis = Int64(try resolve(axis: op.axis, in: operands[0].shape))
    return KernelCall(
      opcode: INGOT_OP_ARG_REDUCE, attributes: [op.kind == .max ? 0 : 1, axis, op.last ? 1 : 0])
  case .softmax(let op):
    let axis = Int64(try resolve(axis: op.axis, in: operands[0].shape))
    return KernelCall(opcode: INGOT_OP_SOFTMAX, attributes: [axis, op.log ? 1 : 0])
  case .layerNorm(let op):
    let axis = Int64(try resolve(axis: op.axis, in: operands[0].shape))
    return KernelCall(opcode: INGOT_OP_NORMALIZE, attributes: [0, axis, word(op.epsilon)])
  case .rmsNorm(let op):
    let axis = Int64(try resolve(axis: op.axis, in: operands[0].shape))
    return KernelCall(opcode: INGOT_OP_NORMALIZE, attributes: [1, axis, word(op.epsilon)])
  case .groupNorm(let op):
    return KernelCall(opcode: INGOT_OP_NORMALIZE, attributes: [2, Int64(op.groups), word(op.epsilon)])
  case .batchNorm:
    throw OpError(
      "has no kernel", advice: "run the pass 'lower-batch-norm', which the standard pipeline includes")
  case .lpNorm(let op):
    let axis = Int64(try resolve(axis: op.axis, in: operands[0].shape))
    return KernelCall(opcode: INGOT_OP_NORMALIZE, attributes: [3, axis * 2 + Int64(op.order - 1), word(0)])
  case .transpose(let op):
    return KernelCall(opcode: INGOT_OP_TRANSPOSE, attributes: op.permutation.map { Int64($0) })
  case .reshape, .bitcast: return KernelCall(opcode: INGOT_OP_COPY, attributes: [])
  case .call, .loop, .loopStep:
    throw OpError(
      "has no kernel of its own", advice: "flatten the function; this is a defect of the compiler")
  case .concat(let op):
    return KernelCall(
      opcode: INGOT_OP_CONCAT, attributes: [Int64(try resolve(axis: op.axis, in: operands[0].shape))])
  case .slice(let op):
    return KernelCall(
      opcode: INGOT_OP_SLICE,
      attributes: op.starts.indices.flatMap { [Int64(op.starts[$0]), Int64(op.step($0))] })
  case .pad(let op): return pad(op, operands[0])
  case .gather(let op):
    return KernelCall(
      opcode: INGOT_OP_GATHER, attributes: [Int64(try resolve(axis: op.axis, in: operands[0].shape))])
  case .resize(let op): return resize(op, operands[0])
  case .cumsum(let op):
    let axis = Int64(try resolve(axis: op.axis, in: operands[0].shape))
    return KernelCall(opcode: INGOT_OP_CUMSUM, attributes: [axis, op.exclusive ? 1 : 0, op.reverse ? 1 : 0])
  case .scatter(let op):
    let reduction: Int64 =
      switch op.reduction {
      case .none: 0
      case .add: 1
      case .mul: 2
      case .min: 3
      case .max: 4
      }
    return KernelCall(opcode: INGOT_OP_SCATTER, attributes: [reduction])
  case .recurrent(let op): return recurrent(op)
  case .matmulInteger: return KernelCall(opcode: INGOT_OP_MATMUL_INTEGER, attributes: [])
  case .convInteger(let op):
    return KernelCall(
      opcode: INGOT_OP_CONV_INTEGER,
      attributes: [Int64(op.group)] + windowWords(op.window, operands[0].rank - 2))
  case .gridSample(let op):
    let mode: Int64 =
      switch op.mode {
      case .nearest: 0
      case .linear: 1
      case .cubic: 2
      }
    let padding: Int64 =
      switch op.padding {
      case .zeros: 0
      case .border: 1
      case .reflection: 2
      }
    return KernelCall(opcode: INGOT_OP_GRID_SAMPLE, attributes: [mode, padding, op.alignCorners ? 1 : 0])
  case .roiAlign(let op):
    let mode: Int64 =
      switch op.mode {
      case .avg: 0
      case .max: 1
      }
    let coordinates: Int64 =
      switch op.coordinates {
      case .halfPixel: 0
      case .outputHalfPixel: 1
      }
    return KernelCall(
      opcode: INGOT_OP_ROI_ALIGN,
      attributes: [mode, coordinates, Int64(op.samplingRatio), word(op.spatialScale)])
  case .topK(let op):
    let axis = Int64(try resolve(axis: op.axis, in: operands[0].shape))
    return KernelCall(opcode: INGOT_OP_TOP_K, attributes: [axis, op.largest ? 0 : 1])
  case .nonZero: return KernelCall(opcode: INGOT_OP_NONZERO, attributes: [])
  case .unique(let op): return KernelCall(opcode: INGOT_OP_UNIQUE, attributes: [op.sorted ? 1 : 0])
  case .nms(let op):
    return KernelCall(
      opcode: INGOT_OP_NMS,
      attributes: [op.isCentered ? 1 : 0, Int64(op.most), word(op.overlap), word(op.score)])
  }
}

private func recurrent(_ op: Recurrent) -> KernelCall {
  let kind: Int64 =
    switch op.kind {
    case .lstm: 0
    case .gru: 1
    case .rnn: 2
    }
  let direction: Int64 =
    switch op.direction {
    case .forward: 0
    case .reverse: 1
    case .bidirectional: 2
    }
  let flags = [op.linearBeforeReset, op.inputForget, op.peepholes, op.lengths].map { $0 ? Int64(1) : 0 }
  let (f, g, h) = op.activations
  return KernelCall(
    opcode: INGOT_OP_RECURRENT,
    attributes: [kind, direction] + flags + [word(op.clip)] + activationWords(f) + activationWords(g)
      + activationWords(h))
}

private func elementwise(_ steps: [Elementwise.Step]) -> KernelCall {
  var words = [Int64(steps.count)]
  for step in steps {
    let registers = step.registers + [0, 0]
    words += [Int64(step.function.code.rawValue), Int64(step.domain.code.rawValue)]
    words += registers.prefix(3).map { Int64($0) }
    words += [step.p0, step.p1].map { step.domain == .f32 ? word($0) : integerParameter($0) }
  }
  return KernelCall(opcode: INGOT_OP_ELEMENTWISE, attributes: words)
}

private func windowWords(_ window: Window, _ spatial: Int) -> [Int64] {
  let axes = 0..<spatial
  return axes.map { Int64(window.stride($0)) } + axes.map { Int64(window.dilation($0)) }
    + axes.map { Int64(window.begin($0)) } + axes.map { Int64(window.end($0)) }
}

private func pad(_ op: Pad, _ operand: TensorType) -> KernelCall {
  let mode: Int64 =
    switch op.mode {
    case .constant: 0
    case .reflect: 1
    case .edge: 2
    case .wrap: 3
    }
  let value = operand.element.isFloat ? word(op.value) : integerParameter(op.value)
  return KernelCall(
    opcode: INGOT_OP_PAD, attributes: [mode, value] + op.pads.prefix(operand.rank).map { Int64($0) })
}

private func resize(_ op: Resize, _ operand: TensorType) -> KernelCall {
  let mode: Int64 =
    switch op.mode {
    case .nearest: 0
    case .linear: 1
    case .cubic: 2
    }
  let coordinates: Int64 =
    switch op.coordinates {
    case .halfPixel: 0
    case .asymmetric: 1
    case .alignCorners: 2
    case .pytorchHalfPixel: 3
    }
  let rounding: Int64 =
    switch op.rounding {
    case .preferFloor: 0
    case .preferCeil: 1
    case .floor: 2
    case .ceil: 3
    }
  let scales = op.sizes.indices.map { word(op.scale($0, input: operand.shape[$0 + 2])) }
  return KernelCall(
    opcode: INGOT_OP_RESIZE,
    attributes: [mode, coordinates, rounding, word(op.cubic), op.excludeOutside ? 1 : 0] + scales)
}
