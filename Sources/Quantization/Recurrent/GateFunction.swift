import IR
import Tensors

/// A function that a recurrent layer applies, with the limit of what it is applied to.
struct GateFunction {
  let function: Unary
  /// 0 for none.
  let clip: Double

  /// f, g and h of a layer, as many as its kind has. The limit does not belong to h.
  static func all(of layer: Recurrent) -> [GateFunction] {
    let (f, g, h) = layer.activations
    let functions = [
      GateFunction(function: f, clip: layer.clip), GateFunction(function: g, clip: layer.clip),
      GateFunction(function: h, clip: 0),
    ]
    return Array(functions.prefix(RecurrentInteger.functions(layer.kind)))
  }

  func callAsFunction(_ x: [Float]) -> [Float] {
    let limit = Float(clip)
    let limited = clip > 0 ? x.map { min(max($0, -limit), limit) } : x
    let tensor = Tensor(limited, shape: [x.count])
    return (try? Op.unary(function).evaluate([tensor])[0])?.floats ?? limited
  }

  /// The least power of two beyond which the function stays within a step of 16 bits; nil if it has none up to 16.
  var flatFrom: Float? {
    let largest = largest(within: 64)
    guard largest.isFinite else { return nil }
    return [Float(0.5), 1, 2, 4, 8, 16].first { limit in
      [-limit, limit].allSatisfy { end in
        let values = self([end, end * 1.25, end * 1.5, end * 2, end * 4, end * 64])
        return values.allSatisfy { abs($0 - values[0]) <= max(largest, 1e-6) * 0x1p-16 }
      }
    }
  }

  /// Whether results are fractions, at most 1 in size.
  var isFraction: Bool { largest(within: 0x1p20) <= 1 }

  private func largest(within limit: Float) -> Float {
    self((-256...256).map { Float($0) / 256 * limit } + (-256...256).map { Float($0) / 32 })
      .reduce(0) { max($0, $1.isFinite ? abs($1) : .infinity) }
  }

  /// A table of 513 entries for arguments from −`limit` to `limit`, and the size of its steps: 2^-15 if that holds all results.
  func table(limit: Float) -> (entries: [Int64], step: Float) {
    let values = self((0...512).map { (Float($0) - 256) / 256 * limit })
    let largest = values.reduce(0) { max($0, abs($1)) }
    let step: Float = largest <= 1 ? 0x1p-15 : largest / 32767
    return (values.map { min(Int64(($0 / step).rounded(.toNearestOrEven)), 32767) }, step)
  }
}

extension Float {
  /// The least power of two that is no less.
  var nextPowerOfTwo: Float {
    let power = Float(sign: .plus, exponent: exponent, significand: 1)
    return power < self ? power * 2 : power
  }
}
