import IR

/// How much of the data is left at each time step of a network's training.
///
/// At step t a sample is √ā × data + √(1 − ā) × noise, with ā = `alphasCumprod[t]`, which falls with t.
package struct NoiseSchedule: Hashable, Sendable {
  package var alphasCumprod: [Double]

  /// ā of a step is the product of 1 − beta up to it.
  package init(betas: [Double]) {
    var product = 1.0
    alphasCumprod = betas.map { beta in
      product *= 1 - beta
      return product
    }
  }

  /// Betas whose roots are equally spaced: `scaled_linear` in diffusers.
  package static func scaledLinear(from first: Double, to last: Double, steps: Int) -> NoiseSchedule {
    let (low, high) = (first.squareRoot(), last.squareRoot())
    let step = (high - low) / Double(max(steps - 1, 1))
    return NoiseSchedule(betas: (0..<steps).map { t in (low + step * Double(t)) * (low + step * Double(t)) })
  }

  /// That of Stable Diffusion 1 and 2.
  package static let stableDiffusion = scaledLinear(from: 0.00085, to: 0.012, steps: 1000)

  /// Time steps in training.
  package var count: Int { alphasCumprod.count }

  /// Noise in units of the data, √((1 − ā) ÷ ā), at a step or in proportion between two.
  package func sigma(at time: Double) -> Double {
    let step = min(max(Int(time), 0), count - 1)
    let (low, high) = (ratio(step), ratio(min(step + 1, count - 1)))
    return low + (time - Double(step)) * (high - low)
  }

  private func ratio(_ step: Int) -> Double {
    ((1 - alphasCumprod[step]) / alphasCumprod[step]).squareRoot()
  }
}
