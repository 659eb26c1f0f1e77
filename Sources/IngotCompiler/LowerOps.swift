import Bundle
import CBundleFormat
import IR
import Tensors

/// A kernel call for an op, before its operands have places.
struct KernelCall {
  var opcode: ingot_opcode
  var attributes: [Int64] = []

  init(_ opcode: ingot_opcode) { self.opcode = opcode }

  /// With the opcode's attributes.
  init<Fields>(_ opcode: ingot_opcode, _ fields: Fields) {
    self.opcode = opcode
    attributes = attributeWords(fields)
  }

  /// With the entries of the opcode's tail.
  init<Entry>(_ opcode: ingot_opcode, each entries: [Entry]) {
    self.opcode = opcode
    attributes = entries.flatMap { attributeWords($0) }
  }

  init<Fields, Entry>(
    _ opcode: ingot_opcode, _ fields: Fields, each entries: [Entry]
  ) {
    self.opcode = opcode
    attributes = attributeWords(fields) + entries.flatMap { attributeWords($0) }
  }
}

/// Chooses the kernel for an op and its attributes.
///
/// Ops that are always views or copies (reshape, contiguous concat, a loop's movements) are handled by the
/// caller.
func kernelCall(_ op: Op, operands: [TensorType], results: [TensorType]) throws(OpError) -> KernelCall {
  func axis(_ axis: Int) throws(OpError) -> Int64 { Int64(try resolve(axis: axis, in: operands[0].shape)) }
  switch op {
  case .unary, .binary, .select, .cast, .elementwise:
    return elementwise(op.elementwiseSteps(on: operands) ?? [])
  case .expand: return elementwise([Unary(.identity).step(on: operands[0].element)])
  case .matmul(let op):
    return KernelCall(
      INGOT_OP_MATMUL,
      ingot_matmul_attributes(
        transpose_a: flag(op.transposeA), transpose_b: flag(op.transposeB),
        activation: activation(op.activation), bits: 0, block: 0))
  case .conv(let op):
    return KernelCall(
      INGOT_OP_CONV,
      ingot_conv_attributes(
        group: Int64(op.group), activation: activation(op.activation), bits: 0, block: 0),
      each: windows(op.window, operands[0].rank - 2))
  case .convTranspose(let op):
    return KernelCall(
      INGOT_OP_CONV_TRANSPOSE,
      ingot_conv_attributes(
        group: Int64(op.group), activation: activation(op.activation), bits: 0, block: 0),
      each: windows(op.window, operands[0].rank - 2))
  case .pool(let op):
    return KernelCall(
      INGOT_OP_POOL, ingot_pool_attributes(kind: code(op.kind.code)), each: windows(op.window, op.kernel))
  case .argPool(let op): return KernelCall(INGOT_OP_ARG_POOL, each: windows(op.window, op.kernel))
  case .reduce(let op):
    let axes = op.axes.reduce(Int64(0)) { $0 | (1 << Int64($1)) }
    return KernelCall(INGOT_OP_REDUCE, ingot_reduce_attributes(kind: code(op.kind.code), axes: axes))
  case .argReduce(let op):
    return KernelCall(
      INGOT_OP_ARG_REDUCE,
      ingot_arg_reduce_attributes(order: code(op.kind.code), axis: try axis(op.axis), last: flag(op.last)))
  case .softmax(let op):
    return KernelCall(INGOT_OP_SOFTMAX, ingot_softmax_attributes(axis: try axis(op.axis), log: flag(op.log)))
  case .layerNorm(let op):
    return KernelCall(
      INGOT_OP_NORMALIZE,
      ingot_normalize_attributes(
        kind: code(INGOT_NORM_LAYER), axis: try axis(op.axis), epsilon: op.epsilon))
  case .rmsNorm(let op):
    return KernelCall(
      INGOT_OP_NORMALIZE,
      ingot_normalize_attributes(kind: code(INGOT_NORM_RMS), axis: try axis(op.axis), epsilon: op.epsilon))
  case .groupNorm(let op):
    return KernelCall(
      INGOT_OP_GROUP_NORM, ingot_group_norm_attributes(groups: Int64(op.groups), epsilon: op.epsilon))
  case .batchNorm, .quantize, .dequantize:
    throw OpError(
      "has no kernel",
      advice: "run the passes 'lower-batch-norm' and 'lower-quantization', as every compile does")
  case .lpNorm(let op):
    return KernelCall(
      INGOT_OP_LP_NORM, ingot_lp_norm_attributes(axis: try axis(op.axis), order: Int64(op.order)))
  case .transpose(let op):
    return KernelCall(
      INGOT_OP_TRANSPOSE, each: op.permutation.map { ingot_transpose_axis(permutation: Int64($0)) })
  case .unpack(let op):
    return KernelCall(
      INGOT_OP_UNPACK, ingot_unpack_attributes(axis: try axis(op.axis), bits: Int64(op.bits)))
  case .palette(let op):
    return KernelCall(
      INGOT_OP_PALETTE,
      ingot_palette_attributes(axis: try axis(op.axis), bits: Int64(op.bits), block: Int64(op.block)))
  case .reshape, .bitcast: return KernelCall(INGOT_OP_COPY)
  case .call, .loop, .loopStep:
    throw OpError(
      "has no kernel of its own", advice: "flatten the function; this is a defect of the compiler")
  case .concat(let op):
    return KernelCall(INGOT_OP_CONCAT, ingot_concat_attributes(axis: try axis(op.axis)))
  case .slice(let op):
    let axes = op.starts.indices.map {
      ingot_slice_axis(start: Int64(op.starts[$0]), step: Int64(op.step($0)))
    }
    return KernelCall(INGOT_OP_SLICE, each: axes)
  case .pad(let op):
    let value =
      operands[0].element.isFloat
      ? ingot_number(real: op.value) : ingot_number(integer: integerParameter(op.value))
    return KernelCall(
      INGOT_OP_PAD, ingot_pad_attributes(mode: code(op.mode.code), value: value),
      each: op.pads.prefix(operands[0].rank).map { ingot_pad_axis(begin: Int64($0)) })
  case .gather(let op):
    return KernelCall(INGOT_OP_GATHER, ingot_gather_attributes(axis: try axis(op.axis)))
  case .resize(let op): return resize(op, operands[0])
  case .cumsum(let op):
    return KernelCall(
      INGOT_OP_CUMSUM,
      ingot_cumsum_attributes(
        axis: try axis(op.axis), exclusive: flag(op.exclusive), reverse: flag(op.reverse)))
  case .scatter(let op):
    return KernelCall(INGOT_OP_SCATTER, ingot_scatter_attributes(reduction: code(op.reduction.code)))
  case .recurrent(let op): return recurrent(op)
  case .matmulInteger(let op):
    return KernelCall(INGOT_OP_MATMUL_INTEGER, rescaling(op.rescaling))
  case .convInteger(let op):
    let bounds = rescaling(op.rescaling)
    return KernelCall(
      INGOT_OP_CONV_INTEGER,
      ingot_conv_integer_attributes(
        group: Int64(op.group), rounding: bounds.rounding, least: bounds.least, most: bounds.most),
      each: windows(op.window, operands[0].rank - 2))
  case .convTransposeInteger(let op):
    let bounds = rescaling(op.rescaling)
    return KernelCall(
      INGOT_OP_CONV_TRANSPOSE_INTEGER,
      ingot_conv_integer_attributes(
        group: Int64(op.group), rounding: bounds.rounding, least: bounds.least, most: bounds.most),
      each: windows(op.window, operands[0].rank - 2))
  case .rescale(let op):
    return KernelCall(INGOT_OP_RESCALE, rescaling(op.rescaling, along: op.axis, of: results[0]))
  case .lookup(let op):
    return KernelCall(INGOT_OP_LOOKUP, rescaling(op.rescaling, along: op.axis, of: results[0]))
  case .addInteger(let op):
    return KernelCall(INGOT_OP_ADD_INTEGER, rescaling(op.rescaling, along: op.axis, of: results[0]))
  case .mulInteger(let op):
    return KernelCall(INGOT_OP_MUL_INTEGER, rescaling(op.rescaling, along: op.axis, of: results[0]))
  case .reduceInteger(let op):
    let (axes, bounds) = (op.axes.reduce(Int64(0)) { $0 | (1 << Int64($1)) }, rescaling(op.rescaling))
    return KernelCall(
      INGOT_OP_REDUCE_INTEGER,
      ingot_reduce_integer_attributes(
        axes: axes, rounding: bounds.rounding, least: bounds.least, most: bounds.most))
  case .poolInteger(let op):
    let bounds = rescaling(op.rescaling)
    return KernelCall(
      INGOT_OP_POOL_INTEGER,
      ingot_pool_integer_attributes(
        kind: code(op.pool.kind.code), rounding: bounds.rounding, least: bounds.least, most: bounds.most),
      each: windows(op.pool.window, op.pool.kernel))
  case .softmaxInteger(let op):
    return KernelCall(INGOT_OP_SOFTMAX_INTEGER, ingot_softmax_integer_attributes(axis: try axis(op.axis)))
  case .normInteger(let op):
    let bounds = rescaling(op.rescaling)
    return KernelCall(
      INGOT_OP_NORM_INTEGER,
      ingot_norm_integer_attributes(
        kind: code(op.kind == .rms ? INGOT_NORM_RMS : INGOT_NORM_LAYER),
        axis: op.kind == .group ? 0 : try axis(op.axis), groups: op.kind == .group ? Int64(op.groups) : 0,
        epsilon: op.epsilon, rounding: bounds.rounding, least: bounds.least, most: bounds.most))
  case .recurrentInteger(let op): return recurrent(op)
  case .gridSample(let op):
    return KernelCall(
      INGOT_OP_GRID_SAMPLE,
      ingot_grid_sample_attributes(
        mode: code(op.mode.code), padding: code(op.padding.code), align_corners: flag(op.alignCorners)))
  case .roiAlign(let op):
    return KernelCall(
      INGOT_OP_ROI_ALIGN,
      ingot_roi_align_attributes(
        mode: code(op.mode.code), coordinates: code(op.coordinates.code),
        sampling_ratio: Int64(op.samplingRatio), spatial_scale: op.spatialScale))
  case .topK(let op):
    let order = op.largest ? INGOT_ORDER_LARGEST : INGOT_ORDER_SMALLEST
    return KernelCall(INGOT_OP_TOP_K, ingot_top_k_attributes(axis: try axis(op.axis), order: code(order)))
  case .nonZero: return KernelCall(INGOT_OP_NONZERO)
  case .unique(let op): return KernelCall(INGOT_OP_UNIQUE, ingot_unique_attributes(sorted: flag(op.sorted)))
  case .nms(let op):
    return KernelCall(
      INGOT_OP_NMS,
      ingot_nms_attributes(
        center_point_box: flag(op.isCentered), max_output_boxes_per_class: Int64(op.most),
        iou_threshold: op.overlap, score_threshold: op.score))
  }
}

private func rescaling(_ rescaling: Rescaling) -> ingot_rescaling {
  ingot_rescaling(
    rounding: code(rescaling.rounding.code), least: Int64(rescaling.min), most: Int64(rescaling.max))
}

/// The axis is 0 where the result has none of that number: all then share their parameters.
private func rescaling(_ op: Rescaling, along axis: Int, of result: TensorType) -> ingot_rescale_attributes {
  let bounds = rescaling(op)
  return ingot_rescale_attributes(
    axis: Int64(result.shape.normalized(axis: axis) ?? 0), rounding: bounds.rounding, least: bounds.least,
    most: bounds.most)
}

private func recurrent(_ op: Recurrent) -> KernelCall {
  let (f, g, h) = op.activations
  return KernelCall(
    INGOT_OP_RECURRENT,
    ingot_recurrent_attributes(
      kind: code(op.kind.code), direction: code(op.direction.code),
      linear_before_reset: flag(op.linearBeforeReset), input_forget: flag(op.inputForget),
      peepholes: flag(op.peepholes), lengths: flag(op.lengths), clip: op.clip, f: activation(f),
      g: activation(g), h: activation(h)))
}

private func recurrent(_ op: RecurrentInteger) -> KernelCall {
  KernelCall(
    INGOT_OP_RECURRENT_INTEGER,
    ingot_recurrent_integer_attributes(
      kind: code(op.kind.code), direction: code(op.direction.code),
      linear_before_reset: flag(op.linearBeforeReset), input_forget: flag(op.inputForget),
      peepholes: flag(op.peepholes), lengths: flag(op.lengths), gate_shift: Int64(op.gateShift),
      cell_exponent: Int64(op.cellExponent), cell_shift: Int64(op.cellShift)))
}

/// The call that computes steps on operands that broadcast.
func elementwise(_ steps: [Elementwise.Step]) -> KernelCall {
  func number(_ value: Double, _ step: Elementwise.Step) -> ingot_number {
    step.domain == .f32 ? ingot_number(real: value) : ingot_number(integer: integerParameter(value))
  }
  let entries = steps.map { step in
    let registers = (step.registers + [0, 0]).map { Int64($0) }
    return ingot_step(
      function: code(step.function.code), domain: code(step.domain.code), a: registers[0], b: registers[1],
      c: registers[2], p0: number(step.p0, step), p1: number(step.p1, step))
  }
  return KernelCall(INGOT_OP_ELEMENTWISE, each: entries.map { ingot_elementwise_step(step: $0) })
}

private func windows(_ window: Window, _ spatial: Int) -> [ingot_window] {
  (0..<spatial).map {
    ingot_window(
      stride: Int64(window.stride($0)), dilation: Int64(window.dilation($0)),
      begin: Int64(window.begin($0)), end: Int64(window.end($0)))
  }
}

private func windows(_ window: Window, _ kernel: [Int]) -> [ingot_pool_window] {
  kernel.indices.map {
    ingot_pool_window(
      kernel: Int64(kernel[$0]), stride: Int64(window.stride($0)), dilation: Int64(window.dilation($0)),
      begin: Int64(window.begin($0)), end: Int64(window.end($0)))
  }
}

private func resize(_ op: Resize, _ operand: TensorType) -> KernelCall {
  KernelCall(
    INGOT_OP_RESIZE,
    ingot_resize_attributes(
      mode: code(op.mode.code), coordinates: code(op.coordinates.code), rounding: code(op.rounding.code),
      cubic: op.cubic, exclude_outside: flag(op.excludeOutside), in_rows: 0, in_first: 0, out_rows: 0,
      out_first: 0),
    each: op.sizes.indices.map {
      ingot_resize_axis(scale: op.scale($0, input: operand.shape[$0 + 2]))
    })
}

private func activation(_ activation: Unary?) -> ingot_activation {
  guard let activation else { return ingot_activation(function: code(INGOT_FN_NONE), p0: 0, p1: 0) }
  return ingot_activation(function: code(activation.function.code), p0: activation.p0, p1: activation.p1)
}

private func flag(_ isSet: Bool) -> Int64 { isSet ? 1 : 0 }

/// The number of an enum's value, as attributes hold it.
private func code<Code: RawRepresentable>(_ code: Code) -> Int64 where Code.RawValue == UInt32 {
  Int64(code.rawValue)
}
