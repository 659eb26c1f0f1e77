import IR
import Tensors

/// TextCraftor: *Your Text Encoder Can be Image Quality Controller*, Li et al., CVPR 2024, arXiv 2403.18978:
/// Stable Diffusion 1.5 whose text encoder, ``TextEncoder``, was tuned by rewards. The original one still takes
/// part: in the first steps, or in a blend of the two's states.
enum TextCraftor {
  /// weight × tuned + (1 − weight) × original.
  ///
  /// original, tuned: states of the two encoders, of one shape; weight: [1], 0 for the original alone.
  static func blend(
    _ b: inout GraphBuilder, original: ValueID, tuned: ValueID, weight: ValueID
  ) throws(Diagnostic) -> ValueID {
    let rest = try b.affine(weight, scale: -1, offset: 1)
    return try b.add(b.multiply(tuned, weight), b.multiply(original, rest))
  }

  /// Σ weights[i] × states[i]: a mix of styles by encoders that were tuned on different rewards.
  ///
  /// states: one value for each encoder, all of one shape; weights: [encoders], not normalized here.
  static func mix(
    _ b: inout GraphBuilder, _ states: [ValueID], weights: ValueID
  ) throws(Diagnostic) -> ValueID {
    let parts = try b.split(weights, axis: 0, [Int](repeating: 1, count: states.count))
    var sum = try b.multiply(states[0], parts[0])
    for index in states.indices.dropFirst() {
      sum = try b.add(sum, b.multiply(states[index], parts[index]))
    }
    return sum
  }
}
