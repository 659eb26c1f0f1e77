import IR

extension Graph {
  /// Whether a value carries a rounding error in proportion to its own size, as a product or a sum of products does
  /// and data does not: of data near m, x − m is exact, however large m is, so that the subtraction must come before
  /// anything that rounds; of a rounded x the same difference has lost its last digits already.
  ///
  /// Walks back through ops that keep what they are given.
  func isRounded(_ value: ValueID) -> Bool {
    var value = value
    // Longer chains of movement count as data.
    for _ in 0..<32 {
      guard let producer = producer(of: value) else { return false }
      let node = self[producer]
      switch node.op {
      case _ where node.op.movesElements: value = node.operands[0]
      case .unary(let op):
        switch op.function {
        case .relu, .clip, .neg, .abs, .identity, .leakyRelu: value = node.operands[0]
        case .floor, .ceil, .round, .trunc, .sign, .not, .isNaN, .isInf: return false
        case .affine: return !op.p0.isPowerOfTwo
        default: return true
        }
      case .binary(let op):
        switch op.function {
        case .mul, .div, .pow: return true
        default: return false
        }
      case .pool(let op) where op.kind == .max: value = node.operands[0]
      case .conv, .convTranspose, .matmul, .pool, .softmax, .layerNorm, .rmsNorm, .groupNorm, .batchNorm,
        .lpNorm,
        .recurrent, .resize, .gridSample, .roiAlign:
        return true
      default: return false
      }
    }
    return false
  }
}

extension Double {
  /// Whether a product with it has the factor's digits: ±2ⁿ.
  var isPowerOfTwo: Bool { isFinite && self != 0 && significand == 1 }
}
