package import IR
package import Tensors

/// One use of an op drawn at random: legal operands, attributes and shapes, among them extents of 0 and 1 and
/// ranks of 0 to 6.
package struct GeneratedOp: Sendable, CustomStringConvertible {
  /// How the results of two implementations must agree.
  package enum Agreement: Sendable {
    /// The op moves elements: the same bits.
    case bits
    /// Every step rounds in one way only: the same numbers.
    case numbers
    /// To the rounding of the result's type, in units of the largest result, or of 0.1 where everything is smaller,
    /// as terms that cancel leave their own rounding.
    case rounding
  }

  package var op: Op
  package var operands: [TensorType]
  /// Contents for each operand; nil for the standard ones of its type.
  package var values: [RandomValues?]
  package var agreement: Agreement

  package init(
    _ op: Op, _ operands: [TensorType], values: [RandomValues?] = [], _ agreement: Agreement = .rounding
  ) {
    self.op = op
    self.operands = operands
    self.values = operands.indices.map { values.indices.contains($0) ? values[$0] : nil }
    self.agreement = agreement
  }

  package var description: String { "\(op.text) of \(operands.map(\.description).joined(separator: ", "))" }

  /// Random contents of the operands.
  package func tensors(seed: UInt64) -> [Tensor] {
    operands.indices.map { index in
      let type = operands[index]
      return Tensor(random: type.element, type.shape, values[index], seed: seed &+ UInt64(index))
    }
  }

  /// What is wrong with a result, if anything.
  package func disagreement(_ result: Tensor, _ reference: Tensor, moved: Bool = true) -> String? {
    guard result.element == reference.element, result.shape == reference.shape else {
      return "\(result.element)\(result.shape) instead of \(reference.element)\(reference.shape)"
    }
    if !reference.element.isFloat || (agreement == .bits && moved) {
      return result.isIdentical(to: reference) ? nil : "other bits"
    }
    let difference = TensorDifference(result, reference: reference)
    if difference.hasMismatchedNonFinite { return "has infinities or NaNs in other places" }
    let allowed = agreement == .rounding ? max(1e-5, OpCase.rounding(reference.element)) : 0
    let relative = difference.maximum / max(difference.scale, 0.1)
    return relative <= allowed ? nil : "differs by \(relative), allowed is \(allowed)"
  }
}

/// Families of ops from which ``GeneratedOp`` are drawn.
package enum OpFamily: String, CaseIterable, Sendable {
  case unary, binary, select, cast, elementwise
  case matmul, conv, convTranspose, matmulInteger, convInteger, convTransposeInteger, recurrent
  case quantize, dequantize, rescale, lookup, addInteger, mulInteger
  case reduceInteger, poolInteger, softmaxInteger, normInteger, recurrentInteger
  case reduce, argReduce, softmax, norm, cumsum, topK, nonZero, unique, nms
  case pool, argPool, resize, gridSample, roiAlign
  case transpose, reshape, expand, concat, slice, pad, gather, scatter, bitcast, unpack, palette
}

extension Op {
  /// The family that draws this op; nil for those that run other functions, which random modules are drawn for, and for
  /// those that have cases in the corpus alone.
  package var family: OpFamily? {
    switch self {
    case .unary: .unary
    case .binary: .binary
    case .select: .select
    case .cast: .cast
    case .elementwise: .elementwise
    case .matmul: .matmul
    case .conv: .conv
    case .convTranspose: .convTranspose
    case .matmulInteger: .matmulInteger
    case .convInteger: .convInteger
    case .convTransposeInteger: .convTransposeInteger
    case .recurrent: .recurrent
    case .quantize: .quantize
    case .dequantize: .dequantize
    case .rescale: .rescale
    case .lookup: .lookup
    case .addInteger: .addInteger
    case .mulInteger: .mulInteger
    case .reduceInteger: .reduceInteger
    case .poolInteger: .poolInteger
    case .softmaxInteger: .softmaxInteger
    case .normInteger: .normInteger
    case .recurrentInteger: .recurrentInteger
    case .reduce: .reduce
    case .argReduce: .argReduce
    case .softmax: .softmax
    case .layerNorm, .rmsNorm, .groupNorm, .batchNorm, .lpNorm: .norm
    case .cumsum: .cumsum
    case .topK: .topK
    case .nonZero: .nonZero
    case .unique: .unique
    case .nms: .nms
    case .pool: .pool
    case .argPool: .argPool
    case .resize: .resize
    case .gridSample: .gridSample
    case .roiAlign: .roiAlign
    case .transpose: .transpose
    case .reshape: .reshape
    case .expand: .expand
    case .concat: .concat
    case .slice: .slice
    case .pad: .pad
    case .gather: .gather
    case .scatter: .scatter
    case .bitcast: .bitcast
    case .unpack: .unpack
    case .palette: .palette
    default: nil
    }
  }
}

extension OpFamily {
  /// One legal op of this family.
  package func generate(_ draw: inout Draw) -> GeneratedOp {
    switch self {
    case .unary: generatedUnary(&draw)
    case .binary: generatedBinary(&draw)
    case .select: generatedSelect(&draw)
    case .cast: generatedCast(&draw)
    case .elementwise: generatedElementwise(&draw)
    case .matmul: generatedMatMul(&draw)
    case .conv: generatedConv(&draw)
    case .convTranspose: generatedConvTranspose(&draw)
    case .matmulInteger: generatedMatMulInteger(&draw)
    case .convInteger: generatedConvInteger(&draw)
    case .convTransposeInteger: generatedConvTransposeInteger(&draw)
    case .recurrent: generatedRecurrent(&draw)
    case .quantize: generatedQuantize(&draw)
    case .dequantize: generatedDequantize(&draw)
    case .rescale: generatedRescale(&draw)
    case .lookup: generatedLookup(&draw)
    case .addInteger: generatedAddInteger(&draw)
    case .mulInteger: generatedMulInteger(&draw)
    case .reduceInteger: generatedReduceInteger(&draw)
    case .poolInteger: generatedPoolInteger(&draw)
    case .softmaxInteger: generatedSoftmaxInteger(&draw)
    case .normInteger: generatedNormInteger(&draw)
    case .recurrentInteger: generatedRecurrentInteger(&draw)
    case .reduce: generatedReduce(&draw)
    case .argReduce: generatedArgReduce(&draw)
    case .softmax: generatedSoftmax(&draw)
    case .norm: generatedNorm(&draw)
    case .cumsum: generatedCumSum(&draw)
    case .topK: generatedTopK(&draw)
    case .nonZero: generatedNonZero(&draw)
    case .unique: generatedUnique(&draw)
    case .nms: generatedNonMaxSuppression(&draw)
    case .pool: generatedPool(&draw)
    case .argPool: generatedArgPool(&draw)
    case .resize: generatedResize(&draw)
    case .gridSample: generatedGridSample(&draw)
    case .roiAlign: generatedRoiAlign(&draw)
    case .transpose: generatedTranspose(&draw)
    case .reshape: generatedReshape(&draw)
    case .expand: generatedExpand(&draw)
    case .concat: generatedConcat(&draw)
    case .slice: generatedSlice(&draw)
    case .pad: generatedPad(&draw)
    case .gather: generatedGather(&draw)
    case .scatter: generatedScatter(&draw)
    case .bitcast: generatedBitcast(&draw)
    case .unpack: generatedUnpack(&draw)
    case .palette: generatedPalette(&draw)
    }
  }
}
