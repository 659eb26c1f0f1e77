package import IR
import Tensors

/// Dynamic thresholding of denoised data that should lie in −1...1 and that strong guidance drives out of it:
/// *Photorealistic Text-to-Image Diffusion Models with Deep Language Understanding*, Saharia et al., arXiv
/// 2205.11487, section 2.3. With s the quantile of a sample's absolute values, but at least 1, the sample is
/// clipped to −s...s and divided by s.
package struct DynamicThreshold: Hashable, Sendable {
  /// Which quantile, from 0 to 1; between two values it is interpolated.
  package var quantile: Double

  package init(quantile: Double = 0.995) { self.quantile = quantile }

  /// data: [N, ..]; the result has its shape.
  package func limit(_ b: inout GraphBuilder, _ data: ValueID) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: data)
    let ones = [Int](repeating: 1, count: shape.rank - 1)
    let quantiles = try b.unary(Unary(.clip, 1, .infinity), absoluteQuantile(&b, data))
    let bound = try b.reshape(quantiles, [shape[0]] + ones)
    let clipped = try b.binary(.max, b.binary(.min, data, bound), b.unary(Unary(.neg), bound))
    return try b.binary(.div, clipped, bound)
  }

  /// The quantile of each sample's absolute values: [N, ..] to [N, 1].
  private func absoluteQuantile(_ b: inout GraphBuilder, _ data: ValueID) throws(Diagnostic) -> ValueID {
    let row = try b.reshape(b.unary(Unary(.abs), data), [b.shape(of: data)[0], -1])
    let count = b.shape(of: row)[1]
    let position = quantile * Double(count - 1)
    let below = Int(position)
    // The largest ones down to the value below the position.
    let kept = count - below
    let largest = try b.addAll(.topK(TopK(kept, axis: 1)), [row])[0]
    let lower = try b.slice(largest, axis: 1, (kept - 1)..<kept)
    guard kept > 1 else { return lower }
    let upper = try b.slice(largest, axis: 1, (kept - 2)..<(kept - 1))
    return try b.add(lower, b.affine(b.subtract(upper, lower), scale: position - Double(below)))
  }
}
