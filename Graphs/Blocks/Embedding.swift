import IR
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension GraphBuilder {
  /// Cosines, then sines, of x at `width` ÷ 2 frequencies from 1 to almost 1 ÷ `maxPeriod`, in geometric
  /// steps. x: [N], such as time steps. Result: [N, width].
  mutating func sinusoidalEmbedding(
    _ x: ValueID, width: Int, maxPeriod: Float = 10_000
  ) throws(Diagnostic) -> ValueID {
    let half = width / 2
    // In fp32 and in this order, as the networks that were trained with it.
    let frequencies = (0..<half).map { exp(-log(maxPeriod) * Float($0) / Float(half)) }
    let row = constant("frequencies", Tensor(frequencies, shape: [1, half], element: element))
    let angles = try multiply(reshape(x, [-1, 1]), row)
    return try concat([unary(Unary(.cos), angles), unary(Unary(.sin), angles)], axis: 1)
  }

  /// `linear_1`, SiLU, `linear_2`, both `width` wide: what diffusers makes of a sinusoidal embedding.
  mutating func embeddingMLP(
    _ name: String, _ x: ValueID, width: Int
  ) throws(Diagnostic) -> ValueID {
    try scope(name) { b throws(Diagnostic) in
      try b.linear("linear_2", b.silu(b.linear("linear_1", x, features: width)), features: width)
    }
  }
}
