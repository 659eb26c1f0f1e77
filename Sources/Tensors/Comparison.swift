#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How far two tensors of one shape lie apart.
package struct TensorDifference: Sendable {
  /// Largest |a − b|.
  package var maximum: Double
  /// Largest |reference|.
  package var scale: Double
  /// Whether one has a NaN or infinity where the other has not the same.
  package var hasMismatchedNonFinite: Bool
  /// Cosine of the angle between the two as vectors; 1 when both are zero.
  package var cosine: Double
  /// Signal-to-noise ratio in dB; infinite when equal.
  package var signalToNoise: Double

  /// `maximum` in units of the largest output, or of 1 for an all-zero reference; infinite on mismatched non-finites.
  package var relative: Double {
    if hasMismatchedNonFinite { return .infinity }
    return scale > 0 ? maximum / scale : maximum
  }

  package init(_ values: Tensor, reference: Tensor) {
    precondition(values.shape == reference.shape, "\(values.shape) against \(reference.shape)")
    let ours = values.floats
    let theirs = reference.floats
    var maximum = 0.0, scale = 0.0, mismatch = false
    var dot = 0.0, ourSquares = 0.0, theirSquares = 0.0, noise = 0.0
    for index in 0..<ours.count {
      let a = Double(ours[index])
      let b = Double(theirs[index])
      guard a.isFinite, b.isFinite else {
        if !(a == b || (a.isNaN && b.isNaN)) { mismatch = true }
        continue
      }
      maximum = max(maximum, abs(a - b))
      scale = max(scale, abs(b))
      dot += a * b
      ourSquares += a * a
      theirSquares += b * b
      noise += (a - b) * (a - b)
    }
    self.maximum = maximum
    self.scale = scale
    hasMismatchedNonFinite = mismatch
    let norms = (ourSquares * theirSquares).squareRoot()
    cosine = norms > 0 ? dot / norms : (ourSquares == theirSquares ? 1 : 0)
    signalToNoise = noise > 0 ? 10 * log10(theirSquares / noise) : .infinity
  }
}
